"""The cell in the plane of an interface: round, large enough, and one that every crystal of the stack fits into."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput

__all__ = ["Fit", "common_cell", "round_cells", "spread", "square"]

_WIDTH = (0.7, 1.45)
"""Lengths considered, over the one asked for."""

_SKEW_COST = 1.5
"""A cell of 60° costs as much as lengths that are wrong by 75 % together: liquids and barostats prefer right angles."""

_OBLIQUE_COST = 0.3
"""Any angle but a right one."""

_STRAIN_COST = 12.0
"""What one unit of strain costs against relative errors of the lengths."""

_LOOKED_AT = 60
"""Cells of the first crystal tried against the others."""


@dataclass(frozen=True)
class Fit:
    """How a crystal's surface cell is repeated to fill the common cell."""

    matrix: np.ndarray
    """Integer rows, shape (2, 2): the common vectors in multiples of the crystal's own."""
    strain: float
    """Largest change of a length in the plane that the fit costs the crystal, relative; 0 for the first crystal."""


def square(length_A: float) -> np.ndarray:
    """Two vectors of a square, shape (2, 2), Å: for stacks without a crystal."""
    return np.eye(2) * length_A


def common_cell(units: list[np.ndarray], length_A: float, max_strain: float) -> tuple[np.ndarray, list[Fit]]:
    """Vectors in the plane, shape (2, 2), multiples of those of the first unit, and the fit of every unit.

    Raises BadInput with the best that was found when another crystal would be strained by more than `max_strain`.
    """
    if not units:
        return square(length_A), []
    best: tuple[float, np.ndarray, list[Fit]] | None = None
    for matrix, cost in islice(round_cells(units[0], length_A), _LOOKED_AT if len(units) > 1 else 1):
        cell = _upright(matrix @ units[0])
        fits = [Fit(matrix, 0.0), *(_fitted(unit, cell) for unit in units[1:])]
        cost += _STRAIN_COST * max(fit.strain for fit in fits)
        if best is None or cost < best[0] - 1e-9:
            best = (cost, cell, fits)
    assert best is not None
    worst = max(fit.strain for fit in best[2])
    if worst > max_strain:
        raise BadInput(
            f"Crystals do not fit together within {max_strain:.1%} near {length_A:g} Å: the best cell strains one by"
            f" {worst:.1%}; allow more strain, ask for a larger lateral_A, or choose another facet."
        )
    return best[1], best[2]


def round_cells(unit: np.ndarray, length_A: float) -> list[tuple[np.ndarray, float]]:
    """Right-handed integer matrices and their cost, the roundest cell near the length first, never empty."""
    grid, vectors, lengths = _multiples(unit, _WIDTH[1] * max(length_A, _shortest_pair(unit)))
    near = np.flatnonzero(lengths > min(_WIDTH[0] * length_A, lengths[-1]) - 1e-9)
    # With v goes −v: half of the first vectors would only turn the cell round.
    half = near[(grid[near, 0] > 0) | ((grid[near, 0] == 0) & (grid[near, 1] > 0))]
    pairs = [(int(a), int(b)) for a in half for b in near if np.linalg.det(vectors[[a, b]]) > 1e-6]
    pairs = pairs or _all_pairs(vectors)
    first, second = np.array(pairs).T
    skew = np.einsum("ij,ij->i", vectors[first], vectors[second]) / (lengths[first] * lengths[second])
    cost = abs(lengths[first] / length_A - 1) + abs(lengths[second] / length_A - 1) + _SKEW_COST * abs(skew)
    # More skewed than 60° is refused unless there is nothing else.
    cost = cost + _OBLIQUE_COST * (abs(skew) > 1e-4) + 10 * (abs(skew) > 0.51)
    order = np.lexsort((second, first, np.round(cost, 9)))
    return [(grid[[first[n], second[n]]], float(cost[n])) for n in order]


