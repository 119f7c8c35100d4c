"""Where a crystal gives way easily: across the sheets or chains that its shortest contacts make, else everywhere."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

__all__ = ["shortest_contact_A", "soft_directions"]

_CONTACT = 1.2
"""Neighbours nearer than the sum of their covalent radii times this hold a crystal together; sheets of a layered
crystal lie at twice that or more."""

_RANK_TOLERANCE = 1e-6


def soft_directions(crystal: Atoms) -> np.ndarray:
    """Projector onto the directions without endless rows of contacts, shape (3, 3); unity where all are alike.

    Three endless directions (a network, a metal) or none (molecules) make no difference between directions.
    """
    shifts = _returns(crystal)
    if len(shifts) == 0:
        return np.eye(3)
    _, sizes, axes = np.linalg.svd(shifts @ crystal.cell.array, full_matrices=True)
    stiff = axes[: int((sizes > _RANK_TOLERANCE).sum())]
    return np.eye(3) if len(stiff) == 3 else np.eye(3) - stiff.T @ stiff


def shortest_contact_A(crystal: Atoms) -> float:
    """The smallest distance of two atoms, Å."""
    reach = 2.0
    while not len(found := neighbor_list("d", crystal, reach)):
        reach *= 1.5
    return float(found.min())


def _returns(crystal: Atoms) -> np.ndarray:
    """Lattice vectors along which contacts lead from an atom to its own image, in cell vectors, shape (n, 3)."""
    i, j, steps = neighbor_list("ijS", crystal, _CONTACT * covalent_radii[crystal.numbers])
    links: dict[int, list[tuple[int, np.ndarray]]] = {n: [] for n in range(len(crystal))}
    for one, two, step in zip(i, j, steps, strict=True):
        links[int(one)].append((int(two), step))
    place: dict[int, np.ndarray] = {}
    found: set[tuple[int, ...]] = set()
    for start in range(len(crystal)):
        queue = [] if start in place else [start]
        place.setdefault(start, np.zeros(3, int))
        while queue:
            atom = queue.pop()
            for other, step in links[atom]:
                there = place[atom] + step
                if other not in place:
                    place[other] = there
                    queue.append(other)
                found.add(tuple((there - place[other]).tolist()))
    return np.array(sorted(found - {(0, 0, 0)}), float).reshape(-1, 3)
