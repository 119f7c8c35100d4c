"""Frames that do not belong: labels not finite, forces out of all proportion, residuals far outside the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lang2mlip.science.atoms.statistics import robust_sigma

__all__ = ["Residuals", "outliers"]

Floats = NDArray[np.float64]

_ENOUGH = 8
"""Frames that a group needs for a spread of its own; smaller groups are judged by the spread of all."""

_LEAST = float(np.log(3.0))
"""On the logarithmic scale: how far above the median a residual must be at least."""


@dataclass(frozen=True)
class Residuals:
    """Per frame: its group, the model's force RMSE on it (eV/Å), and the largest reference force in it (eV/Å)."""

    groups: Sequence[str]
    force_rmse_eV_A: Floats
    max_force_eV_A: Floats


def outliers(residuals: Residuals, sigma: float = 6.0, max_force_eV_A: float = 50.0) -> dict[int, str]:
    """Index → why, for each frame to drop.

    Residuals are judged on a logarithmic scale within their group (they are positive and skewed), by the median and the
    robust standard deviation, and only upwards: a frame that the model knows well is never an outlier, nor is one whose
    residual is less than three times the median, however alike the others are.
    """
    dropped: dict[int, str] = {}
    rmse, force = np.asarray(residuals.force_rmse_eV_A), np.asarray(residuals.max_force_eV_A)
    for index in np.flatnonzero(~(np.isfinite(rmse) & np.isfinite(force))):
        dropped[int(index)] = "its label or its residual is not finite"
    for index in np.flatnonzero(force > max_force_eV_A):
        dropped.setdefault(int(index), f"a reference force of {force[index]:.0f} eV/Å is above {max_force_eV_A:g} eV/Å")
    sound = np.array([i for i in range(len(rmse)) if i not in dropped and rmse[i] > 0], dtype=int)
    names = np.asarray(residuals.groups)
    logs = np.log(np.where(rmse > 0, rmse, 1.0))
    for name in np.unique(names[sound]):
        mine = sound[names[sound] == name]
        for where, away in _far(logs, mine, mine if len(mine) >= _ENOUGH else sound, sigma):
            dropped[where] = f"its force residual of {rmse[where]:.2f} eV/Å is {away:.1f} robust sigma above its group"
    return dropped


def _far(logs: Floats, mine: NDArray[np.int64], crowd: NDArray[np.int64], sigma: float) -> list[tuple[int, float]]:
    """(index, how many sigma) of the frames of `mine` that stand out from the crowd."""
    spread = robust_sigma(logs[crowd])
    if len(crowd) < _ENOUGH or spread <= 0:
        return []
    above = logs[mine] - np.median(logs[crowd])
    out = above > max(sigma * spread, _LEAST)
    return [(int(index), float(far / spread)) for index, far in zip(mine[out], above[out], strict=True)]
