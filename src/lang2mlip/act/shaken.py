"""A walk whose reference fails at once: begun again from a start that is a little shaken, a few times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from ase import Atoms

__all__ = ["SHAKES", "begun_again"]

SHAKES = 3
"""Further tries. An SCF cycle that does not converge often does for atoms that lie a little otherwise."""

SHAKE_A = 0.02
"""Standard deviation of each coordinate: less than atoms move in a few steps of MD."""

T = TypeVar("T")


def begun_again(start: Atoms, seed: int, walk: Callable[[Atoms], T], in_vain: Callable[[T], bool]) -> T:
    """What `walk` gives from the start, or from a shaken one where that was in vain."""
    found = walk(start)
    for number in range(SHAKES):
        if not in_vain(found):
            break
        shaken = start.copy()
        shaken.positions += np.random.default_rng([seed, number]).normal(0.0, SHAKE_A, shaken.positions.shape)
        found = walk(shaken)
    return found
