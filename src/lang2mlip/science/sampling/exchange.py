"""Crystals and mixtures in which unlike atoms changed places, or an atom became another element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.sampling.sound import made_from

__all__ = ["exchanged", "substituted"]


def exchanged(atoms: Atoms, count: int, seed: int = 0) -> list[Atoms]:
    """`count` copies, in each of which two atoms of different elements, drawn at random, changed places.

    Raises BadInput for atoms of one element.
    """
    if len(set(atoms.numbers)) < 2:
        raise BadInput(f"In {atoms.get_chemical_formula()} all atoms are alike, so none can change places.")
    rng = np.random.default_rng([seed, 3])
    return [_one(atoms, rng) for _ in range(count)]


def substituted(atoms: Atoms, elements: Sequence[str], count: int, seed: int = 0) -> list[Atoms]:
    """`count` copies, in each of which one atom drawn at random became another one of the elements: other compositions.

    Raises BadInput where there is no other element.
    """
    if len({*elements, *atoms.symbols}) < 2:
        raise BadInput(f"{atoms.get_chemical_formula()} has no other element to put in; name two elements or more.")
    rng = np.random.default_rng([seed, 4])
    return [_other(atoms, elements, rng) for _ in range(count)]


def _other(atoms: Atoms, elements: Sequence[str], rng: np.random.Generator) -> Atoms:
    place = int(rng.integers(len(atoms)))
    known = {*elements, *atoms.symbols} - {atoms.symbols[place]}
    copy = made_from(atoms, "substitution", substituted=place)
    copy.symbols[place] = str(rng.choice(sorted(known)))
    return copy


def _one(atoms: Atoms, rng: np.random.Generator) -> Atoms:
    first = int(rng.integers(len(atoms)))
    second = int(rng.choice(np.flatnonzero(atoms.numbers != atoms.numbers[first])))
    copy = made_from(atoms, "exchange", exchanged=f"{first}-{second}")
    copy.positions[[first, second]] = copy.positions[[second, first]]
    return copy
