"""Assembly: atoms that still know which molecule, ion or solid they belong to, and in which layer they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

__all__ = ["SOLID", "Assembly", "Species", "joined"]


@dataclass(frozen=True)
class Species:
    """A kind of body. Its atoms stand in the order of `conformer(smiles)`; a solid has no SMILES."""

    smiles: str | None = None
    charge: int = 0
    """Formal charge of one body, e."""

    @property
    def is_solid(self) -> bool:
        """Part of a solid: the fast stand-in holds it in place."""
        return self.smiles is None


SOLID = Species()


@dataclass(frozen=True)
class Assembly:
    """Atoms and what they form. Every atom belongs to one body, every body to one species and one layer."""

    atoms: Atoms
    species: tuple[Species, ...]
    kind: np.ndarray
    """Index into `species` of each atom, shape (n,)."""
    body: np.ndarray
    """Number of the molecule, ion or solid of each atom, shape (n,), from 0."""
    layer: np.ndarray
    """Layer of each atom from the bottom, shape (n,), from 0."""

    @classmethod
    def solid(cls, atoms: Atoms) -> Assembly:
        """One solid body."""
        nought = np.zeros(len(atoms), int)
        return cls(atoms, (SOLID,), nought, nought, nought)

    @classmethod
    def of_bodies(cls, atoms: Atoms, bodies: Sequence[tuple[Species, int]]) -> Assembly:
        """Consecutive bodies: species and number of atoms of each. Raises ValueError when they do not add up."""
        if sum(size for _, size in bodies) != len(atoms):
            raise ValueError(f"the bodies have {sum(size for _, size in bodies)} atoms, the structure {len(atoms)}")
        species = tuple(dict.fromkeys(kind for kind, _ in bodies))
        sizes = [size for _, size in bodies]
        kind = np.repeat([species.index(kind) for kind, _ in bodies], sizes).astype(int)
        return cls(atoms, species, kind, np.repeat(np.arange(len(bodies)), sizes), np.zeros(len(atoms), int))

    @property
    def held(self) -> np.ndarray:
        """Atoms of solids, shape (n,), bool."""
        solid = np.array([one.is_solid for one in self.species], bool)
        return np.asarray(solid[self.kind])

    @property
    def charge(self) -> int:
        """Total formal charge, e."""
        _, first = np.unique(self.body, return_index=True)
        return int(sum(self.species[kind].charge for kind in self.kind[first]))

    def with_atoms(self, atoms: Atoms) -> Assembly:
        """The same bodies at other places."""
        return Assembly(atoms, self.species, self.kind, self.body, self.layer)


def joined(parts: Sequence[Assembly], atoms: Atoms) -> Assembly:
    """Several assemblies as one, each a layer (or several) above the last; `atoms` are theirs in the same order."""
    species = tuple(dict.fromkeys(kind for part in parts for kind in part.species))
    kinds, bodies, layers = [], [], []
    body, layer = 0, 0
    for part in parts:
        kinds.append(np.array([species.index(kind) for kind in part.species], int)[part.kind])
        bodies.append(part.body + body)
        layers.append(part.layer + layer)
        body, layer = body + int(part.body.max()) + 1, layer + int(part.layer.max()) + 1
    return Assembly(atoms, species, np.concatenate(kinds), np.concatenate(bodies), np.concatenate(layers))
