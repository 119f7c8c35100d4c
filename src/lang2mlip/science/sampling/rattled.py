"""Atoms shaken off their places."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from lang2mlip.science.sampling.sound import Sound, made_from

__all__ = ["rattled"]

_SHRINK = 0.8
_TRIES = 20


def rattled(atoms: Atoms, count: int, std_A: float = 0.1, seed: int = 0) -> list[Atoms]:
    """`count` copies, each with its own normal displacements of standard deviation `std_A` (Å) along each axis.

    A copy in which two atoms come too near is drawn again with a smaller displacement; `info["rattle_A"]` says which.
    """
    rng, sound = np.random.default_rng(seed), Sound(atoms)
    return [_one(atoms, std_A, rng, sound) for _ in range(count)]


def _one(atoms: Atoms, std_A: float, rng: np.random.Generator, sound: Sound) -> Atoms:
    width = std_A
    for _ in range(_TRIES):
        shaken = made_from(atoms, "rattle", rattle_A=width)
        shaken.positions += rng.normal(0.0, width, atoms.positions.shape)
        if sound(shaken):
            return shaken
        width *= _SHRINK
    return made_from(atoms, "rattle", rattle_A=0.0)
