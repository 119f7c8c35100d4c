"""A collective variable that suits a structure, where the person names none: read off its bonds and neighbours."""

from __future__ import annotations

from collections import Counter

import numpy as np
from ase import Atoms

from lang2mlip.contracts.protocols import Variable
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.neighbours import bond_graph

__all__ = ["suggested"]

_NEAR = 1.3
"""A neighbour of the first shell is no farther than this times the nearest."""

Bonds = tuple[tuple[int, int], ...]


def suggested(atoms: Atoms) -> Variable:
    """A dihedral, an angle or a distance of a molecule; in a cell, how many neighbours one of the rarest atoms has."""
    if len(atoms) < 2:
        raise BadInput("A single atom has no collective variable; choose a structure with two atoms or more.")
    if atoms.pbc.any():
        return _neighbours(atoms)
    bonds = bond_graph(atoms)
    return _dihedral(bonds, len(atoms)) or _angle(bonds) or _distance(atoms, bonds)


def _partners(bonds: Bonds, atom: int, without: int) -> list[int]:
    found = [j if i == atom else i for i, j in bonds if atom in (i, j)]
    return [other for other in found if other != without]


def _dihedral(bonds: Bonds, count: int) -> Variable | None:
    """About the bond nearest to the middle of the molecule that has further atoms at both ends and no ring across."""
    for i, j in sorted(bonds, key=lambda bond: abs(bond[0] + bond[1] - count)):
        left, right = _partners(bonds, i, j), _partners(bonds, j, i)
        if left and right and not set(left) & set(right):
            four = (left[0] + 1, i + 1, j + 1, right[0] + 1)
            return Variable(kind="dihedral", atoms=four, width=6.0, range=(-180.0, 180.0))
    return None


def _angle(bonds: Bonds) -> Variable | None:
    for i in sorted({atom for bond in bonds for atom in bond}):
        ends = _partners(bonds, i, -1)
        if len(ends) >= 2:
            return Variable(kind="angle", atoms=(ends[0] + 1, i + 1, ends[1] + 1), width=3.0, range=(50.0, 178.0))
    return None


def _distance(atoms: Atoms, bonds: Bonds) -> Variable:
    i, j = bonds[0] if bonds else (0, 1)
    length = float(atoms.get_distance(i, j))
    ends = (round(0.7 * length, 2), round(2.5 * length, 2))
    return Variable(kind="distance", atoms=(i + 1, j + 1), width=round(0.04 * length, 3), range=ends)


def _neighbours(atoms: Atoms) -> Variable:
    symbols = atoms.get_chemical_symbols()
    count = Counter(symbols)
    rare = min(sorted(count), key=lambda symbol: count[symbol])
    centre = symbols.index(rare)
    common = {symbol for symbol in count if symbol != rare} or {rare}
    others = [n for n, symbol in enumerate(symbols) if symbol in common and n != centre]
    far = atoms.get_distances(centre, others, mic=True)
    nearest = float(far.min())
    shell = int((far <= _NEAR * nearest).sum())
    return Variable(
        kind="coordination", atoms=(centre + 1,), others=tuple(n + 1 for n in others),
        cutoff_A=round(_NEAR * nearest, 2), width=0.2, range=(0.0, float(np.ceil(1.5 * shell) + 1)),
    )  # fmt: skip
