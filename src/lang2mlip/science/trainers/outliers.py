"""How much each frame counts: those that a small fit misses by more than is usual in their group count less.

Frames that MD or a selection by uncertainty brings back may lie where no potential of this size can follow (an atom
that evaporates, a core that is touched). Least squares would bend all else towards them. One round of iteratively
reweighted least squares with a bounded loss (P. J. Huber, Robust Statistics, Wiley 1981, ch. 7) keeps them from it,
group by group, so that a hard group is not given up for an easy one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from ase import Atoms

__all__ = ["DOUBTED", "factors"]

_LEAST = 0.05
"""Smallest factor: a frame may be an outlier because it is the first of its kind."""
_FEWEST = 6
"""Frames that a group needs before it has outliers."""
DOUBTED = 0.25
"""Frames whose weight falls below this share of it are told."""


def factors(square: np.ndarray, frames: Sequence[Atoms]) -> np.ndarray:
    """From mean square residuals, one per frame: min(1, median of its group / its own), at least 0.05."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, atoms in enumerate(frames):
        groups[str(atoms.info.get("group", atoms.get_chemical_formula()))].append(number)
    factor = np.ones(len(frames))
    for members in groups.values():
        usual = float(np.median(square[members]))
        if len(members) >= _FEWEST and usual > 0.0:
            factor[members] = np.clip(usual / np.maximum(square[members], usual), _LEAST, 1.0)
    return factor
