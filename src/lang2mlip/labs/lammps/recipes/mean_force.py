"""A spring that moves slowly along a coordinate → mean forces → the free energy, with the errors of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.statistics import blocks

__all__ = ["Profile", "followed"]

Floats = NDArray[np.float64]

_FINE = 801
_DEGREE = 9
_BLOCKS = 4
_FEWEST = 2 * _BLOCKS
"""Values of a part: two to a block."""


def followed(folder: Path, bias: str) -> Floats:
    """Rows of the variable and of the spring's centre, in the order of time, as colvars wrote them to `bias`.

    Raises PartFailed where there are none.
    """
    found = sorted(folder.glob(f"{bias}*colvars.traj"))
    rows = [line.split() for line in found[0].read_text().splitlines() if line.strip()[:1] not in "#"] if found else []
    if not rows or {len(row) for row in rows} != {3}:
        raise PartFailed(f"{folder} holds no trajectory of the spring and of what it pulled.")
    return np.array(rows, dtype=float)[:, 1:]


@dataclass(frozen=True)
class Profile:
    """The free energy (eV) at places `s` (Å), and the errors of the mean forces (eV/Å) from which it comes."""

    s: Floats
    free: Floats
    places: Floats
    errors: Floats

    @classmethod
    def of(cls, rows: Floats, parts: int, spring_eV_A2: float) -> Profile:
        """From the mean pull in each part of the way. Raises PartFailed where the variable did not follow the spring.

        A part averages the force over all places within it; by the force's bend that average differs from the force at
        its middle, and is freed from that. The bend is that of a smooth curve through all parts, for that of noise
        is larger.
        """
        if len(rows) < parts * _FEWEST:
            raise PartFailed(f"{len(rows)} values are too few for {parts} mean forces; run longer.")
        chunks = blocks(rows, parts)
        places = np.array([float(one[:, 0].mean()) for one in chunks])
        if not (np.diff(places) > 0).all():
            raise PartFailed("The atom did not follow the spring evenly; run longer, or with a stiffer spring.")
        force = spring_eV_A2 * (np.array([float(one[:, 1].mean()) for one in chunks]) - places)
        spread2 = np.array([float(np.var(one[:, 0])) for one in chunks])
        bend = Polynomial.fit(places, force, _DEGREE).deriv(2)
        force = force - spread2 / 2 * bend(places)
        s = np.linspace(places[0], places[-1], _FINE)
        free = np.asarray(CubicSpline(places, force).antiderivative()(s))
        return cls(s, free, places, spring_eV_A2 * np.array([_error(one[:, 1] - one[:, 0]) for one in chunks]))

    def ends(self) -> tuple[int, int, int]:
        """Where in `s` the first well, the saddle and the second well are. Raises PartFailed where there are none."""
        quarter = len(self.s) // 4
        top = quarter + int(np.argmax(self.free[quarter:-quarter]))
        left, right = int(np.argmin(self.free[:top])), top + int(np.argmin(self.free[top:]))
        if left == 0 or right == len(self.s) - 1:
            raise PartFailed("A well of the hop lies beyond the way of the spring; the crystal did not keep its sites.")
        return left, top, right

    def noise(self, begin: float, end: float) -> float:
        """Standard error of the difference in free energy between two places, eV; the parts are independent."""
        inside = (self.places > begin) & (self.places < end)
        return float(np.sqrt(np.sum((np.gradient(self.places) * self.errors)[inside] ** 2)))


def _error(values: Floats) -> float:
    """Standard error of the mean of a part, from four blocks about a straight line, for the force changes on the way.

    Blocks alone, not the largest error of all levels: what swings to and fro has a mean that is known better than from
    as many independent values.
    """
    means = np.array([float(one.mean()) for one in blocks(values, _BLOCKS)])
    when = np.arange(_BLOCKS)
    rest = means - np.polyval(np.polyfit(when, means, 1), when)
    return float(np.sqrt(np.sum(rest**2) / (_BLOCKS - 2) / _BLOCKS))
