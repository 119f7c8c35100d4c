"""A series of thermo output: from where on it is stationary, its mean with an honest error, and its drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lang2mlip.science.atoms.statistics import Mean, block_mean, line

__all__ = ["FEWEST", "Drift", "drift", "stationary_from", "stationary_mean"]

FEWEST = 20
"""Rows below which nothing is said about a series."""

_BATCH = 5
_MOST_CORRELATED = 0.98


@dataclass(frozen=True)
class Drift:
    """A straight line through a series: its change from first to last row, and the error of that."""

    change: float
    error: float

    @property
    def significant(self) -> bool:
        """Beyond three standard errors."""
        return abs(self.change) > 3 * self.error


def stationary_from(values: ArrayLike) -> int | None:
    """The row from which on the series is stationary; None where it never is within its first half.

    The rest has the smallest marginal standard error of its mean, in batches of five (MSER-5: K. P. White, M. J. Cobb
    and S. C. Spratt, Proc. Winter Simulation Conf. 2000, 755), and its later thirds agree. Too few or bad rows: None.
    """
    series = np.asarray(values, dtype=float)
    if len(series) < FEWEST or not np.isfinite(series).all():
        return None
    size = _BATCH if len(series) >= 10 * _BATCH else 1
    batches = series[: len(series) // size * size].reshape(-1, size).mean(axis=1)
    half = len(batches) // 2
    errors = [float(np.var(batches[cut:])) / (len(batches) - cut) for cut in range(half + 1)]
    cut = int(np.argmin(errors))
    if cut == half:  # the smallest error may lie there by chance: then the quarter before it says the same
        cut = half // 2
        if not _agree(series[cut * size :], (half - cut) * size):
            return None
    rest = series[cut * size :]
    third = len(rest) // 3
    return cut * size if _agree(rest[-2 * third :], third) else None


def _agree(series: NDArray[np.float64], first: int) -> bool:
    """The mean of the first rows is that of the others within three errors of the difference.

    The error is that of a first-order autoregression about a straight line, its correlation without the bias of short
    series (M. G. Kendall, Biometrika 41, 403 (1954)); blocks would under-rate it where only a few are independent.
    """
    when = np.linspace(0.0, 1.0, len(series))
    rest = series - np.polyval(np.polyfit(when, series, 1), when)
    spread = float(np.mean(rest**2))
    if spread == 0.0:
        return bool(series[0] == series[-1])
    lag = float(np.mean(rest[1:] * rest[:-1])) / spread
    lag = min(max(0.0, lag + (1 + 4 * lag) / len(series)), _MOST_CORRELATED)
    error = spread * (1 + lag) / (1 - lag)
    other = len(series) - first
    return bool(abs(series[:first].mean() - series[first:].mean()) <= 3 * np.sqrt(error / first + error / other))


def stationary_mean(values: ArrayLike) -> Mean | None:
    """Mean and blocked error of the stationary part; None where there is none."""
    begin = stationary_from(values)
    return None if begin is None else block_mean(np.asarray(values, dtype=float)[begin:])


def drift(values: ArrayLike) -> Drift | None:
    """How far a straight line through the series goes, and its error by blocks of the residuals; None for few rows.

    Residuals of a conserved quantity are correlated, so the error of the slope is enlarged as that of their mean is.
    """
    series: NDArray[np.float64] = np.asarray(values, dtype=float)
    if len(series) < FEWEST or not np.isfinite(series).all():
        return None
    when = np.linspace(0.0, 1.0, len(series))
    fit = line(when, series)
    rest = series - fit.intercept - fit.slope * when
    blocked = block_mean(rest)
    enlarged = np.sqrt(len(rest) / max(blocked.independent, 1.0))
    return Drift(fit.slope, float(fit.slope_error * enlarged))
