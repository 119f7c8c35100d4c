"""Farthest-point sampling: each pick is the point farthest from everything known or picked before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Space", "nearest_distance", "standardised"]

Floats = NDArray[np.float64]

_CHUNK = 2_000_000
"""Numbers held at a time when distances to the known points are taken."""


def standardised(candidates: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Both sets, each feature over its standard deviation in both and over the root of the number of features.

    A distance of 1 is then a typical difference. Features that do not vary count for nothing.
    """
    both = np.concatenate([candidates, known]) if len(known) else candidates
    spread = both.std(axis=0)
    varies = spread > 1e-12 * (1.0 + np.abs(both).max(axis=0))
    scale = np.where(varies, spread, np.inf) * np.sqrt(max(1, varies.sum()))
    return (candidates - both.mean(axis=0)) / scale, (known - both.mean(axis=0)) / scale if len(known) else known


def nearest_distance(points: Floats, known: Floats) -> Floats:
    """Distance of each point to the nearest known one, infinite where nothing is known; memory stays bounded."""
    nearest = np.full(len(points), np.inf)
    if len(known) == 0:
        return nearest
    norms = np.einsum("ij,ij->i", known, known)
    size = max(1, _CHUNK // len(known))
    for start in range(0, len(points), size):
        part = points[start : start + size]
        square = np.einsum("ij,ij->i", part, part)[:, None] + norms - 2.0 * part @ known.T
        nearest[start : start + size] = np.sqrt(np.maximum(square.min(axis=1), 0.0))
    return nearest


@dataclass
class Space:
    """Candidates (n, d) and how far each is from what is known; `pick` takes the farthest and makes it known."""

    points: Floats
    nearest: Floats

    @classmethod
    def of(cls, candidates: Floats, known: Floats) -> Space:
        """From raw descriptors."""
        points, rest = standardised(np.asarray(candidates, dtype=float), np.asarray(known, dtype=float))
        return cls(points, nearest_distance(points, rest))

    def take(self, index: int) -> None:
        """Make a candidate known: O(n d)."""
        away = np.linalg.norm(self.points - self.points[index], axis=1)
        self.nearest = np.minimum(self.nearest, away)

    def farthest(self, among: NDArray[np.int64]) -> int:
        """The candidate among some that is farthest from what is known, the first where several are.

        Where nothing is known yet, the one nearest to the middle of them.
        """
        away = self.nearest[among]
        if np.isinf(away).all():
            middle = self.points[among].mean(axis=0)
            return int(among[np.argmin(np.linalg.norm(self.points[among] - middle, axis=1))])
        return int(among[np.argmax(away)])
