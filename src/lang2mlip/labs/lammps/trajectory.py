"""The trajectory of a run: written by LAMMPS with positions that are never wrapped, read back as frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from ase import Atoms

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.system import System

__all__ = ["TRAJECTORY", "dumped", "last_frame", "read_dump"]

TRAJECTORY = "trajectory.dump"

_FRAME = "ITEM: TIMESTEP"
_BYTES = 100
"""Of a row, with room to spare."""


def dumped(every: int, system: System) -> tuple[str, ...]:
    """The commands that write a frame every so many steps from here on, its step counted from the first."""
    return (
        "reset_timestep  0",
        f"dump            trajectory all custom {every} {TRAJECTORY} id type element xu yu zu",
        f"dump_modify     trajectory sort id element {' '.join(system.types)} flush yes",
    )


def read_dump(file: Path, types: Sequence[str]) -> tuple[list[Atoms], list[int]]:
    """(frames with unwrapped positions, steps). Raises PartFailed for a file without two whole frames."""
    frames, steps = [], []
    if file.is_file():
        with file.open(encoding="utf-8") as stream:
            for step, frame in _frames(stream, types):
                steps.append(step)
                frames.append(frame)
    if len(frames) < 2:
        raise PartFailed(f"{file} holds {len(frames)} whole frames, too few to read anything from; run longer.")
    return frames, steps


def last_frame(file: Path, types: Sequence[str], atoms: int) -> Atoms | None:
    """The last whole frame of a file whose frames have about so many atoms; None where there is none."""
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 2 * _BYTES * (atoms + 9)))
        end = stream.read().decode("utf-8", errors="replace")
    begin = end.find(_FRAME)
    lines = end[begin:].splitlines(keepends=True) if begin >= 0 else []
    found = [frame for _, frame in _frames(iter(lines), types)]
    return found[-1] if found else None


def _frames(stream: Iterator[str], types: Sequence[str]) -> Iterator[tuple[int, Atoms]]:
    """One frame after the other; the last may have been cut short and is then left out."""
    while True:
        head = list(islice(stream, 9))
        if len(head) < 9:
            return
        count = int(head[3])
        rows = list(islice(stream, count))
        if len(rows) < count or not rows[-1].endswith("\n"):
            return
        box = [[float(word) for word in line.split()] for line in head[5:8]]
        kinds = [int(row.split()[1]) for row in rows]
        places = np.array([row.split()[3:6] for row in rows], dtype=float)
        yield int(head[1]), Atoms([types[kind - 1] for kind in kinds], positions=places, cell=_cell(box), pbc=True)


def _cell(box: Sequence[Sequence[float]]) -> np.ndarray:
    """Cell vectors from the bounds of a dump, which for a leaning box are those of the box around it."""
    (x0, x1, *xy_), (y0, y1, *xz_), (z0, z1, *yz_) = box
    xy, xz, yz = (one[0] if one else 0.0 for one in (xy_, xz_, yz_))
    lx = x1 - max(0.0, xy, xz, xy + xz) - (x0 - min(0.0, xy, xz, xy + xz))
    ly = y1 - max(0.0, yz) - (y0 - min(0.0, yz))
    return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, z1 - z0]])
