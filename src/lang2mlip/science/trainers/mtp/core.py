"""The short-range core: below the smallest distance of the data every pair repels, whatever the fit says there.

The core is zero from a little below the smallest trained distance on: it changes nothing where there are data. Below,
it is the screened nuclear repulsion of Ziegler, Biersack and Littmark (The Stopping and Range of Ions in Solids, 1985),
switched on smoothly, plus a cubic wall that outweighs whatever attraction the levelled-off potential has for a dimer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from lang2mlip.science.trainers.mtp.kernels import FAST

__all__ = ["Core", "add_core", "no_core", "pair_core", "wall_needed"]

jit: Any = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")

_COULOMB_EV_A = 14.399645478425667
"""e^2 / (4 pi eps0), eV Å (CODATA 2018)."""
_BOHR_A = 0.529177210903
_SWITCH = 0.4
"""The nuclear repulsion is complete at (1 - this) times the start of the core."""

_GRACE_A = 0.05
"""Within this distance below its start the wall is too young to outweigh anything."""
_LEAST_WALL = 1.0
"""eV/Å³."""


class Core(NamedTuple):
    """The core's numbers, for each pair of species."""

    start: np.ndarray
    """(n_species, n_species): where it begins, Å; 0 for no core."""
    wall: np.ndarray
    """(n_species, n_species): strength of the cubic wall, eV/Å³."""
    numbers: np.ndarray
    """(n_species,): atomic numbers."""


@jit
def pair_core(r, start, wall, z1, z2):  # type: ignore[no-untyped-def]
    """Energy (eV) and slope (eV/Å) of the core of one pair."""
    if r >= start:
        return 0.0, 0.0
    length = 0.8854 * _BOHR_A / (z1**0.23 + z2**0.23)
    factor = _COULOMB_EV_A * z1 * z2 / r
    value, slope = 0.0, 0.0
    for c, k in ((0.18175, 3.1998), (0.50986, 0.94229), (0.28022, 0.4029), (0.02817, 0.20162)):
        term = c * np.exp(-k * r / length)
        value += factor * term
        slope -= factor * term * (1.0 / r + k / length)
    x = min((start - r) / (_SWITCH * start), 1.0)
    on = x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)
    d_on = -30.0 * x * x * (1.0 - x) * (1.0 - x) / (_SWITCH * start)
    d = start - r
    return value * on + wall * d * d * d, slope * on + value * d_on - 3.0 * wall * d * d


@jit
def add_core(core, system, energies, forces, virial):  # type: ignore[no-untyped-def]
    """Add the core of every pair, half to each atom's energy."""
    if core.start.max() <= 0.0:
        return
    v = np.zeros(3)
    for i in range(system.types.shape[0]):
        for k in range(system.first[i], system.first[i + 1]):
            j = system.partner[k]
            start = core.start[system.types[i], system.types[j]]
            square = 0.0
            for a in range(3):
                v[a] = system.positions[j, a] - system.positions[i, a] + system.offset[system.image[k], a]
                square += v[a] * v[a]
            if square < start * start:
                _add_pair(i, j, np.sqrt(square), v, core, system, energies, forces, virial)


@jit
def _add_pair(i, j, r, v, core, system, energies, forces, virial):  # type: ignore[no-untyped-def]
    """One direction of a pair: the neighbour list holds both."""
    a, b = system.types[i], system.types[j]
    energy, slope = pair_core(r, core.start[a, b], core.wall[a, b], core.numbers[a], core.numbers[b])
    energies[i] += 0.5 * energy
    for x in range(3):
        g = 0.5 * slope * v[x] / r
        forces[i, x] += g
        forces[j, x] -= g
        for y in range(3):
            virial[x, y] += g * v[y]


def no_core(numbers: np.ndarray) -> Core:
    """A core that does nothing."""
    size = len(numbers)
    return Core(np.zeros((size, size)), np.zeros((size, size)), np.asarray(numbers, dtype=float))


def wall_needed(slopes: np.ndarray, distances: np.ndarray, start: float) -> float:
    """The cubic wall (eV/Å³) that makes a dimer repel from `_GRACE_A` below the core's start on.

    `slopes` are dE/dr of the dimer without wall, eV/Å; positive is attraction. Twice what is needed is given.
    """
    near = distances < start - _GRACE_A
    needed = np.maximum(slopes[near], 0.0) / (3.0 * (start - distances[near]) ** 2)
    return float(2.0 * needed.max(initial=0.0) + _LEAST_WALL)
