"""What the budget allows is shared out before anything runs, and never more than there is."""

from __future__ import annotations

import shutil
import sys
from collections import Counter

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.act.allowance import allow, even, shortened
from lang2mlip.act.base import Desk, Done, Piece, run_pieces
from lang2mlip.act.gathering import cost_of
from lang2mlip.act.relabel import relabel
from lang2mlip.compute.local import Workers
from lang2mlip.contracts import Cost
from lang2mlip.record.run import Run
from lang2mlip.record.view import View
from lang2mlip.science.atoms.frames import write_frames


def walk(name, steps, keep_every=10):
    return Piece(name, "f", {"plan": {"steps": steps, "keep_every": keep_every, "seed": 1}})


def batch(name, wants):
    return Piece(name, "f", {"wants": wants})


@pytest.mark.parametrize("calls", [0, 3, 20, 57, 150, 202, 10_000])
def test_pieces_together_never_want_more_calls_than_there_are(calls):
    allowed = allow([walk("a", 100), walk("b", 60), batch("c", 40)], calls)
    assert sum(one.arguments["max_calls"] for one in allowed) <= calls
    walks = [one.arguments for one in allowed if "plan" in one.arguments]
    assert all(one["plan"]["steps"] + 1 <= one["max_calls"] for one in walks)


def test_with_room_enough_nothing_is_shortened():
    wanted = [walk("a", 100), batch("c", 40)]
    allowed = allow(wanted, 1000)
    assert [one.arguments.get("plan") for one in allowed] == [one.arguments.get("plan") for one in wanted]
    assert shortened(wanted, allowed) == ()


def test_a_shortened_walk_keeps_as_many_frames_and_the_person_is_told():
    wanted = [walk("a", 100), walk("b", 100)]
    allowed = allow(wanted, 101)
    plan = allowed[0].arguments["plan"]
    assert plan["steps"] == 49 and plan["keep_every"] == 4
    assert shortened(wanted, allowed) == ("The budget allowed 100 of 202 reference calls asked for.",)


def test_a_piece_that_would_get_next_to_nothing_is_not_begun():
    assert [one.name for one in allow([walk("long", 1000), walk("short", 20)], 60)] == ["long"]


def test_few_calls_are_given_to_the_first_pieces_and_not_spread_too_thin():
    allowed = allow([walk(name, 20) for name in "abcdefgh"], 12)
    assert [one.name for one in allowed] == ["a", "b"]
    assert [one.arguments["max_calls"] for one in allowed] == [6, 6]


def test_left_out_frames_are_spread_evenly():
    frames = [Atoms("Ar", positions=[[float(n), 0, 0]]) for n in range(10)]
    kept = even(frames, 5)
    assert [atoms.positions[0, 0] for atoms in kept] == [0, 2, 4, 6, 8]
    assert even(frames, 20) == frames


def test_whatever_is_asked_the_shares_are_never_more_than_the_whole():
    rng = np.random.default_rng(4)
    for _ in range(500):
        pieces = [
            walk(str(number), int(rng.integers(1, 400)), int(rng.integers(1, 50)))
            if rng.random() < 0.5
            else batch(str(number), int(rng.integers(0, 200)))
            for number in range(rng.integers(1, 12))
        ]
        calls = int(rng.integers(0, 600))
        assert sum(one.arguments["max_calls"] for one in allow(pieces, calls)) <= calls


@pytest.fixture
def desk(finished, tmp_path):
    """A desk in a copy of the finished run, whose budget leaves seven reference calls."""
    folder = shutil.copytree(finished.run.folder, tmp_path / "argon")
    run = Run(folder)
    spent = Cost(calls=run.state.task.budget.max_calls - 7)
    state = run.state.model_copy(update={"cost": spent, "ended": False})
    workers = Workers([sys.executable, "-m", "lang2mlip.act", "serve"], count=1)
    (folder / "jobs" / "0099-evaluate").mkdir()
    yield Desk(View(folder, state, ()), folder / "jobs" / "0099-evaluate", workers, lambda words, fraction: None)
    workers.close()


def walk_done(desk, frames):
    """What a healthy long walk of the potential left."""
    for number, atoms in enumerate(frames):
        atoms.info |= {"phase_of_run": "stable", "step": 10 * number + 10, "time_fs": 20.0 * number}
    write_frames(desk.job / "stable-bulk-0" / "frames.extxyz", frames)
    piece = Piece("stable-bulk-0", "lang2mlip.act.walk:potential_walk", {})
    return Done(piece, desk.job / "stable-bulk-0", {})


def test_what_one_round_of_an_action_has_spent_is_not_there_for_the_next(desk):
    frames = desk.view.training_frames()
    write_frames(desk.job / "asked.extxyz", frames[:5])
    arguments = {"reference": {"name": "lj"}, "frames": str((desk.job / "asked.extxyz").relative_to(desk.run))}
    first = run_pieces(desk, [Piece("first", "lang2mlip.act.select:label", arguments)])
    assert (cost_of(first).calls, desk.calls_left()) == (5, 2)
    assert relabel(desk, desk.state.model, [walk_done(desk, frames)], 10).cost.calls == 2
    assert desk.calls_left() == desk.calls_to_spend() == 0


def test_a_piece_that_is_taken_up_again_is_counted_once(desk):
    write_frames(desk.job / "asked.extxyz", desk.view.training_frames()[:3])
    arguments = {"reference": {"name": "lj"}, "frames": str((desk.job / "asked.extxyz").relative_to(desk.run))}
    pieces = [Piece("first", "lang2mlip.act.select:label", arguments)]
    run_pieces(desk, pieces), run_pieces(desk, pieces)
    assert desk.spent == Counter({"first": 3})
