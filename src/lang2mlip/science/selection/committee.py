"""The committee's doubt: how far several fits disagree on the forces of a frame.

The largest over atoms of the standard deviation of the force vector over the members, as in DP-GEN (Y. Zhang et al.,
Comput. Phys. Commun. 253, 107206 (2020)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["BAND_EV_A", "force_deviation"]

BAND_EV_A = (0.05, 0.15)
"""Where doubt begins, and where a frame is not to be trusted any more, eV/Å: DP-GEN's usual bounds."""


def force_deviation(forces: ArrayLike) -> float:
    """Largest deviation, eV/Å, from forces of shape (members, atoms, 3)."""
    table = np.asarray(forces, dtype=float)
    square = ((table - table.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0)
    return float(np.sqrt(square.max(initial=0.0)))
