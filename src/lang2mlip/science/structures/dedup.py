"""Whether two structures are the same but for a move, a turn or another order of their atoms.

A structure's likeness is, for every pair of elements, how many neighbours an atom has at each distance (smeared, to
6 Å), beside the number of atoms and the shape of the reduced cell. None of them knows where the origin is, how the
axes point, or how the atoms are numbered. A mirror image counts as the same, its energy is. Time grows linearly with
atoms; comparing grows with the square of the number of structures that share formula and periodicity, a vector each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.geometry import minkowski_reduce

from lang2mlip.science.atoms.neighbours import pair_key, pairs

__all__ = ["THRESHOLD", "Likeness", "distance", "duplicates", "likeness"]

THRESHOLD = 0.002
"""Likenesses nearer than this are one structure. Measured: turned, moved and renumbered copies differ by 1e-8; boxes of
one liquid from two seeds by 0.15 with 30 atoms, 0.05 with 300, 0.03 with 1000; a cell 0.2 % longer by 0.04; crystals of
108 atoms displaced at random by 0.03 Å, two seeds, by 0.005. Displacements of 0.01 Å count as none."""

_REACH_A = 6.0
_BIN_A = 0.1
_SMEARING_A = 0.15
"""Wider than a bin, so that an atom on the border of two bins counts the same after a turn."""


@dataclass(frozen=True)
class Likeness:
    """What tells structures apart; see the module."""

    formula: str
    periodic: int
    """Number of periodic directions."""
    neighbours: Mapping[str, np.ndarray]
    """Element pair → neighbours per atom and Å over the ideal r² growth, by distance."""
    cell: np.ndarray
    """Lengths and mutual projections of the reduced periodic vectors, Å."""


def likeness(atoms: Atoms) -> Likeness:
    """The likeness of a structure."""
    found = pairs(atoms, _REACH_A + 4 * _SMEARING_A)
    grid = np.arange(_BIN_A, _REACH_A, _BIN_A)
    low, high = np.sort(atoms.numbers[np.column_stack([found.i, found.j])], axis=1).T
    neighbours = {}
    for one, two in sorted(set(zip(low.tolist(), high.tolist(), strict=True))):
        near = found.distance_A[(low == one) & (high == two)]
        name = pair_key(chemical_symbols[one], chemical_symbols[two])
        neighbours[name] = _smeared(near, grid) / (len(atoms) * grid)
    kind = atoms.symbols.formula.format("hill")
    return Likeness(kind, int(atoms.pbc.sum()), neighbours, _shape(atoms))


def distance(one: Likeness, two: Likeness) -> float:
    """Relative difference of two likenesses; infinite for another formula or periodicity, 0 for a turned copy."""
    if (one.formula, one.periodic) != (two.formula, two.periodic):
        return float("inf")
    names = sorted(set(one.neighbours) | set(two.neighbours))
    total, apart = 0.0, 0.0
    for name in names:
        first, second = one.neighbours.get(name), two.neighbours.get(name)
        blank = np.zeros_like(first if first is not None else second)
        first, second = blank if first is None else first, blank if second is None else second
        total += float((first**2).sum() + (second**2).sum()) / 2
        apart += float(((first - second) ** 2).sum())
    size = float(np.linalg.norm(one.cell)) or 1.0
    cells = float(np.linalg.norm(one.cell - two.cell)) / size
    return float(np.sqrt(apart / total + cells**2)) if total else cells


def duplicates(all_of_them: Sequence[Likeness], threshold: float = THRESHOLD) -> dict[int, int]:
    """Index of each duplicate → index of the first structure that it repeats."""
    kept: dict[tuple[str, int], list[int]] = {}
    found = {}
    for number, one in enumerate(all_of_them):
        alike = kept.setdefault((one.formula, one.periodic), [])
        same = next((other for other in alike if distance(one, all_of_them[other]) < threshold), None)
        if same is None:
            alike.append(number)
        else:
            found[number] = same
    return found


def _smeared(distances: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Sum of normalised Gaussians at the distances, on the grid; each adds to the few points that it reaches."""
    total = np.zeros(len(grid))
    nearest = np.rint((distances - grid[0]) / _BIN_A).astype(int)
    reach = int(4 * _SMEARING_A / _BIN_A) + 1
    for offset in range(-reach, reach + 1):
        place = nearest + offset
        inside = (place >= 0) & (place < len(grid))
        weight = np.exp(-((distances[inside] - grid[place[inside]]) ** 2) / (2 * _SMEARING_A**2))
        total += np.bincount(place[inside], weight, len(grid))
    return np.asarray(total / (_SMEARING_A * np.sqrt(2 * np.pi)))


def _shape(atoms: Atoms) -> np.ndarray:
    """The periodic vectors by their products, which no turn changes, in a form that no choice of vectors changes."""
    vectors = atoms.cell.array[np.asarray(atoms.pbc)]
    if not len(vectors):
        return np.zeros(0)
    reduced = minkowski_reduce(atoms.cell.array, pbc=atoms.pbc)[0][np.asarray(atoms.pbc)]
    lengths = np.sort(np.linalg.norm(reduced, axis=1))
    products = abs(reduced @ reduced.T)[np.triu_indices(len(reduced), 1)]
    return np.concatenate([lengths, np.sqrt(np.sort(products))])
