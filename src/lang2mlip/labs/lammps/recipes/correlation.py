"""Autocorrelation of recorded fluxes and stresses, and where its integral is to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed

__all__ = ["correlation", "integral", "recorded", "vanishes"]

Floats = NDArray[np.float64]


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
