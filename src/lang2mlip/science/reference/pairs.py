"""Pairs of atoms within a cut-off, for the references that are computed here (emt, lj).

A half list (each pair once, images included) with a Verlet skin: it is searched again only when an atom has moved
more than half the skin, or the cell has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.science.reference.calculator import Floats

__all__ = ["Ints", "PairList", "Pairs", "per_atom", "search"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs within the cut-off: `first` and `second` atom, `vector` from first to second (Å), its `length` (Å)."""

    first: Ints
    second: Ints
    vector: Floats
    length: Floats

    def forces(self, slope: Floats, n_atoms: int) -> tuple[Floats, Floats]:
        """Forces (n, 3) in eV/Å and virial −Σ d⊗f = dE/dstrain (3, 3) in eV of a pair energy with dE/dr = `slope`."""
        pull = (slope / self.length)[:, None] * self.vector
        forces = np.empty((n_atoms, 3))
        for axis in range(3):
            forces[:, axis] = per_atom(self.first, pull[:, axis], n_atoms)
            forces[:, axis] -= per_atom(self.second, pull[:, axis], n_atoms)
        return forces, self.vector.T @ pull


@dataclass
class PairList:
    """A pair list that lives along a trajectory."""

    cutoff: float
    skin: float = 0.6
    _key: tuple[bytes, bytes, int] | None = None
    _at: Floats = field(default_factory=lambda: np.empty((0, 3)))
    _first: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _second: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _offset: Floats = field(default_factory=lambda: np.empty((0, 3)))

    def within(self, atoms: Atoms) -> Pairs:
        """All pairs of `atoms` closer than the cut-off."""
        self._refresh(atoms)
        vector = atoms.positions[self._second] - atoms.positions[self._first] + self._offset
        square = np.einsum("ij,ij->i", vector, vector)
        near = square < self.cutoff**2
        return Pairs(self._first[near], self._second[near], vector[near], np.sqrt(square[near]))

    def _refresh(self, atoms: Atoms) -> None:
        key = (atoms.cell.array.tobytes(), atoms.pbc.tobytes(), len(atoms))
        if key == self._key:
            moved = atoms.positions - self._at
            if np.einsum("ij,ij->i", moved, moved).max(initial=0.0) < (self.skin / 2) ** 2:
                return
        self._first, self._second, shifts = search(atoms, self.cutoff + self.skin)
        self._offset = shifts @ atoms.cell.array
        self._key, self._at = key, atoms.positions.copy()


def per_atom(index: Ints, values: Floats, n_atoms: int) -> Floats:
    """The sum of `values` for each atom that `index` names."""
    return np.bincount(index, values, n_atoms).astype(np.float64, copy=False)


def search(atoms: Atoms, cutoff: float) -> tuple[Ints, Ints, Ints]:
    """Half list (first, second, cell shift of the second) of pairs closer than `cutoff` (Å), any cell, any pbc.

    Sorted, so that sums over it do not depend, to the last bit, on when it was searched: a run that was cut off and
    resumed goes on exactly as one that was not.
    """
    from scipy.spatial import cKDTree

    wrapped, home = _wrap(atoms)
    shifts, owners, images = _images(wrapped, atoms, cutoff)
    found = cKDTree(wrapped).sparse_distance_matrix(cKDTree(images), cutoff, output_type="ndarray")
    first, image = found["i"].astype(np.int64), found["j"].astype(np.int64)
    second, shift = owners[image], shifts[image]
    sign = np.array([9, 3, 1]) @ np.sign(shift).T  # > 0: the first non-zero component of the shift is positive
    once = (first < second) | ((first == second) & (sign > 0))
    first, second, shift = first[once], second[once], shift[once]
    shift = shift - home[second] + home[first]
    order = np.lexsort((shift[:, 2], shift[:, 1], shift[:, 0], second, first))
    return first[order], second[order], shift[order]


def _wrap(atoms: Atoms) -> tuple[Floats, Ints]:
    """Positions moved into the cell along periodic directions, and the whole cells subtracted."""
    home = np.zeros((len(atoms), 3), dtype=np.int64)
    if not atoms.pbc.any():
        return atoms.positions.copy(), home
    fractions = np.linalg.solve(atoms.cell.complete().array.T, atoms.positions.T).T
    home[:, atoms.pbc] = np.floor(fractions[:, atoms.pbc]).astype(np.int64)
    return atoms.positions - home @ atoms.cell.array, home


def _images(wrapped: Floats, atoms: Atoms, cutoff: float) -> tuple[Ints, Ints, Floats]:
    """Shift, owner and position of every periodic image that can lie within `cutoff` of an atom in the cell."""
    cell = atoms.cell.complete().array
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    reach = np.where(atoms.pbc, np.ceil(cutoff / heights), 0).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), -1).reshape(-1, 3)
    low, high = wrapped.min(axis=0) - cutoff, wrapped.max(axis=0) + cutoff
    images = wrapped[None] + (grid @ atoms.cell.array)[:, None]
    close = np.all((images >= low) & (images <= high), axis=2)
    which, owners = np.nonzero(close)
    return grid[which].astype(np.int64), owners.astype(np.int64), images[which, owners]
