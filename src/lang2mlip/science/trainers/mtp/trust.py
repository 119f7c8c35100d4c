"""How much each frame counts: those that a small fit misses by more than is usual in their group count less.

Frames that MD or a selection by uncertainty brings back may lie where no potential of this size can follow (an atom
that evaporates, a core that is touched). Least squares would bend all else towards them. One round of iteratively
reweighted least squares with a bounded loss (P. J. Huber, Robust Statistics, Wiley 1981, ch. 7) keeps them from it,
group by group, so that a hard group is not given up for an easy one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.science.trainers.mtp.data import FitData
from lang2mlip.science.trainers.mtp.potential import Potential

__all__ = ["trust", "with_trust"]

_LEAST = 0.05
"""Smallest factor: a frame may be an outlier because it is the first of its kind."""
_FEWEST = 6
"""Frames that a group needs before it has outliers."""


def trust(data: FitData, potential: Potential, frames: Sequence[Atoms]) -> np.ndarray:
    """A factor from 0.05 to 1 for each frame: (median residual of its group / its own residual)², at most 1."""
    square = np.array([_mean_square(data, number, potential) for number in range(len(frames))])
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, atoms in enumerate(frames):
        groups[str(atoms.info.get("group", atoms.get_chemical_formula()))].append(number)
    factor = np.ones(len(frames))
    for members in groups.values():
        usual = float(np.median(square[members]))
        if len(members) >= _FEWEST and usual > 0.0:
            factor[members] = np.clip(usual / np.maximum(square[members], usual), _LEAST, 1.0)
    return factor


def with_trust(frames: Sequence[Atoms], factor: np.ndarray) -> list[Atoms]:
    """Copies whose `info["weight"]` is multiplied."""
    copies = []
    for atoms, one in zip(frames, factor, strict=True):
        copy = atoms.copy()
        copy.calc = atoms.calc
        copy.info["weight"] = float(atoms.info.get("weight", 1.0)) * float(one)
        copies.append(copy)
    return copies


def _mean_square(data: FitData, number: int, potential: Potential) -> float:
    """Mean square residual of one frame, in the units of the loss."""
    alone = FitData([data.rows[number]], data.baseline)
    return max(0.0, alone.loss(potential)) / max(1, alone.n_rows)