def spread(slab: Atoms, fit: Fit, cell: np.ndarray) -> Atoms:
    """The slab's surface cell repeated and strained to fill the common cell; heights stay as they are."""
    unit = slab.cell.array[:2, :2]
    reach = int(abs(fit.matrix).sum()) + 1
    shifts = np.array([(i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)])
    fractions = shifts @ np.linalg.inv(fit.matrix)
    inside = shifts[((fractions > -1e-9) & (fractions < 1 - 1e-9)).all(axis=1)]
    scaled = slab.positions[:, :2] @ np.linalg.inv(unit)
    planar = (scaled[None] + inside[:, None]) @ np.linalg.inv(fit.matrix)
    planar -= np.floor(planar + 1e-9)
    heights = np.tile(slab.positions[:, 2], len(inside))
    positions = np.column_stack([planar.reshape(-1, 2) @ cell, heights])
    vectors = np.zeros((3, 3))
    vectors[:2, :2], vectors[2, 2] = cell, slab.cell.array[2, 2]
    return Atoms(np.tile(slab.numbers, len(inside)), positions, cell=vectors, pbc=(True, True, False))


def _upright(cell: np.ndarray) -> np.ndarray:
    """The same cell turned in the plane: its first vector along x."""
    along = cell[0] / np.linalg.norm(cell[0])
    return np.array([[np.linalg.norm(cell[0]), 0.0], [cell[1] @ along, along[0] * cell[1, 1] - along[1] * cell[1, 0]]])


def _fitted(unit: np.ndarray, cell: np.ndarray) -> Fit:
    """The multiple of `unit`, turned as it likes, that needs the least strain to become `cell`."""
    wanted = np.linalg.norm(cell, axis=1)
    grid, vectors, lengths = _multiples(unit, 1.15 * wanted.max())
    first = np.flatnonzero(abs(lengths / wanted[0] - 1) < 0.15)
    second = np.flatnonzero(abs(lengths / wanted[1] - 1) < 0.15)
    if not len(first) or not len(second):
        return Fit(np.eye(2, dtype=int), np.inf)
    pairs = np.array([(a, b) for a in first for b in second])
    candidates = np.stack([vectors[pairs[:, 0]], vectors[pairs[:, 1]]], axis=1)
    sound = np.linalg.det(candidates) > 1e-6
    if not sound.any():
        return Fit(np.eye(2, dtype=int), np.inf)
    pairs, candidates = pairs[sound], candidates[sound]
    stretch = np.linalg.svd(np.linalg.inv(candidates) @ cell, compute_uv=False)
    strain = abs(stretch - 1).max(axis=1)
    best = int(np.lexsort((np.arange(len(strain)), np.round(strain, 9)))[0])
    return Fit(grid[pairs[best]], float(strain[best]))


def _multiples(unit: np.ndarray, longest_A: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integer pairs, their vectors and lengths, shortest first, up to the longest length."""
    area = abs(np.linalg.det(unit))
    reach = [int(longest_A * length / area) + 1 for length in np.linalg.norm(unit[::-1], axis=1)]
    sides = [np.arange(-most, most + 1) for most in reach]
    grid = np.array(np.meshgrid(*sides, indexing="ij")).reshape(2, -1).T
    vectors = grid @ unit
    lengths = np.linalg.norm(vectors, axis=1)
    keep = np.flatnonzero((lengths > 1e-6) & (lengths <= longest_A + 1e-9))
    keep = keep[np.argsort(np.round(lengths[keep], 9), kind="stable")]
    return grid[keep], vectors[keep], lengths[keep]


def _shortest_pair(unit: np.ndarray) -> float:
    """The longer of two vectors that span the lattice, each as short as it can be, Å."""
    _, vectors, lengths = _multiples(unit, float(np.linalg.norm(unit, axis=1).max()))
    area = abs(vectors[0, 0] * vectors[:, 1] - vectors[0, 1] * vectors[:, 0])
    return float(lengths[int(np.flatnonzero(area > 1e-6)[0])])


def _all_pairs(vectors: np.ndarray) -> list[tuple[int, int]]:
    shortest = range(min(len(vectors), 40))
    return [(a, b) for a in shortest for b in shortest if np.linalg.det(vectors[[a, b]]) > 1e-6]
