"""What waits in the pool: which files, how much of them, and what a selection leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ase import Atoms

from lang2mlip.contracts import Json, PoolSet
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.stream import blocks, frames_from

__all__ = ["drawn_from", "lots", "read_lot", "read_waiting", "waiting_in"]

LOT = 1000
"""Frames that one worker judges at a time: small enough to share, large enough not to count."""


def waiting_in(pool: Sequence[PoolSet], groups: Sequence[str]) -> list[Json]:
    """Where the pool's frames of these groups (none: of all) lie: files, each with the groups that still wait in it."""
    found = [(one.file, [name for name in one.groups if not groups or name in groups]) for one in pool]
    return [{"file": file, "groups": names} for file, names in found if names]


def read_waiting(run: Path, waiting: Sequence[Json]) -> list[Atoms]:
    """The frames of `waiting_in`, all at once."""
    return [a for one in waiting for a in read_frames(run / one["file"]) if a.info["group"] in one["groups"]]


def lots(run: Path, waiting: Sequence[Json], size: int = LOT) -> list[Json]:
    """`waiting_in` in parts of at most `size` frames: file, groups, start (byte), count."""
    return [
        {**one, "start": start, "count": count} for one in waiting for start, count in blocks(run / one["file"], size)
    ]


def read_lot(run: Path, lot: Json) -> Iterator[tuple[int, Atoms]]:
    """(byte at which it begins, frame) of those that wait in a part of the pool, one at a time."""
    for place, atoms in frames_from(run / lot["file"], lot["start"], lot["count"]):
        if atoms.info["group"] in lot["groups"]:
            yield place, atoms


def drawn_from(pool: Sequence[PoolSet], groups: Sequence[str]) -> tuple[tuple[str, ...], tuple[PoolSet, ...]]:
    """The ids of the pool sets that a selection in these groups (none: in all) uses up, and what it leaves of them.

    What is left is the same file, with the groups that still wait in it.
    """
    drawn = [one for one in pool if not groups or set(one.groups) & set(groups)]
    rests = [{name: count for name, count in one.groups.items() if groups and name not in groups} for one in drawn]
    kept = [one.model_copy(update={"groups": rest}) for one, rest in zip(drawn, rests, strict=True) if rest]
    return tuple(one.id for one in drawn), tuple(kept)
