"""Extrapolation grade by D-optimality: how far an atom's basis values lie outside those of the training set.

E. V. Podryabinkin, A. V. Shapeev, Comput. Mater. Sci. 140, 171 (2017). The active set is the square submatrix of
(nearly) largest volume, found by the maxvol exchange of S. A. Goreinov et al. (2010); a row's grade is the largest
coefficient of its expansion in the active rows, so that every training row has a grade of at most `tolerance`.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lu, solve

__all__ = ["active_inverse", "row_grades"]

_BLOCK = 4000
_PASSES = 20
"""Rows are taken in blocks, so that memory does not grow with the data; passes until the set stays."""

_REGULAR = 1e-6
"""Rows of a small unit matrix stand in where the data do not span all directions, relative to each column's size."""


def active_inverse(rows: np.ndarray, tolerance: float = 1.001) -> np.ndarray:
    """Inverse of the active set's matrix, (n, n), for training rows (m, n); m may be smaller than n."""
    scale = np.abs(rows).max(axis=0, initial=0.0)
    scale[scale == 0.0] = 1.0
    active = _pivots(np.vstack([_REGULAR * np.eye(rows.shape[1]), rows[:: -(-len(rows) // _BLOCK) or 1] / scale]))
    for _ in range(_PASSES):
        swaps = 0
        for start in range(0, len(rows), _BLOCK):
            swaps += _exchange(active, rows[start : start + _BLOCK] / scale, tolerance)
        if swaps == 0:
            break
    return np.asarray(np.linalg.inv(active) / scale[:, None])


def _pivots(rows: np.ndarray) -> np.ndarray:
    """The rows that Gaussian elimination chooses: a set of large, not yet of largest volume."""
    order, _, _ = lu(rows, p_indices=True)
    return np.asarray(rows[np.argsort(order)[: rows.shape[1]]])


def _exchange(active: np.ndarray, rows: np.ndarray, tolerance: float) -> int:
    """Swap rows into the active set (in place) while a swap enlarges its volume. Returns the number of swaps."""
    size = rows.shape[1]
    expansion = solve(active.T, rows.T).T
    swaps = 0
    while swaps < 20 * size:
        i, j = divmod(int(np.abs(expansion).argmax()), size)
        if abs(expansion[i, j]) <= tolerance:
            break
        swaps += 1
        active[j] = rows[i]
        change = expansion[i].copy()
        change[j] -= 1.0
        expansion -= np.outer(expansion[:, j], change) / expansion[i, j]
    return swaps


def row_grades(rows: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Grade of each row, (m,)."""
    return np.asarray(np.abs(rows @ inverse).max(axis=1, initial=0.0))
