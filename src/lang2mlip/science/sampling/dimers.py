"""Two atoms alone, from far too near to far apart: they teach a potential to repel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from lang2mlip.science.atoms.neighbours import covalent_sum, pair_key

__all__ = ["dimers"]


def dimers(
    elements: Sequence[str], points: int = 8, nearest: float = 0.55, farthest: float = 2.0, box_A: float = 20.0
) -> list[Atoms]:
    """Every element pair at `points` distances from `nearest` to `farthest` times its covalent sum, closer when near.

    In a cubic periodic box, so that methods which need a cell can treat them.
    """
    frames = []
    for first, second in combinations_with_replacement(sorted(elements), 2):
        total = covalent_sum(atomic_numbers[first], atomic_numbers[second])
        for distance in np.geomspace(nearest, farthest, points) * total:
            centre = np.full(3, box_A / 2)
            half = np.array([distance / 2, 0.0, 0.0])
            pair = Atoms([first, second], positions=[centre - half, centre + half], cell=[box_A] * 3, pbc=True)
            pair.info |= {"source": "dimer", "pair": pair_key(first, second), "distance_A": float(distance)}
            frames.append(pair)
    return frames
