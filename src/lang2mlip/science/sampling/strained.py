"""Cells stretched, squeezed and sheared."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.errors import BadInput
from lang2mlip.science.sampling.sound import made_from

__all__ = ["strained"]


def strained(atoms: Atoms, count: int, largest: float = 0.06, seed: int = 0) -> list[Atoms]:
    """`count` copies whose strains no eigenvalue of which exceeds `largest`; atoms keep their fractional places.

    In turn: even compression or expansion (evenly spread over the range), then a random strain with shear. Directions
    that are not periodic are left alone. Raises BadInput where no direction is periodic.
    """
    if not atoms.pbc.any():
        raise BadInput("A structure without a periodic direction cannot be strained; rattle it instead.")
    rng = np.random.default_rng(seed)
    even = np.linspace(-largest, largest, (count + 1) // 2) if count > 2 else rng.uniform(-largest, largest, count)
    frames = []
    for index in range(count):
        size = float(even[index // 2])
        tensor = size * np.eye(3) if index % 2 == 0 else _random(rng, largest)
        frames.append(_apply(atoms, tensor))
    return frames


def _random(rng: np.random.Generator, largest: float) -> NDArray[np.float64]:
    """A symmetric tensor in a random direction, its largest eigenvalue uniform in (0, largest)."""
    raw = rng.normal(size=(3, 3))
    tensor = raw + raw.T
    return np.asarray(tensor / np.abs(np.linalg.eigvalsh(tensor)).max() * rng.uniform(0.2, 1.0) * largest)


def _apply(atoms: Atoms, tensor: NDArray[np.float64]) -> Atoms:
    """Strain the periodic vectors within the space that they span."""
    kept = np.array([atoms.cell[axis] for axis in range(3) if atoms.pbc[axis]])
    basis = np.linalg.qr(kept.T)[0]
    within = basis @ basis.T
    deform = np.eye(3) + within @ tensor @ within
    frame = made_from(atoms, "strain", strain=float(np.abs(np.linalg.eigvalsh(tensor)).max()))
    frame.set_cell(atoms.cell @ deform, scale_atoms=False)
    frame.positions = atoms.positions @ deform
    return frame
