"""Means with honest error bars, straight lines with errors of their slope, spreads that outliers cannot move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lang2mlip.errors import BadInput

__all__ = ["Line", "Mean", "block_mean", "blocks", "line", "robust_sigma", "settled"]

_FEWEST_BLOCKS = 8


@dataclass(frozen=True)
class Mean:
    """A mean, its standard error, and how many independent values it rests on."""

    value: float
    error: float
    independent: float


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x, the standard error of the slope, and the rms residual."""

    slope: float
    intercept: float
    slope_error: float
    residual: float


def block_mean(values: ArrayLike) -> Mean:
    """Mean of a correlated series; its error by blocking (Flyvbjerg & Petersen, J. Chem. Phys. 91, 461 (1989)).

    Neighbours are averaged in pairs until fewer than eight blocks are left; the largest error on the way is taken, so
    that correlation is never under-rated. Fewer than two values have an infinite error. Raises BadInput on none.
    """
    series = _series(values)
    if len(series) < 2:
        return Mean(float(series.mean()), float("inf"), 1.0)
    naive = error = _standard_error(series)
    level = series
    while len(level) // 2 >= _FEWEST_BLOCKS:
        level = level[: len(level) // 2 * 2].reshape(-1, 2).mean(axis=1)
        error = max(error, _standard_error(level))
    independent = len(series) * (naive / error) ** 2 if error > 0 else float(len(series))
    return Mean(float(series.mean()), error, independent)


def blocks(values: ArrayLike, number: int) -> list[NDArray[np.float64]]:
    """The series in `number` runs of equal length, the rest left off at the start. Raises BadInput when too short."""
    series = np.asarray(values, dtype=float)
    length = len(series) // number
    if length < 1:
        raise BadInput(f"A series of {len(series)} values cannot be cut into {number} blocks; run longer.")
    return list(series[len(series) - number * length :].reshape(number, length, *series.shape[1:]))


def settled(values: ArrayLike, tolerance: float = 0.0) -> bool:
    """Whether a series has stopped drifting: its second and last thirds agree.

    Their means may differ by twice the error of the difference (blocks of each), or by `tolerance` if that is more.
    Fewer than 12 values are never enough.
    """
    series = _series(values)
    third = len(series) // 3
    if third < 4:
        return False
    middle, last = block_mean(series[third : 2 * third]), block_mean(series[-third:])
    noise = float(np.hypot(middle.error, last.error))
    return bool(abs(last.value - middle.value) <= max(tolerance, 2.0 * noise))


def line(x: ArrayLike, y: ArrayLike) -> Line:
    """Least squares. Raises BadInput with fewer than three points."""
    abscissa, ordinate = _series(x), _series(y)
    if len(abscissa) < 3:
        raise BadInput(f"A line with an error needs at least three points, not {len(abscissa)}; run longer.")
    centred = abscissa - abscissa.mean()
    spread = float(centred @ centred)
    slope = float(centred @ ordinate) / spread
    intercept = float(ordinate.mean() - slope * abscissa.mean())
    residual = ordinate - intercept - slope * abscissa
    variance = float(residual @ residual) / (len(abscissa) - 2)
    return Line(slope, intercept, float(np.sqrt(variance / spread)), float(np.sqrt(np.mean(residual**2))))


def robust_sigma(values: ArrayLike) -> float:
    """Standard deviation of the bulk of the values: 1.4826 times the median absolute deviation from the median."""
    series = _series(values)
    return float(1.4826 * np.median(np.abs(series - np.median(series))))


def _series(values: ArrayLike | Sequence[float]) -> NDArray[np.float64]:
    series = np.asarray(values, dtype=float).ravel()
    if series.size == 0:
        raise BadInput("There are no values to average; run longer or keep frames more often.")
    return series


def _standard_error(series: NDArray[np.float64]) -> float:
    return float(series.std(ddof=1) / np.sqrt(len(series)))
