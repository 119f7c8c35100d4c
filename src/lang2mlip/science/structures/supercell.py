"""Larger cells of a crystal: how many copies, along which vectors, so that the cell is as round as it can be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.build import make_supercell
from scipy.spatial.transform import Rotation

from lang2mlip.errors import BadInput

__all__ = ["heights", "repeats_near", "rotated_supercell"]

_SLACK = 1.25
"""A cell may have this many times the atoms that were asked for, where that makes it rounder."""

_TRIES = 400


def heights(cell: np.ndarray) -> np.ndarray:
    """Distances between opposite faces of a cell with the rows `cell`, Å, shape (3,)."""
    areas = np.linalg.norm(np.cross(np.roll(cell, -1, axis=0), np.roll(cell, -2, axis=0)), axis=1)
    return np.asarray(abs(np.linalg.det(cell)) / areas)


def repeats_near(atoms: Atoms, target: int) -> tuple[int, int, int]:
    """Copies along the three vectors: the roundest cell of at most 1.25 × `target` atoms, then the nearest count."""
    most = max(1, int(_SLACK * target / len(atoms)))
    face = heights(atoms.cell.array).tolist()
    pairs = ((i, j) for i in range(1, most + 1) for j in range(1, most // i + 1))
    candidates = ((i, j, k) for i, j in pairs for k in _worth(face, (i, j), most // (i * j), target / len(atoms)))
    return min(
        candidates,
        key=lambda n: (-round(min(a * b for a, b in zip(face, n, strict=True)), 3),
                       abs(len(atoms) * n[0] * n[1] * n[2] - target)),
    )  # fmt: skip


def _worth(face: Sequence[float], pair: tuple[int, int], most: int, cells: float) -> list[int]:
    """Of the numbers of copies along the third vector those of which one is the best beside `pair`.

    Beyond the number at which the third height is no longer the smallest, only the count of `cells` matters: to try all
    would grow with the cube of the atoms.
    """
    i, j = pair
    enough = math.ceil(min(face[0] * i, face[1] * j) / face[2])
    near = math.floor(cells / (i * j))
    tried = {enough - 1, enough, near, near + 1, most}
    return sorted({min(max(k, 1), most) for k in tried})


def rotated_supercell(primitive: Atoms, axes: np.ndarray, target: int, rng: np.random.Generator) -> Atoms:
    """A round cell of about `target` atoms, not spanned by multiples of the conventional `axes`, chosen by `rng`.

    Cube edges in random directions are rounded to lattice vectors; the roundest of many tries is taken.
    """
    cell = primitive.cell.array
    edge = (primitive.get_volume() * target / len(primitive)) ** (1 / 3)
    frames = edge * Rotation.random(_TRIES, rng=rng).as_matrix()
    matrices = np.rint(frames @ np.linalg.inv(cell)).astype(int)
    counts = np.rint(np.linalg.det(matrices)).astype(int) * len(primitive)
    right = [m for m, n in zip(matrices, counts, strict=True) if target / _SLACK <= n <= target * _SLACK]
    fitting = [m for m in right if not _along(m @ cell, axes)]
    if not fitting:
        raise BadInput(f"No compact cell of about {target} atoms exists for this crystal; ask for more atoms.")
    best = max(fitting, key=lambda m: round(float(min(heights(m @ cell))), 6))
    larger: Atoms = make_supercell(primitive, best, order="atom-major")
    return larger


def _along(cell: np.ndarray, axes: np.ndarray) -> bool:
    """Every vector of `cell` is parallel to one of `axes`."""
    cosines = (cell / np.linalg.norm(cell, axis=1)[:, None]) @ (axes / np.linalg.norm(axes, axis=1)[:, None]).T
    return bool((abs(cosines).max(axis=1) > 1 - 1e-6).all())
