"""Which frames of the reference's own MD are held out: spread over each walk, as neighbours in time are alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from lang2mlip.act.base import Done
from lang2mlip.act.gathering import frames_of, per_group, unique
from lang2mlip.science.atoms.frames import write_frames

__all__ = ["APART", "hold_out", "spacing_fs", "spread"]

APART = 10
"""MD steps that lie between two held-out frames of a walk at least, where the walk is long enough for FEWEST so."""

FEWEST = 4
"""Frames that are held out of each walk, where it has them."""


def hold_out(done: Sequence[Done], folder: Path) -> dict[str, list[Atoms]]:
    """Write the frames that are held out to folder/GROUP.extxyz; the frames of each group."""
    chosen = [atoms for one in done for atoms in spread(frames_of([one]))]
    groups = per_group(unique(chosen))
    for name, frames in groups.items():
        write_frames(folder / f"{name}.extxyz", frames)
    return groups


def spread(frames: Sequence[Atoms]) -> list[Atoms]:
    """Frames of one walk from its end backwards, evenly and APART steps apart; the start is no frame of its own MD."""
    moved = [atoms for atoms in frames if atoms.info["step"] > 0] or list(frames)
    if len(moved) < 2:
        return moved
    length = int(moved[-1].info["step"])
    count = min(len(moved), max(FEWEST, length // APART))
    return [moved[len(moved) - 1 - index * len(moved) // count] for index in range(count)][::-1]


def spacing_fs(frames: Sequence[Atoms]) -> tuple[float, float]:
    """Least and largest time between neighbours of the same walk, fs; (0, 0) without any."""
    gaps = [
        float(after.info["time_fs"]) - float(before.info["time_fs"])
        for before, after in zip(frames, frames[1:], strict=False)
        if after.info["time_fs"] > before.info["time_fs"]
    ]
    return (min(gaps), max(gaps)) if gaps else (0.0, 0.0)
