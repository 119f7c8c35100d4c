"""Neighbour lists in linear time: any cell, any mix of periodic directions, several images of one atom.

Each atom is binned in cell coordinates; only bins within the cutoff are searched. A list is a compressed row table:
the neighbours of atom i are entries `first[i]` to `first[i + 1]`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from numba import njit

__all__ = ["Neighbours", "neighbours"]

jit: Any = njit(cache=True, nogil=True, error_model="numpy")


class Neighbours(NamedTuple):
    """All ordered pairs within a cutoff: r_ij = positions[j] + image @ cell - positions[i]."""

    first: np.ndarray
    """(n_atoms + 1,) int64: where the neighbours of each atom begin."""
    partner: np.ndarray
    """(n_pairs,) int32: the neighbour j."""
    image: np.ndarray
    """(n_pairs, 3) int32: the periodic image of j, in cell vectors."""


def neighbours(atoms: Atoms, cutoff: float) -> Neighbours:
    """Every pair closer than `cutoff` (Å), both ways, images of an atom itself included."""
    positions = np.ascontiguousarray(atoms.positions, dtype=float)
    periodic = np.asarray(atoms.pbc, dtype=bool)
    frame, origin = _frame(positions, np.asarray(atoms.cell), periodic, cutoff)
    scaled = (positions - origin) @ np.linalg.inv(frame)
    wrap = np.where(periodic, np.floor(scaled), 0.0).astype(np.int32)
    heights = 1.0 / np.linalg.norm(np.linalg.inv(frame), axis=0)
    bins = np.clip((heights / cutoff).astype(np.int64), 1, 64)
    reach = np.where(periodic, np.ceil(cutoff * bins / heights), np.minimum(np.ceil(cutoff * bins / heights), bins - 1))
    grid = _Grid(frame, bins, reach.astype(np.int64), periodic)
    return Neighbours(*_search(positions - wrap @ frame, scaled - wrap, wrap, grid, cutoff))


def _frame(
    positions: np.ndarray, cell: np.ndarray, periodic: np.ndarray, cutoff: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cell vectors and origin in which every atom of a non-periodic direction has a coordinate between 0 and 1."""
    frame = cell.astype(float).copy()
    for axis in np.flatnonzero(~periodic):
        frame[axis] = 0.0
    free = list(np.flatnonzero(~periodic))
    if free:
        _, _, directions = np.linalg.svd(frame) if len(free) < 3 else (None, None, np.eye(3))
        for axis, direction in zip(free, directions[3 - len(free) :], strict=True):
            frame[axis] = direction
        scaled = positions @ np.linalg.inv(frame)
        low, span = scaled.min(axis=0), np.ptp(scaled, axis=0) + 1e-6 * cutoff
        origin = np.where(periodic, 0.0, low) @ frame
        frame[free] *= np.maximum(span[free], 1e-6)[:, None]
        return frame, origin
    return frame, np.zeros(3)


class _Grid(NamedTuple):
    frame: np.ndarray
    bins: np.ndarray
    reach: np.ndarray
    periodic: np.ndarray


@jit
def _search(positions, scaled, wrap, grid, cutoff):  # type: ignore[no-untyped-def]
    """Count, then fill."""
    n = positions.shape[0]
    head, link, where = _fill_bins(scaled, grid.bins)
    first = np.zeros(n + 1, np.int64)
    none = np.empty(0, np.int32)
    for i in range(n):
        first[i + 1] = first[i] + _visit(
            i, positions, head, link, where, wrap, grid, cutoff, 0, none, none.reshape(0, 3)
        )
    index = np.empty(first[n], np.int32)
    image = np.empty((first[n], 3), np.int32)
    for i in range(n):
        _visit(i, positions, head, link, where, wrap, grid, cutoff, first[i], index, image)
    return first, index, image


@jit
def _fill_bins(scaled, bins):  # type: ignore[no-untyped-def]
    """Linked lists of the atoms of each bin, in rising order."""
    n = scaled.shape[0]
    head = np.full(bins[0] * bins[1] * bins[2], -1, np.int64)
    link = np.empty(n, np.int64)
    where = np.empty((n, 3), np.int64)
    for i in range(n - 1, -1, -1):
        for k in range(3):
            where[i, k] = min(max(int(scaled[i, k] * bins[k]), 0), bins[k] - 1)
        b = (where[i, 0] * bins[1] + where[i, 1]) * bins[2] + where[i, 2]
        link[i] = head[b]
        head[b] = i
    return head, link, where


@jit
def _visit(i, positions, head, link, where, wrap, grid, cutoff, start, index, image):  # type: ignore[no-untyped-def]
    """Neighbours of atom i; written from `start` on when `index` has room. Returns their number."""
    found = 0
    write = index.shape[0] > 0
    shift = np.zeros(3, np.int64)
    for ox in range(-grid.reach[0], grid.reach[0] + 1):
        for oy in range(-grid.reach[1], grid.reach[1] + 1):
            for oz in range(-grid.reach[2], grid.reach[2] + 1):
                b = _bin(where[i, 0] + ox, where[i, 1] + oy, where[i, 2] + oz, grid, shift)
                j = head[b] if b >= 0 else -1
                while j >= 0:
                    if _near(i, j, positions, shift, grid.frame, cutoff):
                        if write:
                            index[start + found] = j
                            for k in range(3):
                                image[start + found, k] = shift[k] - wrap[j, k] + wrap[i, k]
                        found += 1
                    j = link[j]
    return found


@jit
def _bin(x, y, z, grid, shift):  # type: ignore[no-untyped-def]
    """The bin at (x, y, z) after wrapping, with the number of cells it was moved by in `shift`; -1 outside."""
    shift[0], shift[1], shift[2] = x // grid.bins[0], y // grid.bins[1], z // grid.bins[2]
    for k in range(3):
        if shift[k] != 0 and not grid.periodic[k]:
            return -1
    x, y, z = x - shift[0] * grid.bins[0], y - shift[1] * grid.bins[1], z - shift[2] * grid.bins[2]
    return (x * grid.bins[1] + y) * grid.bins[2] + z


@jit
def _near(i, j, positions, shift, frame, cutoff):  # type: ignore[no-untyped-def]
    """Is the image of j within the cutoff of i, and not i itself?"""
    if i == j and shift[0] == 0 and shift[1] == 0 and shift[2] == 0:
        return False
    square = 0.0
    for k in range(3):
        d = positions[j, k] - positions[i, k]
        d += shift[0] * frame[0, k] + shift[1] * frame[1, k] + shift[2] * frame[2, k]
        square += d * d
    return square < cutoff * cutoff
