"""Strained and rattled copies of a structure: elastic response and short-range repulsion without any MD."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.errors import BadInput
from lang2mlip.science.sampling.sound import Sound, made_from

__all__ = ["compressed", "rattled", "strained"]

_SHRINK = 0.8
_TRIES = 20


def strained(atoms: Atoms, largest: float, count: int, seed: int) -> list[Atoms]:
    """`count` copies, no principal strain above `largest`: by turns even, over the whole range, and general with shear.

    Directions without periodicity keep their length; the atoms follow the cell. Raises BadInput where none is periodic.
    """
    if not atoms.pbc.any():
        raise BadInput("A structure without a periodic direction cannot be strained; rattle it instead.")
    rng = np.random.default_rng([seed, 1])
    even = np.linspace(-largest, largest, (count + 1) // 2) if count > 2 else rng.uniform(-largest, largest, count)
    tensors = [even[k // 2] * np.eye(3) if k % 2 == 0 else _general(rng, largest) for k in range(count)]
    return [_deformed(atoms, tensor) for tensor in tensors]


def compressed(atoms: Atoms, largest: float, count: int) -> list[Atoms]:
    """`count` copies whose lengths are scaled evenly from 1 - largest to 1 + largest; atoms follow the cell.

    Raises BadInput unless it is periodic in three directions.
    """
    if not atoms.pbc.all():
        raise BadInput("Only a structure that is periodic in three directions can be compressed; rattle it instead.")
    scales = np.linspace(-largest, largest, count) if count > 1 else np.array([-largest])
    copies = []
    for scale in scales:
        copy = made_from(atoms, "compress", scale=float(1 + scale))
        copy.set_cell(atoms.cell.array * (1 + scale), scale_atoms=True)
        copies.append(copy)
    return copies


def rattled(atoms: Atoms, sigma_A: float, count: int, seed: int) -> list[Atoms]:
    """`count` copies whose atoms are displaced by a normal deviate of `sigma_A` along each axis.

    A copy in which two atoms come too near is drawn again with less; `info["rattle_A"]` says how much it was.
    """
    rng, sound = np.random.default_rng([seed, 2]), Sound(atoms)
    return [_shaken(atoms, sigma_A, rng, sound) for _ in range(count)]


def _shaken(atoms: Atoms, sigma_A: float, rng: np.random.Generator, sound: Sound) -> Atoms:
    width = sigma_A
    for _ in range(_TRIES):
        copy = made_from(atoms, "rattle", rattle_A=width)
        copy.positions += rng.normal(0.0, width, atoms.positions.shape)
        if sound(copy):
            return copy
        width *= _SHRINK
    return made_from(atoms, "rattle", rattle_A=0.0)


def _general(rng: np.random.Generator, largest: float) -> NDArray[np.float64]:
    """A symmetric tensor in a random direction, its largest eigenvalue between a fifth of `largest` and all of it."""
    raw = rng.normal(size=(3, 3))
    tensor = raw + raw.T
    return np.asarray(tensor / np.abs(np.linalg.eigvalsh(tensor)).max() * rng.uniform(0.2, 1.0) * largest)


def _deformed(atoms: Atoms, tensor: NDArray[np.float64]) -> Atoms:
    """Strained within the space that the periodic vectors span."""
    kept = np.array([atoms.cell[axis] for axis in range(3) if atoms.pbc[axis]])
    basis = np.linalg.qr(kept.T)[0]
    within = basis @ basis.T
    deform = np.eye(3) + within @ tensor @ within
    copy = made_from(atoms, "strain", strain=float(np.abs(np.linalg.eigvalsh(tensor)).max()))
    copy.set_cell(atoms.cell.array @ deform, scale_atoms=False)
    copy.positions = atoms.positions @ deform
    return copy
