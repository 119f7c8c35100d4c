"""Lattice planes: the smallest cell that repeats along one, and which planes matter for a crystal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np
from ase import Atoms

from lang2mlip.science.structures.occupancy import SITE

__all__ = ["Facet", "four_indices", "low_index", "named_plane", "three_indices"]

Indices = tuple[int, int, int]

_HIGHEST = 9


@dataclass(frozen=True)
class Facet:
    """A crystal turned so that the plane lies in xy: two vectors in the plane, one that leads to the next plane."""

    step: Atoms
    """One primitive cell of atoms; heights lie in [0, spacing)."""
    spacing_A: float

    @classmethod
    def of(cls, unit: Atoms, primitive: Atoms, indices: Indices) -> Facet:
        """The facet with Miller `indices` on the conventional cell `unit`."""
        plane = _on_primitive(unit, primitive, indices)
        vectors = _reduced_basis(plane, primitive.cell.array)
        upright = _upright(vectors @ primitive.cell.array)
        fractions = (primitive.get_scaled_positions() @ np.linalg.inv(vectors)) % 1.0
        # A height of almost one spacing is rounding noise of zero, and would split a layer in two.
        fractions[fractions > 1 - 1e-6] = 0.0
        step = Atoms(primitive.numbers, scaled_positions=fractions, cell=upright, pbc=True)
        if SITE in primitive.arrays:
            step.set_array(SITE, primitive.arrays[SITE])
        return cls(step, float(upright[2, 2]))


def three_indices(miller: Sequence[int]) -> Indices:
    """h, k, l from three or four (hexagonal) indices. Raises ValueError for what is no plane."""
    if len(miller) == 4:
        if miller[0] + miller[1] + miller[2] != 0:
            raise ValueError(f"in the four-index plane {tuple(miller)} the first three must add up to zero")
        miller = (miller[0], miller[1], miller[3])
    if max(map(abs, miller), default=0) > _HIGHEST:
        raise ValueError(f"{tuple(miller)} is no plane that a small cell can show; indices go up to {_HIGHEST}")
    if len(miller) != 3 or not any(miller):
        raise ValueError(f"{tuple(miller)} is no plane; give 3 Miller indices, or 4 for hexagonal axes, not all zero")
    return int(miller[0]), int(miller[1]), int(miller[2])


def named_plane(text: str) -> tuple[int, ...]:
    """Indices as people write them: (10-10), 1 -1 0, {111}, also with bars over the digits. Raises ValueError."""
    # A bar is a combining mark behind its digit; minus signs come in several lengths.
    plain = re.sub("(\\d)[\u0304\u0305]", r"-\1", re.sub("[\u2010-\u2015\u2212]", "-", text)).strip("()[]{} ")
    parts = re.split(r"[,\s]+", plain) if re.search(r"[,\s]", plain) else re.findall(r"-?\d", plain)
    if not parts or (len(parts) > 1 and "".join(parts) != re.sub(r"[,\s]+", "", plain)):
        raise ValueError(f"{text!r} is no plane; write Miller indices like (1 1 0) or (10-10)")
    try:
        return tuple(int(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"{text!r} is no plane; write Miller indices like (1 1 0) or (10-10)") from error


def four_indices(indices: Indices) -> tuple[int, int, int, int]:
    """h, k, i, l."""
    h, k, el = indices
    return h, k, -h - k, el


def low_index(unit: Atoms, primitive: Atoms, count: int = 3) -> list[Indices]:
    """The planes of indices 0 and 1 that a crystal shows most readily: the widest spacing first (Bravais' rule)."""
    best: dict[Indices, tuple[Indices, float]] = {}
    rotations = _rotations(unit)
    for h, k, el in product((1, 0, -1), repeat=3):
        indices = (h, k, el)
        if not any(indices):
            continue
        # Planes that a symmetry of the crystal turns into each other count once.
        family = max(_turned(indices, turn) for turn in rotations)
        if family in best and sum(best[family][0]) >= sum(indices):
            continue
        best[family] = (indices, Facet.of(unit, primitive, indices).spacing_A)
    ranked = sorted(best.values(), key=lambda entry: (-round(entry[1], 4), sum(map(abs, entry[0]))))
    return [indices for indices, _ in ranked[:count]]


def _turned(indices: Indices, rotation: np.ndarray) -> Indices:
    h, k, el = np.asarray(indices) @ rotation
    return int(h), int(k), int(el)


def _rotations(unit: Atoms) -> list[np.ndarray]:
    import spglib

    cell = (unit.cell.array, unit.get_scaled_positions(), unit.numbers)
    found = spglib.get_symmetry(cell, symprec=1e-3)
    identity = np.eye(3, dtype=int)
    turns = [identity] if found is None else list(found["rotations"])
    # The two sides of a plane count as one even where the crystal has no inversion.
    return [sign * turn for turn in turns for sign in (1, -1)]


def _on_primitive(unit: Atoms, primitive: Atoms, indices: Indices) -> Indices:
    """The same plane, in coprime indices on the primitive vectors."""
    normal = np.linalg.inv(unit.cell.array) @ np.asarray(indices, float)
    raw = primitive.cell.array @ normal
    # Centred cells give multiples of 1/2 or 1/3; six clears them all.
    whole = np.rint(6 * raw).astype(int)
    factor = gcd(*(int(x) for x in whole))
    return int(whole[0]) // factor, int(whole[1]) // factor, int(whole[2]) // factor


def _reduced_basis(plane: Indices, cell: np.ndarray) -> np.ndarray:
    """Integer rows: two short vectors in the plane, and a short one that leads to the next plane; right-handed."""
    # (k, -h, 0) and its like, and a vector to the next plane, are never longer than the indices themselves.
    reach = max(4, *map(abs, plane)) + 1
    grid = np.array([n for n in product(range(-reach, reach + 1), repeat=3) if any(n)])
    grid = grid[np.argsort(np.linalg.norm(grid @ cell, axis=1), kind="stable")]
    level = grid @ np.asarray(plane)
    inside = grid[level == 0]
    first = inside[0]
    area = np.linalg.norm(np.cross(first @ cell, inside @ cell), axis=1)
    second = inside[int(np.flatnonzero(area > 1e-6)[0])]
    third = grid[level == 1][0]
    basis = np.array([first, second, third])
    if np.linalg.det(basis @ cell) < 0:
        basis[1] = -basis[1]
    return basis


def _upright(vectors: np.ndarray) -> np.ndarray:
    """The same three vectors, turned: the first along x, the second in xy."""
    x = vectors[0] / np.linalg.norm(vectors[0])
    z = np.cross(vectors[0], vectors[1])
    z /= np.linalg.norm(z)
    return np.asarray(vectors @ np.array([x, np.cross(z, x), z]).T)
