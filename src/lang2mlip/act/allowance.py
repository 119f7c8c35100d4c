"""What the budget allows a set of pieces: each gets a number of reference calls of its own, and no piece passes it.

The numbers are shared out before anything runs, so that they do not depend on which worker is quicker. Time cannot be
shared out so: all pieces stop at the same moment, and what they have by then is kept. That moment is one of the clock
that counts on from the start of the machine, because the wall clock may be set forth and back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ase import Atoms

from lang2mlip.act.base import Piece
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BudgetSpent

__all__ = ["allow", "even", "in_time", "shortened", "time_is_over"]

FEWEST = 5
"""Calls below which a piece is not begun; the last ones give way to those before them."""


def allow(pieces: Sequence[Piece], calls: int) -> list[Piece]:
    """The pieces with `max_calls` among their arguments, all together at most `calls`; shorter or fewer where needed.

    A piece says what it wants by its MD plan, or by `wants` among its arguments.
    """
    wants = [_wanted(piece) for piece in pieces]
    total = sum(wants)
    if total <= calls:
        spare = (calls - total) // max(1, len(pieces))
        return [_limited(piece, want, want + spare) for piece, want in zip(pieces, wants, strict=True)]
    limits = [calls * want // total for want in wants]
    if any(limit < min(FEWEST, want) for limit, want in zip(limits, wants, strict=True)):
        return allow(pieces[:-1], calls)
    return [_limited(piece, want, limit) for piece, want, limit in zip(pieces, wants, limits, strict=True)]


def shortened(wanted: Sequence[Piece], allowed: Sequence[Piece]) -> tuple[str, ...]:
    """A sentence where the budget made work shorter; empty where it did not."""
    asked, given = sum(map(_wanted, wanted)), sum(map(_wanted, allowed))
    return (f"The budget allowed {given} of {asked} reference calls asked for.",) if given < asked else ()


def even(frames: Sequence[Atoms], count: int) -> list[Atoms]:
    """At most `count` of the frames, spread evenly over them."""
    if len(frames) <= count:
        return list(frames)
    return [frames[index * len(frames) // count] for index in range(count)]


def time_is_over(until: float | None) -> bool:
    """Whether the moment `until`, of this machine's steady clock (s), has come; it never does when it is None."""
    return until is not None and time.monotonic() >= until


def in_time(progress: Progress, until: float | None) -> Progress:
    """The same progress, which raises BudgetSpent from `until` on."""

    def tell(fraction: float, words: str) -> None:
        progress(fraction, words)
        if time_is_over(until):
            raise BudgetSpent(f"The time that the budget allows is over; stopped at {words}.")

    return tell


def _wanted(piece: Piece) -> int:
    plan = piece.arguments.get("plan")
    wants: int = plan["steps"] + 1 if plan is not None else piece.arguments["wants"]
    return wants


def _limited(piece: Piece, want: int, limit: int) -> Piece:
    changes: dict[str, Any] = {"max_calls": limit}
    plan = piece.arguments.get("plan")
    if plan is not None and limit < want:
        every = max(1, plan["keep_every"] * limit // want)
        changes["plan"] = {**plan, "steps": limit - 1, "keep_every": every}
    elif limit < want:
        changes["wants"] = limit
    return Piece(piece.name, piece.function, {**piece.arguments, **changes})
