"""How near two atoms may come in MD with the potential: what the reference's own MD showed, and what it could not show.

Where that MD is as long as `reference` makes it unless told otherwise, the limit is its nearest distance minus 0.2 Å. A
shorter one, or one in which the pair was near for a small part of the time, has not met the nearest approach that
the same forces bring about in a longer walk, and a limit that forgets this calls a faithful potential broken. So the
allowance is that of the extremes of a normal distribution: N glimpses reach down to z(N) standard deviations, M of them
to z(M), z(n) = Φ⁻¹((n − 3/8) / (n + 1/4)) (G. Blom, Statistical Estimates and Transformed Beta-Variables, 1958), and
the range that N glimpses span is 2 z(N) standard deviations. Few glimpses know their own standard deviation badly: the
upper end of its 90 % confidence interval (chi-squared) is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from scipy.special import chdtri, ndtri

from lang2mlip.contracts import Goals
from lang2mlip.science.atoms.neighbours import closest, covalent_sum

__all__ = ["CLOSER_A", "KEY", "Sight", "glimpses_needed", "nearest_allowed", "shares"]

KEY = "nearest"
"""`nearest A-B` in the ranges of a group: (nearest distance allowed, nearest distance seen), Å."""

CLOSER_A = 0.2
"""A pair may come this much nearer than it ever did in the reference's own MD, Å, however long that was."""

MOST = 0.25
"""A pair may come nearer by this share of its nearest distance at most: what is nearer has collapsed."""

FLOOR = 0.55
"""Times the covalent sum: no allowance reaches below."""

GLIMPSE = 100
"""MD steps after which distances are looked at afresh: about a period of the faster vibrations."""

ENOUGH = 4.0
"""Glimpses of a pair from which on its nearest distance stands for itself."""

CHANCE = 0.01
"""Chance at which a faithful potential may trip over the limit in all of its walks together."""

UNSURE = 0.1
"""Chance at which the standard deviation may be larger than it is taken."""

_REACH_A = 4.0


class Sight(NamedTuple):
    """What one walk of the reference saw of an element pair."""

    nearest_A: float
    furthest_A: float
    """Of the nearest distances of its frames, the largest."""
    steps: int
    """MD steps of the walk."""
    share: float
    """Of its frames, those in which the pair was near at all."""


def nearest_allowed(pair: str, sights: Sequence[Sight], needed: float) -> tuple[float, float]:
    """(nearest distance allowed, nearest distance seen), Å, for walks of `needed` glimpses together."""
    low = min(one.nearest_A for one in sights)
    share = max(one.share for one in sights)
    seen = sum(max(1.0, one.steps / GLIMPSE * one.share) for one in sights)
    if seen >= ENOUGH:
        return low - CLOSER_A, low
    deviation = max(map(_deviation, sights)) * _doubt(seen) * _growth(sights)
    beyond = deviation * (_z(max(needed * share / CHANCE, seen)) - _z(seen))
    allowed = low - float(np.clip(beyond, CLOSER_A, max(CLOSER_A, MOST * low)))
    return max(allowed, min(low - CLOSER_A, FLOOR * _covalent(pair))), low


def glimpses_needed(goals: Goals) -> float:
    """Of all MD runs that a group must survive."""
    return max(2, goals.stable_seeds) * max(1.0, goals.stable_steps / GLIMPSE)


def shares(frames: Sequence[Atoms]) -> dict[str, float]:
    """Of these frames, those in which each element pair is nearer than 4 Å."""
    counts: dict[str, int] = {}
    for atoms in frames:
        for pair in closest(atoms, _REACH_A):
            counts[pair] = counts.get(pair, 0) + 1
    return {pair: count / len(frames) for pair, count in counts.items()}


def _deviation(sight: Sight) -> float:
    """Of the nearest distance, Å, from the range of one walk: two walks differ in temperature, too."""
    seen = max(2.0, sight.steps / GLIMPSE * sight.share)
    return (sight.furthest_A - sight.nearest_A) / (2 * _z(seen))


def _doubt(seen: float) -> float:
    """Upper end of the confidence interval of a standard deviation from so many glimpses, over its estimate."""
    freedom = max(seen, 2.0) - 1.0
    return float(np.sqrt(freedom / chdtri(freedom, 1.0 - UNSURE)))


def _growth(sights: Sequence[Sight]) -> float:
    """Displacements grow at least as the square root of time until a glimpse is over: what a shorter walk lacks."""
    return float(np.sqrt(max(1.0, GLIMPSE / max(1, *(one.steps for one in sights)))))


def _z(count: float) -> float:
    """Standard deviations that the largest of so many normal numbers lies above their mean, as a rule."""
    return float(ndtri((count - 0.375) / (count + 0.25)))


def _covalent(pair: str) -> float:
    first, second = pair.split("-")
    return covalent_sum(atomic_numbers[first], atomic_numbers[second])
