"""The short-range core: below the smallest distance of the data every pair repels, whatever the fit says there.

It is a pair table that LAMMPS reads: the screened nuclear repulsion, switched on smoothly, plus a cubic wall that
outweighs whatever attraction the bispectrum has for a dimer. Where there are data it is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from lang2mlip.science.atoms.zbl import zbl
from lang2mlip.science.trainers.labels import Label

__all__ = ["GRACE_A", "Core", "core_starts", "wall_needed", "write_table"]

_POINTS = 2000
_INNERMOST_A = 0.1
_SWITCH = 0.4
"""The nuclear repulsion is complete at (1 - this) times the start of the core."""
_TRUSTED = 0.93
"""Start of the core over the smallest distance in the data."""
_UNSEEN_PAIR = 0.7
"""Start of the core over the sum of covalent radii, for a pair of elements that never meets in the data."""
GRACE_A = 0.05
"""Within this distance below its start the wall is too young to outweigh anything."""
_LEAST_WALL = 1.0
"""eV/Å³."""

Pairs = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Core:
    """Where the core of each pair begins, Å, and its cubic wall, eV/Å³; keys in the order of the elements."""

    start: Pairs
    wall: Pairs

    def energy(self, pair: tuple[str, str], r: np.ndarray) -> np.ndarray:
        """Energy of a pair at distances `r`, eV."""
        start = self.start[pair]
        depth = np.maximum(start - r, 0.0)
        x = np.minimum(depth / (_SWITCH * start), 1.0)
        on = x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
        nuclear: np.ndarray = zbl(r, atomic_numbers[pair[0]], atomic_numbers[pair[1]])
        return nuclear * on + self.wall[pair] * depth**3


def core_starts(labels: Sequence[Label], elements: Sequence[str], below_A: float | None, cutoff_A: float) -> Pairs:
    """Where the core of each pair begins: a little below the data, or where the person said."""
    starts = {}
    for pair in combinations_with_replacement(elements, 2):
        covalent = float(sum(covalent_radii[atomic_numbers[symbol]] for symbol in pair))
        seen = min((_shortest(label, pair, 1.5 * covalent) for label in labels), default=np.inf)
        start = _TRUSTED * seen if np.isfinite(seen) else _UNSEEN_PAIR * covalent
        starts[pair] = min(start, below_A or np.inf, 0.8 * cutoff_A)
    return starts


def _shortest(label: Label, pair: tuple[str, str], reach_A: float) -> float:
    if not set(pair) <= set(label.atoms.symbols):
        return float("inf")
    distances = neighbor_list("d", label.atoms, {pair: reach_A})
    return float(distances.min(initial=np.inf))


def wall_needed(slopes: np.ndarray, distances: np.ndarray, start: float) -> float:
    """The cubic wall (eV/Å³) that makes a dimer repel from `GRACE_A` below the core's start on.

    `slopes` are dE/dr of the dimer without wall, eV/Å; positive is attraction. Twice what is needed is given.
    """
    near = distances < start - GRACE_A
    needed = np.maximum(slopes[near], 0.0) / (3.0 * (start - distances[near]) ** 2)
    return float(2.0 * needed.max(initial=0.0) + _LEAST_WALL)


def write_table(core: Core, file: Path) -> None:
    """Write the core of all pairs as a table of `pair_style table`, a section for each pair."""
    lines = ["# Repulsive core, zero where there were training data; energies in eV, distances in Å.", ""]
    step = 1e-5
    for pair, start in core.start.items():
        r = np.linspace(_INNERMOST_A, start, _POINTS)
        force = -(core.energy(pair, r + step) - core.energy(pair, r - step)) / (2 * step)
        rows = zip(r, core.energy(pair, r), force, strict=True)
        lines += ["-".join(pair), f"N {_POINTS} R {_INNERMOST_A} {start:.10f}", ""]
        lines += [f"{i} {x:.10f} {e:.12e} {f:.12e}" for i, (x, e, f) in enumerate(rows, 1)] + [""]
    file.write_text("\n".join(lines), encoding="utf-8")
