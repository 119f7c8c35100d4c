"""What the budget allows is shared out before anything runs, and never more than there is."""

from __future__ import annotations

import pytest
from ase import Atoms

from lang2mlip.act.allowance import allow, even, shortened
from lang2mlip.act.base import Piece


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
