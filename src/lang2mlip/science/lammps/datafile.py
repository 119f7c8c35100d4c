"""A LAMMPS data file read by its text: what its head promises, its box, its masses and atoms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["DataFile", "read_data"]

_COLUMNS = {"atomic": (1, 2), "charge": (1, 3), "bond": (2, 3), "angle": (2, 3), "molecular": (2, 3), "full": (2, 4)}
"""Atom style → columns of the type and of x in the section Atoms, from 0 (manual of read_data)."""

_COUNT = re.compile(
    r"^\s*(\d+)\s+(atoms|bonds|angles|dihedrals|impropers|(?:atom|bond|angle|dihedral|improper) types)\b"
)
_SIDE = re.compile(r"^\s*(\S+)\s+(\S+)\s+([xyz])lo\s+[xyz]hi")
_TILT = re.compile(r"^\s*(\S+)\s+(\S+)\s+(\S+)\s+xy\s+xz\s+yz")
_SECTION = re.compile(r"^\s*[A-Z][A-Za-z0-9]*( [A-Z][a-z]+)*(\s+#.*|\s*)$")
_LARGEST = 50_000
"""Atoms beyond which distances are not looked at: LAMMPS itself is soon asked."""


@dataclass
class DataFile:
    """What it says."""

    counts: dict[str, int] = field(default_factory=dict)
    """atoms, bonds, atom types, … as the head promises."""
    lines: dict[str, int] = field(default_factory=dict)
    """Section → lines that it has."""
    sides: dict[str, tuple[float, float]] = field(default_factory=dict)
    tilts: tuple[float, float, float] = (0.0, 0.0, 0.0)
    masses: dict[int, float] = field(default_factory=dict)
    types: tuple[int, ...] = ()
    positions: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))

    @property
    def cell(self) -> NDArray[np.float64] | None:
        """Its three edges; None where the head does not give them."""
        if set(self.sides) != set("xyz"):
            return None
        x, y, z = (self.sides[side][1] - self.sides[side][0] for side in "xyz")
        xy, xz, yz = self.tilts
        return np.array([[x, 0.0, 0.0], [xy, y, 0.0], [xz, yz, z]]) if min(x, y, z) > 0 else None

    def closest(self, periodic: bool) -> float | None:
        """The shortest distance of two atoms, images included; None where there are too few or too many."""
        cell = self.cell
        if cell is None or not 1 < len(self.positions) <= _LARGEST:
            return None
        if not periodic:
            return float(cKDTree(self.positions).query(self.positions, k=2)[0][:, 1].min())
        inside = np.linalg.solve(cell.T, (self.positions - [self.sides[side][0] for side in "xyz"]).T).T % 1.0
        shell = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
        near = [inside + step for step in shell]
        margin = 0.1  # images farther than a tenth of the box are of no concern for what is nearest
        images = np.concatenate([one[((one > -margin) & (one < 1 + margin)).all(axis=1)] for one in near])
        return float(cKDTree(images @ cell).query(inside @ cell, k=2)[0][:, 1].min())


def read_data(file: Path, style: str) -> DataFile:
    """The file, as far as it can be understood; `style` is the script's atom style, unless a comment names another."""
    made, columns = DataFile(), _COLUMNS.get(style)
    for title, lines in _sections(file):
        name, _, said = (part.strip() for part in title.partition("#"))
        if not name:
            for line in lines:
                _head(made, line)
            continue
        made.lines[name] = len(lines)
        if name == "Masses":
            made.masses = dict(one for line in lines if (one := _mass(line)))
        elif name == "Atoms" and (columns := _COLUMNS.get(said, columns)) is not None:
            _atoms(made, [line.split("#")[0].split() for line in lines], columns)
    return made


def _sections(file: Path) -> Iterator[tuple[str, list[str]]]:
    """(title, lines that are not empty) of each; the head comes first and has no title."""
    text = file.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    lines = [line for line in text if line and not line.isspace() and not line.lstrip().startswith("#")]
    at = [n for n, line in enumerate(lines) if line.lstrip()[0].isalpha() and _SECTION.match(line)]
    yield "", lines[: at[0] if at else None]
    for begin, end in zip(at, [*at[1:], len(lines)], strict=True):
        yield lines[begin].strip(), lines[begin + 1 : end]


def _head(made: DataFile, line: str) -> None:
    if found := _COUNT.match(line):
        made.counts[found[2]] = int(found[1])
    elif found := _SIDE.match(line):
        made.sides[found[3]] = (float(found[1]), float(found[2]))
    elif found := _TILT.match(line):
        made.tilts = (float(found[1]), float(found[2]), float(found[3]))


def _mass(line: str) -> tuple[int, float] | tuple[()]:
    words = line.split()
    try:
        return int(words[0]), float(words[1])
    except (ValueError, IndexError):
        return ()


def _atoms(made: DataFile, rows: Sequence[Sequence[str]], columns: tuple[int, int]) -> None:
    """Types and positions; none where a line does not have them."""
    kind, x = columns
    try:
        made.types = tuple(int(row[kind]) for row in rows)
        made.positions = np.array([[float(word) for word in row[x : x + 3]] for row in rows]).reshape(-1, 3)
    except (ValueError, IndexError):
        made.types, made.positions = (), np.empty((0, 3))
