"""Strained and rattled copies of a structure: elastic response and short-range repulsion without any MD."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

__all__ = ["rattled", "strained"]


def strained(atoms: Atoms, largest: float, count: int, seed: int) -> list[Atoms]:
    """`count` copies: even expansion and compression first, then general strains, up to `largest`.

    Directions without periodicity keep their length. The atoms follow the cell.
    """
    rng = np.random.default_rng([seed, 1])
    even = np.linspace(-largest, largest, max(2, count // 2))
    tensors = [value * np.eye(3) for value in even][:count]
    tensors += [_general(rng, largest) for _ in range(count - len(tensors))]
    return [_deformed(atoms, tensor) for tensor in tensors]


def rattled(atoms: Atoms, sigma_A: float, count: int, seed: int) -> list[Atoms]:
    """`count` copies whose atoms are displaced by a normal deviate of `sigma_A` along each axis."""
    rng = np.random.default_rng([seed, 2])
    copies = []
    for _ in range(count):
        copy: Atoms = atoms.copy()
        copy.positions += rng.normal(scale=sigma_A, size=copy.positions.shape)
        copies.append(copy)
    return copies


def _general(rng: np.random.Generator, largest: float) -> NDArray[np.float64]:
    tensor = rng.uniform(-largest, largest, (3, 3))
    return np.asarray(0.5 * (tensor + tensor.T))


def _deformed(atoms: Atoms, tensor: NDArray[np.float64]) -> Atoms:
    copy: Atoms = atoms.copy()
    keep = np.diag(np.asarray(atoms.pbc, dtype=float))
    copy.set_cell(atoms.cell.array @ (np.eye(3) + keep @ tensor @ keep), scale_atoms=True)
    return copy
