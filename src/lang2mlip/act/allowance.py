"""What the budget allows a set of pieces: each gets a number of reference calls of its own, and no piece passes it.

The numbers are shared out before anything runs, so that they do not depend on which worker is quicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ase import Atoms

from lang2mlip.act.base import Piece

__all__ = ["allow", "even", "shortened"]

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
