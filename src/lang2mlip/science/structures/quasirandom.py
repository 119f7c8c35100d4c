"""Special quasirandom structures: elements on the sites of a small cell, paired as in an endless random alloy."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list

__all__ = ["LARGEST", "pair_excess", "quasirandom"]

LARGEST = 300
"""Sites; in larger cells chance alone comes near enough."""

_SHELLS = 3
_SAME_SHELL_A = 0.15
_TRIES_PER_SITE = 30


def quasirandom(atoms: Atoms, rng: np.random.Generator) -> list[str]:
    """The symbols of the atoms, exchanged until pairs in the first three shells are as frequent as by chance.

    Monte Carlo at zero temperature on the squared excess of every kind of pair, nearer shells first
    (A. Zunger et al., Phys. Rev. Lett. 65, 353 (1990); A. van de Walle et al., Calphad 42, 13 (2013)).
    """
    kinds, state = np.unique(atoms.numbers, return_inverse=True)
    pairs = _pairs(atoms)
    if len(kinds) == 1 or not pairs:
        return list(atoms.get_chemical_symbols())
    cost = _cost(state, pairs, len(kinds))
    for _ in range(_TRIES_PER_SITE * len(atoms)):
        one, two = rng.integers(len(atoms), size=2)
        if state[one] == state[two]:
            continue
        state[one], state[two] = state[two], state[one]
        trial = _cost(state, pairs, len(kinds))
        if trial <= cost:
            cost = trial
        else:
            state[one], state[two] = state[two], state[one]
        if cost < 1e-12:
            break
    return list(Atoms(kinds[state]).get_chemical_symbols())


def pair_excess(atoms: Atoms) -> np.ndarray:
    """Share of unlike pairs over that of a random alloy, minus one, in each of the first three shells.

    The Warren-Cowley parameter with the sign turned: 0 is random, positive is ordered, negative is clustered.
    """
    kinds, state = np.unique(atoms.numbers, return_inverse=True)
    share = np.bincount(state) / len(state)
    expected = 1 - float((share**2).sum())
    found = [float((state[i] != state[j]).mean()) for i, j in _pairs(atoms)]
    return np.array(found) / expected - 1 if len(kinds) > 1 else np.zeros(len(found))


def _pairs(atoms: Atoms) -> list[tuple[np.ndarray, np.ndarray]]:
    """First and second atom of every pair of each shell, periodic images included."""
    reach = 1.9 * (atoms.get_volume() / len(atoms)) ** (1 / 3)
    i, j, distance = neighbor_list("ijd", atoms, reach)
    order = np.argsort(distance, kind="stable")
    cuts = np.flatnonzero(np.diff(distance[order]) > _SAME_SHELL_A) + 1
    return [(i[shell], j[shell]) for shell in np.split(order, cuts)[:_SHELLS] if len(shell)]


def _cost(state: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]], kinds: int) -> float:
    share = np.bincount(state, minlength=kinds) / len(state)
    wanted = np.outer(share, share).ravel()
    total = 0.0
    for number, (i, j) in enumerate(pairs):
        found = np.bincount(kinds * state[i] + state[j], minlength=kinds**2) / len(i)
        total += float(((found - wanted) ** 2).sum()) / (number + 1)
    return total
