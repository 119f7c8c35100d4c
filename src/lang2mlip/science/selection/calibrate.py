"""From doubt to error: what earlier picks teach about a grade or a disagreement, and the band that follows from it.

The error of a frame is taken to grow as a power of its doubt: log error = a + s log doubt, with the slope s of
P. K. Sen (J. Am. Stat. Assoc. 63, 1379 (1968)), which a few wild points do not move, within bounds that keep it rising.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "Band", "Law", "Point", "band", "fit"]

Floats = NDArray[np.float64]

FEWEST = 8
"""Points below which nothing is learned from them."""

_SLOPES = (0.2, 3.0)
_LEAST_ORDER = 0.3
"""Rank correlation below which doubt says nothing about error."""

_CAREFUL = 0.75
"""Share of the points that lie below the line from which doubt begins: most frames below it are within the goal."""

_REACH = 3.0
"""How far beyond the doubts that were seen a bound may lie, as a factor."""

_NARROWEST = 3.0
"""The upper bound is at least so many times the lower."""

_TINY = 1e-9


class Point(NamedTuple):
    """A frame that was doubted and then labelled."""

    doubt: float
    error: float
    """Its force RMSE, in any unit that the goal shares."""


class Law(NamedTuple):
    """error = exp(middle) doubt^slope; `careful` in the place of `middle` holds for three quarters of the points."""

    slope: float
    middle: float
    careful: float

    def error(self, doubt: float) -> float:
        """What a doubt stands for."""
        return float(np.exp(self.middle) * max(doubt, _TINY) ** self.slope)


class Band(NamedTuple):
    """Doubts between which a label is worth its price."""

    low: float
    high: float


def fit(points: Sequence[Point]) -> Law | None:
    """The law of these points; None with fewer than eight, or where doubt does not go with error."""
    if len(points) < FEWEST:
        return None
    doubt, error = (np.log(np.maximum([point[i] for point in points], _TINY)) for i in (0, 1))
    if _rank_correlation(doubt, error) < _LEAST_ORDER:
        return None
    i, j = np.triu_indices(len(points), 1)
    apart = np.abs(doubt[j] - doubt[i]) > 1e-6
    slope = float(np.clip(np.median((error[j] - error[i])[apart] / (doubt[j] - doubt[i])[apart]), *_SLOPES))
    rest = error - slope * doubt
    return Law(slope, float(np.median(rest)), float(np.quantile(rest, _CAREFUL)))


def band(points: Sequence[Point], law: Law, goal: float, lost: float, usual: float = 0.0) -> Band:
    """From the doubt at which errors reach `goal` to that at which they reach `lost`, where labels say nothing more.

    Bounds stay near the doubts that were seen, and what was labelled and not lost stays within. Doubt begins no later
    than in the middle of them: where all is well already, the more doubtful frames are still the better ones. Beyond
    the doubts seen, where the law is a guess, frames up to the `usual` upper bound are taken as well.
    """
    doubts = np.array([point.doubt for point in points])
    lowest, highest = max(float(doubts.min()), _TINY) / _REACH, _REACH * float(doubts.max())
    low = float(np.clip(np.exp((np.log(goal) - law.careful) / law.slope), lowest, np.median(doubts)))
    sound = [point.doubt for point in points if point.error < lost]
    at_lost = float(np.exp((np.log(lost) - law.middle) / law.slope))
    high = at_lost if at_lost <= doubts.max() else max(min(at_lost, highest), usual)
    return Band(low, max(high, _NARROWEST * low, *sound))


def _rank_correlation(a: Floats, b: Floats) -> float:
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (a, b)]
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
