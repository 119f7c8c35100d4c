"""Crystals with atoms missing."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.sampling.sound import made_from

__all__ = ["with_vacancies"]


def with_vacancies(atoms: Atoms, count: int, missing: int = 1, seed: int = 0) -> list[Atoms]:
    """`count` copies, each without `missing` atoms drawn at random, all elements equally likely.

    Raises BadInput when that would leave fewer than two atoms.
    """
    if len(atoms) - missing < 2:
        raise BadInput(f"Taking {missing} of {len(atoms)} atoms leaves too few; make the cell larger first.")
    rng = np.random.default_rng(seed)
    return [_one(atoms, missing, rng) for _ in range(count)]


def _one(atoms: Atoms, missing: int, rng: np.random.Generator) -> Atoms:
    kinds = np.unique(atoms.numbers)
    gone: list[int] = []
    while len(gone) < missing:
        kind = rng.choice(kinds)
        places = np.setdiff1d(np.flatnonzero(atoms.numbers == kind), gone)
        if len(places):
            gone.append(int(rng.choice(places)))
    holed = made_from(atoms, "vacancy", missing=missing)
    del holed[gone]
    return holed
