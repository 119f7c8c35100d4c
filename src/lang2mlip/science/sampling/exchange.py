"""Crystals and mixtures in which unlike atoms changed places."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.sampling.sound import made_from

__all__ = ["exchanged"]


def exchanged(atoms: Atoms, count: int, seed: int = 0) -> list[Atoms]:
    """`count` copies, in each of which two atoms of different elements, drawn at random, changed places.

    Raises BadInput for atoms of one element.
    """
    if len(set(atoms.numbers)) < 2:
        raise BadInput(f"In {atoms.get_chemical_formula()} all atoms are alike, so none can change places.")
    rng = np.random.default_rng([seed, 3])
    return [_one(atoms, rng) for _ in range(count)]


def _one(atoms: Atoms, rng: np.random.Generator) -> Atoms:
    first = int(rng.integers(len(atoms)))
    second = int(rng.choice(np.flatnonzero(atoms.numbers != atoms.numbers[first])))
    copy = made_from(atoms, "exchange", exchanged=f"{first}-{second}")
    copy.positions[[first, second]] = copy.positions[[second, first]]
    return copy
