"""Farthest-point sampling: each pick is the point farthest from everything known or picked before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Space", "nearest_distance"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 2_000_000
"""Numbers held at a time when distances to the known points are taken."""

_LEAST_SCALE = 0.01
"""A feature's scale within a group is at least this share of its scale over all."""


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
    """The frames of one group, in coordinates in which 1 is a typical difference within the group.

    Every feature is divided by its standard deviation in the group and by the root of the number of features that vary.
    """

    members: Ints
    """In ascending order."""
    points: Floats
    nearest: Floats

    @classmethod
    def of(cls, table: Floats, members: Ints, known: Floats, overall: Floats) -> Space:
        """From the descriptors of all frames (n, d), the rows of the group, the descriptors of labelled frames, and
        the standard deviation of each feature `overall` (d,).
        """
        own = table[members]
        middle = own.mean(axis=0)
        scale = np.maximum(own.std(axis=0), _LEAST_SCALE * overall)
        varies = scale > 1e-12 * (1.0 + np.abs(middle))
        scale = np.where(varies, scale, np.inf) * np.sqrt(max(1, int(varies.sum())))
        points = (own - middle) / scale
        return cls(members, points, nearest_distance(points, (known - middle) / scale if len(known) else known))

    def take(self, index: int) -> None:
        """Make a frame of the group known: O(members × features)."""
        place = int(np.searchsorted(self.members, index))
        self.nearest = np.minimum(self.nearest, np.linalg.norm(self.points - self.points[place], axis=1))

    def farthest(self, among: Ints) -> tuple[int, float]:
        """The frame among some that is farthest from what is known, and how far; the first where several are.

        Where nothing is known yet, the one nearest to the middle of them.
        """
        places = np.searchsorted(self.members, among)
        away = self.nearest[places]
        best = int(np.argmax(away))
        if np.isinf(away).all():
            middle = self.points[places].mean(axis=0)
            best = int(np.argmin(np.linalg.norm(self.points[places] - middle, axis=1)))
        return int(self.members[places[best]]), float(away[best])
