"""Push overlapping atoms apart: a soft-sphere energy with springs inside rigid units, minimised; no reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.optimize import minimize

from lang2mlip.science.atoms.neighbours import pairs as every_pair

__all__ = ["SoftSpheres", "relax"]

_SPRING = 20.0
"""Stiffness of a spring over that of an overlap: units keep their shape while the rest makes room."""

_SKIN_A = 1.2


@dataclass(frozen=True)
class SoftSpheres:
    """Who may come how near to whom."""

    contact: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Atomic numbers of two arrays of atoms → their smallest comfortable distances, Å."""
    longest_A: float
    """The largest of those distances."""
    springs: np.ndarray
    """Pairs (i, j) inside units, shape (n, 2)."""
    lengths_A: np.ndarray
    """Their natural lengths, shape (n,)."""
    unit: np.ndarray
    """Number of the unit of each atom; atoms of one unit do not repel."""


class _Pairs:
    """Pairs within reach and a skin beyond it, found anew only when an atom has moved through half the skin."""

    def __init__(self, atoms: Atoms, reach_A: float) -> None:
        self._atoms = Atoms(atoms)
        self._reach_A = reach_A
        self._found_at: np.ndarray | None = None

    def vectors(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """i, j and the vector from i to j (with periodic images), each pair in both directions."""
        if self._found_at is None or np.abs(positions - self._found_at).max() > _SKIN_A / 4:
            self._atoms.positions = self._found_at = positions.copy()
            found = every_pair(self._atoms, self._reach_A + _SKIN_A)
            self._i, self._j = np.concatenate([found.i, found.j]), np.concatenate([found.j, found.i])
            vector = np.concatenate([found.vector_A, -found.vector_A])
            self._shift = vector - (positions[self._j] - positions[self._i])
        return self._i, self._j, positions[self._j] - positions[self._i] + self._shift


def relax(atoms: Atoms, spheres: SoftSpheres, steps: int = 200) -> Atoms:
    """A copy at a minimum of the soft energy Σ ½(1 − r/σ)² + springs; the cell stays, positions may leave it."""
    pairs = _Pairs(atoms, spheres.longest_A)

    def energy(flat: np.ndarray) -> tuple[float, np.ndarray]:
        positions = flat.reshape(-1, 3)
        overlap, push = _overlaps(positions, atoms.numbers, pairs, spheres)
        stretch, pull = _springs(positions, spheres)
        return overlap + stretch, (push + pull).ravel()

    found = minimize(
        energy,
        atoms.positions.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "ftol": 1e-9, "gtol": 1e-3},
    )
    relaxed = Atoms(atoms)
    relaxed.positions = found.x.reshape(-1, 3)
    return relaxed


def _overlaps(
    positions: np.ndarray, numbers: np.ndarray, pairs: _Pairs, spheres: SoftSpheres
) -> tuple[float, np.ndarray]:
    """Energy and its gradient, from pairs nearer than their contact distance."""
    i, j, vector = pairs.vectors(positions)
    distance = np.linalg.norm(vector, axis=1)
    sigma = spheres.contact(numbers[i], numbers[j])
    near = (distance < sigma) & (spheres.unit[i] != spheres.unit[j]) & (distance > 1e-9)
    i, distance, vector, sigma = i[near], distance[near], vector[near], sigma[near]
    depth = 1 - distance / sigma
    gradient = np.zeros_like(positions)
    # Each pair appears twice, so the energy takes half, and the gradient of atom i needs only its own entries.
    np.add.at(gradient, i, (depth / (sigma * distance))[:, None] * vector)
    return float((0.25 * depth**2).sum()), gradient


def _springs(positions: np.ndarray, spheres: SoftSpheres) -> tuple[float, np.ndarray]:
    gradient = np.zeros_like(positions)
    if not len(spheres.springs):
        return 0.0, gradient
    i, j = spheres.springs.T
    vector = positions[j] - positions[i]
    distance = np.linalg.norm(vector, axis=1)
    stretch = distance - spheres.lengths_A
    pull = (_SPRING * stretch / distance)[:, None] * vector
    np.add.at(gradient, i, -pull)
    np.add.at(gradient, j, pull)
    return float((0.5 * _SPRING * stretch**2).sum()), gradient
