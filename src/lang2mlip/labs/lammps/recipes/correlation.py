"""Green and Kubo: the integral of the autocorrelation of recorded fluxes or stresses, and where it is to end."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed

__all__ = ["GreenKubo", "correlation", "green_kubo", "integral", "recorded", "vanishes"]

Floats = NDArray[np.float64]

LONGEST_PS = 10.0
"""Longest lag, ps."""

_BLOCKS = 5


class GreenKubo(NamedTuple):
    """An integral with its error, and the correlation that was integrated."""

    value: float
    error: float
    end_ps: float
    lags_ps: Floats
    normalised: Floats

    def how(self, what: str) -> str:
        """In words."""
        return f"integral of the {what} correlation up to {self.end_ps:.2f} ps, spread of {_BLOCKS} blocks"


def green_kubo(values: Floats, interval_ps: float, scale: float) -> GreenKubo:
    """`scale` times the integral over the lags, to where the correlation is lost in its noise; error from blocks."""
    whole = correlation(values, round(LONGEST_PS / interval_ps))
    end = vanishes(whole)
    parts = [scale * interval_ps * integral(correlation(one, end)) for one in np.array_split(values, _BLOCKS)]
    error = float(np.std(parts, ddof=1) / np.sqrt(_BLOCKS))
    value = scale * interval_ps * integral(whole[: end + 1])
    return GreenKubo(value, error, end * interval_ps, interval_ps * np.arange(float(len(whole))), whole / whole[0])


def recorded(file: Path, what: str) -> tuple[Floats, Floats]:
    """(steps, columns) of a file of fix ave/time. Raises PartFailed where it is not there."""
    if not file.is_file():
        raise PartFailed(f"The run left no {file}; its script must write the {what}.")
    table = np.atleast_2d(np.loadtxt(file, comments="#"))
    return table[:, 0], table[:, 1:]


def correlation(values: Floats, longest: int) -> Floats:
    """Autocorrelation of the columns about zero, averaged over them, for lags 0 to `longest`.

    At equilibrium they are zero on average; a mean taken from the run itself would be partly what is looked for.
    """
    rows = len(values)
    waves = np.fft.rfft(values, 2 * rows, axis=0)
    found = np.fft.irfft(np.abs(waves) ** 2, axis=0)[: min(longest, rows - 1) + 1].mean(axis=1)
    return np.asarray(found / np.arange(rows, rows - len(found), -1))


def vanishes(values: Floats) -> int:
    """The lag at which it first falls into its own noise, which is its rms value over the later half of the lags.

    Integrating on to where it crosses zero would end at a maximum of the integral, and be too large by chance.
    """
    noise = float(np.sqrt(np.mean(values[len(values) // 2 :] ** 2)))
    below = np.flatnonzero(values <= noise)
    return int(below[0]) if len(below) else len(values) - 1


def integral(values: Floats) -> float:
    """By trapezia, in units of the interval."""
    return float(np.trapezoid(values))
