"""Held-out frames are spread over the reference's MD, however short the budget makes it."""

from __future__ import annotations

import pytest
from ase import Atoms

from lang2mlip.act.holdout import APART, FEWEST, spacing_fs, spread


def walk(steps, keep_every):
    return [
        Atoms("Ar", positions=[[0, 0, step]], info={"step": step, "time_fs": 0.5 * step})
        for step in range(0, steps + 1, keep_every)
    ]


def steps_of(frames):
    return [atoms.info["step"] for atoms in frames]


@pytest.mark.parametrize(("steps", "keep_every"), [(150, 5), (13, 1), (18, 1), (600, 7), (45, 5)])
def test_frames_are_spread_from_one_end_of_the_walk_to_the_other(steps, keep_every):
    chosen = steps_of(spread(walk(steps, keep_every)))
    gaps = [b - a for a, b in zip(chosen, chosen[1:], strict=False)]
    assert chosen[-1] == steps // keep_every * keep_every and chosen[0] > 0
    assert len(chosen) >= FEWEST and max(gaps) <= 2 * min(gaps) + 1
    assert min(gaps) >= min(APART - keep_every, steps // FEWEST - 1)


def test_a_walk_of_a_small_budget_gives_four_frames_and_not_thirteen_that_are_one():
    assert steps_of(spread(walk(13, 1))) == [4, 7, 10, 13]


def test_a_walk_that_broke_off_at_once_keeps_what_there_is():
    assert steps_of(spread(walk(0, 1))) == [0]
    assert steps_of(spread(walk(2, 1))) == [1, 2]
    assert spread([]) == []


def test_the_time_between_neighbours_is_told_of_each_walk_alone():
    assert spacing_fs([*spread(walk(13, 1)), *spread(walk(13, 1))]) == (1.5, 1.5)
    assert spacing_fs(walk(0, 1)) == (0.0, 0.0)
