"""How much each frame counts in a fit of a moment tensor potential: see `trainers/outliers.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.science.trainers.mtp.data import FitData
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.outliers import factors

__all__ = ["trust", "with_trust"]


def trust(data: FitData, potential: Potential, frames: Sequence[Atoms]) -> np.ndarray:
    """A factor from 0.05 to 1 for each frame: (median residual of its group / its own residual)², at most 1."""
    return factors(np.array([_mean_square(data, number, potential) for number in range(len(frames))]), frames)


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
