"""The polyatomic units of a crystal: finite groups of non-metals held by covalent bonds, such as carbonate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from lang2mlip.science.structures.gate import BOND_FACTOR, bonds

__all__ = ["Unit", "units_of"]

_LARGEST = 12
"""More bonded atoms than this are taken for a network."""


@dataclass(frozen=True)
class Unit:
    """Atoms that move together."""

    members: np.ndarray
    shape_A: np.ndarray
    """Positions relative to their mean, unwrapped, shape (n, 3)."""

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of places within the unit."""
        return list(combinations(range(len(self.members)), 2))


def units_of(crystal: Atoms) -> list[Unit]:
    """Every atom in exactly one unit. A bonded network (as in a covalent solid) falls into single atoms."""
    links = _links(crystal)
    left = set(range(len(crystal)))
    units = []
    while left:
        places, endless = _walk(min(left), crystal.positions, links)
        if endless or len(places) > _LARGEST:
            units += [_single(atom) for atom in sorted(places)]
        else:
            shape = np.array(list(places.values()))
            units.append(Unit(np.array(list(places)), shape - shape.mean(axis=0)))
        left -= places.keys()
    return units


def _links(crystal: Atoms) -> dict[int, list[tuple[int, np.ndarray]]]:
    """Atom → its bonded neighbours with the vector to each."""
    bonded = set(bonds(crystal)) | {(j, i) for i, j in bonds(crystal)}
    i, j, vector = neighbor_list("ijD", crystal, BOND_FACTOR * covalent_radii[crystal.numbers])
    links: dict[int, list[tuple[int, np.ndarray]]] = {n: [] for n in range(len(crystal))}
    for one, two, step in zip(i, j, vector, strict=True):
        if (one, two) in bonded:
            links[int(one)].append((int(two), step))
    return links


def _walk(
    start: int, positions: np.ndarray, links: dict[int, list[tuple[int, np.ndarray]]]
) -> tuple[dict[int, np.ndarray], bool]:
    """Unwrapped positions of all atoms bonded to `start`; True when the walk comes back to an atom elsewhere."""
    places, queue, endless = {start: positions[start]}, [start], False
    while queue:
        atom = queue.pop()
        for other, step in links[atom]:
            there = places[atom] + step
            if other not in places:
                places[other] = there
                queue.append(other)
            elif np.linalg.norm(places[other] - there) > 0.1:
                endless = True
    return places, endless


def _single(atom: int) -> Unit:
    return Unit(np.array([atom]), np.zeros((1, 3)))
