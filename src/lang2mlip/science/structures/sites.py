"""Places on a slab where something can sit: above an atom, between two, in the hollow among three or more."""

from __future__ import annotations

from typing import Literal

import numpy as np
from ase import Atoms
from scipy.spatial import Delaunay

from lang2mlip.errors import BadInput

__all__ = ["Kind", "sites", "spaced", "top_atoms"]

Kind = Literal["top", "bridge", "hollow"]

_TERRACE_A = 0.8
"""Atoms at most so far below the highest one form the terrace."""

_SAME_A = 0.3
"""Sites nearer than this are one: the two triangles of a square share their centre."""

_CORNER_SLACK = 1.1
"""A triangle whose longest side is longer than its middle one by more than this is half of a larger polygon."""


def top_atoms(slab: Atoms) -> np.ndarray:
    """Indices of the atoms of the upper terrace."""
    z = slab.positions[:, 2]
    return np.asarray(np.flatnonzero(z > z.max() - _TERRACE_A))


def sites(slab: Atoms, kind: Kind) -> np.ndarray:
    """Places in the plane, shape (n, 2), Å, each once per cell. Raises BadInput where the terrace has none."""
    cell = slab.cell.array[:2, :2]
    planar = slab.positions[top_atoms(slab), :2]
    if kind == "top":
        return np.asarray(planar)
    shifts = np.array([(a, b) for a in range(-2, 3) for b in range(-2, 3)]) @ cell
    points = (planar[None] + shifts[:, None]).reshape(-1, 2)
    triangles = Delaunay(points).simplices
    found = _edges(points, triangles) if kind == "bridge" else _centres(points, triangles)
    inside = _once(found, cell)
    if not len(inside):
        raise BadInput(f"The terrace has no {kind} site; choose another kind of site or a larger slab.")
    return inside


def spaced(places: np.ndarray, cell: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of the places, the first by chance, each further one as far from the others as it can be.

    Raises BadInput when there are fewer.
    """
    if count > len(places):
        raise BadInput(f"{count} adsorbates do not fit on {len(places)} sites; ask for a smaller coverage.")
    chosen = [int(rng.integers(len(places)))]
    distance = _apart(places, places[chosen[0]], cell)
    while len(chosen) < count:
        chosen.append(int(np.argmax(np.round(distance, 6))))
        distance = np.minimum(distance, _apart(places, places[chosen[-1]], cell))
    return np.asarray(places[chosen])


def _edges(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Middles of the sides between neighbours; a diagonal of a larger polygon is none."""
    corners = points[triangles]
    starts, ends = corners, np.roll(corners, -1, axis=1)
    lengths = np.linalg.norm(ends - starts, axis=2)
    middles = (starts + ends) / 2
    middling = np.sort(lengths, axis=1)[:, 1:2]
    return np.asarray(middles[lengths <= _CORNER_SLACK * middling])


def _centres(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Centres of the circles through the corners, which the triangles of a larger polygon share."""
    a, b, c = (points[triangles[:, n]] for n in range(3))
    p, q = b - a, c - a
    double = 2 * (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0])
    flat = abs(double) < 1e-6
    double[flat] = np.inf
    p2, q2 = (p**2).sum(axis=1), (q**2).sum(axis=1)
    x = (q[:, 1] * p2 - p[:, 1] * q2) / double
    y = (p[:, 0] * q2 - q[:, 0] * p2) / double
    return np.asarray((a + np.column_stack([x, y]))[~flat])


def _once(places: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Those within one cell, without repeats."""
    fractions = places @ np.linalg.inv(cell)
    inside = ((fractions > -1e-6) & (fractions < 1 - 1e-6)).all(axis=1)
    kept: list[np.ndarray] = []
    for place in places[inside]:
        if not kept or _apart(np.array(kept), place, cell).min() > _SAME_A:
            kept.append(place)
    return np.array(kept).reshape(-1, 2)


def _apart(places: np.ndarray, place: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Distance to the nearest image of one place, Å."""
    fractions = (places - place) @ np.linalg.inv(cell)
    base = (fractions - np.rint(fractions)) @ cell
    images = [np.linalg.norm(base + np.array([a, b]) @ cell, axis=1) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    return np.asarray(np.min(images, axis=0))
