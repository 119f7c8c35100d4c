"""Whether all labelled data together reach as far as the reference's own MD, group by group."""

from __future__ import annotations

from collections.abc import Sequence

from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.act.gathering import per_group
from lang2mlip.science.evaluation.reach import beside

__all__ = ["coverage"]

MOST = 6
"""Shortcomings that are told."""


def coverage(desk: Desk, frames: Sequence[Atoms]) -> str:
    """A sentence on where the data in use and these new frames fall short of the reference's own MD; else empty."""
    members = per_group([*desk.view.training_frames(), *frames])
    short = [
        f"{name}: {one.words()}"
        for name, group in desk.state.groups.items()
        for one in beside(members.get(name, []), group.ranges)
        if one.short
    ]
    more = f" and {len(short) - MOST} more" if len(short) > MOST else ""
    return f" Data short of the reference's own MD: {'; '.join(short[:MOST])}{more}." if short else ""
