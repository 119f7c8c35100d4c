"""Push overlapping atoms apart: a soft-sphere energy with springs inside rigid units, minimised; no reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from scipy.optimize import minimize

__all__ = ["SoftSpheres", "relax"]

_SPRING = 20.0
"""Stiffness of a spring over that of an overlap: units keep their shape while the rest makes room."""


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


def relax(atoms: Atoms, spheres: SoftSpheres, steps: int = 300) -> Atoms:
    """A copy at a minimum of the soft energy Σ ½(1 − r/σ)² + springs; the cell stays, positions may leave it."""
    trial = Atoms(atoms)

    def energy(flat: np.ndarray) -> tuple[float, np.ndarray]:
        trial.positions = flat.reshape(-1, 3)
        overlap, push = _overlaps(trial, spheres)
        stretch, pull = _springs(trial.positions, spheres)
        return overlap + stretch, (push + pull).ravel()

    found = minimize(
        energy, atoms.positions.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps, "ftol": 1e-9, "gtol": 1e-3}
    )
    trial.positions = found.x.reshape(-1, 3)
    return trial


def _overlaps(atoms: Atoms, spheres: SoftSpheres) -> tuple[float, np.ndarray]:
    """Energy and its gradient, from pairs nearer than their contact distance."""
    i, j, distance, vector = neighbor_list("ijdD", atoms, spheres.longest_A)
    sigma = spheres.contact(atoms.numbers[i], atoms.numbers[j])
    near = (distance < sigma) & (spheres.unit[i] != spheres.unit[j]) & (distance > 1e-9)
    i, distance, vector, sigma = i[near], distance[near], vector[near], sigma[near]
    depth = 1 - distance / sigma
    gradient = np.zeros_like(atoms.positions)
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
