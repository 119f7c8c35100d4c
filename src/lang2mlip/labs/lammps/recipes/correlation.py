"""Green and Kubo: the integral of the autocorrelation of recorded fluxes or stresses, by cepstral analysis.

Half the spectrum at no frequency is the integral over all times, so that no end of it has to be chosen. The noise of a
periodogram multiplies it; in its logarithm it is added, alike at every frequency: the logarithm is made smooth by few
cosines, and its error follows from their number (L. Ercole, A. Marcolongo and S. Baroni, Sci. Rep. 7, 15835 (2017)).
How many is not chosen but averaged over with Akaike's weights, and their disagreement is part of the error: of series
whose integral is known, the best number alone claims half the error that it makes (tests). Integrals that end where a
correlation is lost in its noise leave out its tail.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed

__all__ = ["GreenKubo", "correlation", "green_kubo", "recorded"]

Floats = NDArray[np.float64]

LONGEST_PS = 10.0
"""Longest lag of the correlation that is drawn, ps."""

_POWER = 0.3
"""Share of the power below the highest frequency that is used: what comes above says nothing of the lowest, and asks
for more cosines. Integrals of which a fifth or two fifths are a long tail came out 2 % low, and 6 and 20 % low with 0.6
and 0.95, with the same scatter."""

_FEWEST = 12
"""Frequencies without which there is no spectrum to speak of."""


class GreenKubo(NamedTuple):
    """An integral with its error, and the correlation that was integrated."""

    value: float
    error: float
    highest_THz: float
    """Of the frequencies that were used."""
    terms: float
    """Cosines, by weight, that make up the logarithm of the spectrum."""
    lags_ps: Floats
    normalised: Floats

    def how(self, what: str) -> str:
        """In words."""
        return (
            f"spectrum of the {what} at no frequency, by {self.terms:.1f} cepstral coefficients below"
            f" {self.highest_THz:.2g} THz (L. Ercole, A. Marcolongo and S. Baroni, Sci. Rep. 7, 15835 (2017))"
        )


def green_kubo(values: Floats, interval_ps: float, scale: float) -> GreenKubo:
    """`scale` times the integral of the correlation over the lags, ps; columns are independent. Raises PartFailed."""
    rows = len(values)
    power = (np.abs(np.fft.rfft(values, axis=0)) ** 2).mean(axis=1) * interval_ps / rows
    used = int(np.searchsorted(np.cumsum(power[1:]), _POWER * power[1:].sum())) + 2
    if used < _FEWEST:
        raise PartFailed(f"The run is too short for a spectrum: {used} frequencies hold its power; run longer.")
    logarithm, terms, spread = _at_zero(power[:used], values.shape[1])
    value = float(scale * np.exp(logarithm) / 2)
    whole = correlation(values, round(LONGEST_PS / interval_ps))
    lags = interval_ps * np.arange(float(len(whole)))
    return GreenKubo(value, value * spread, (used - 1) / (rows * interval_ps), terms, lags, whole / whole[0])


def _at_zero(power: Floats, columns: int) -> tuple[float, float, float]:
    """(logarithm of the spectrum at no frequency, how many cosines it has by weight, its standard error)."""
    from scipy.special import digamma, polygamma

    freedom = np.full(len(power), float(columns))
    freedom[[0, -1]] /= 2  # no sine at the ends: half as many independent squares
    cosines = np.fft.irfft(np.log(power) - digamma(freedom) + np.log(freedom))[: len(power)]
    noise = float(polygamma(1, columns)) / (2 * (len(power) - 1))
    terms = np.arange(1, len(power))
    found = cosines[0] + 2 * np.append(0.0, np.cumsum(cosines[1:-1]))
    akaike = np.cumsum(cosines[:0:-1] ** 2)[::-1] / noise + 2 * terms
    weights = np.exp((akaike.min() - akaike) / 2)
    weights /= weights.sum()
    value = float(weights @ found)
    spread = float(np.sqrt(weights @ (noise * (4 * terms - 2) + (found - value) ** 2)))
    return value, float(weights @ terms), spread


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
