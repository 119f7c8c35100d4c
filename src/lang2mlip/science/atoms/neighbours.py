"""Who is near whom: a linked-cell search, O(N), for any cell shape, any periodicity and any cut-off.

The kernel visits every pair once (a half list). Cells smaller than the cut-off are handled by repeating images, so
the same code serves a primitive cell, a slab, a molecule and a melt of 10,000 atoms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from numba import njit
from numpy.typing import NDArray

from lang2mlip.errors import BadInput

__all__ = ["Pairs", "bond_graph", "closest", "closest_of", "covalent_sum", "distances", "pair_key", "pairs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FREE_MARGIN_A = 1e-3
_MOST_IMAGES = 60


class _Grid(NamedTuple):
    """What the kernels share: coordinates in [0, 1), the box, which directions repeat, bins, how many bins to look."""

    fractional: Floats
    box: Floats
    periodic: NDArray[np.bool_]
    bins: Ints
    reach: Ints


class _Meeting(NamedTuple):
    """What `_meet` reads and writes besides two bins."""

    following: Ints
    place: Floats
    cutoff: float
    pairs_found: Ints
    vectors: Floats


class Pairs(NamedTuple):
    """Each pair once: atoms `i` and `j`, their distance, and the vector from i to the image of j, shape (n, 3)."""

    i: Ints
    j: Ints
    distance_A: Floats
    vector_A: Floats


def pair_key(first: str, second: str) -> str:
    """The one name of an element pair: `A-B`, alphabetical."""
    return "-".join(sorted((first, second)))


def covalent_sum(first: int, second: int) -> float:
    """Sum of two covalent radii, Å, from atomic numbers (Cordero 2008, as ASE has them)."""
    return float(covalent_radii[first] + covalent_radii[second])


def pairs(atoms: Atoms, cutoff_A: float) -> Pairs:
    """Every pair of atoms (images included) nearer than the cut-off, once.

    Raises BadInput on positions that are not finite and on cells too thin to be a structure.
    """
    positions = np.ascontiguousarray(atoms.positions, dtype=float)
    if not np.isfinite(positions).all():
        raise BadInput("Positions that are not finite have no neighbours; look at the step before this one.")
    if len(atoms) == 0:
        return Pairs(*(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros((0, 3))))
    box, fractional = _box(atoms, positions)
    periodic = np.asarray(atoms.pbc, dtype=np.bool_)
    heights = 1.0 / np.linalg.norm(np.linalg.inv(box), axis=0)
    most = max(1.0, (2.0 * len(atoms)) ** (1 / 3) * 2)
    bins = np.maximum(1, np.minimum(np.floor(heights / cutoff_A), most)).astype(np.int64)
    reach = np.ceil(cutoff_A * bins / heights - 1e-12).astype(np.int64)
    reach = np.where(periodic, reach, np.minimum(reach, bins - 1))
    if reach.max() > _MOST_IMAGES:
        raise BadInput(f"The cell is only {heights.min():.3g} Å thick, too thin for a structure; check its vectors.")
    grid = _Grid(fractional, box, periodic, bins, reach)
    # A uniform density would have 2/3 π r³ n/V pairs per atom; room for half as many again, and a second try if not.
    dense = 2.1 * cutoff_A**3 * len(atoms) / abs(float(np.linalg.det(box)))
    room = int(len(atoms) * (4 + 1.5 * min(dense, 40.0)))
    while True:
        found, i, j, vector = _half_list(grid, cutoff_A, room)
        if found <= room:
            break
        room = found
    vector = vector[:found]
    return Pairs(i[:found], j[:found], np.sqrt(np.einsum("ij,ij->i", vector, vector)), vector)


def distances(atoms: Atoms, cutoff_A: float) -> Floats:
    """Distances of every pair nearer than the cut-off, each pair once, Å."""
    return pairs(atoms, cutoff_A).distance_A


def closest(atoms: Atoms, cutoff_A: float) -> dict[str, float]:
    """The shortest distance of each element pair, Å; a pair with none within the cut-off is not named."""
    found = pairs(atoms, cutoff_A)
    return closest_of(found, np.asarray(atoms.numbers))


def closest_of(found: Pairs, numbers: NDArray[Any]) -> dict[str, float]:
    """The shortest distance of each element pair in a list of pairs, Å."""
    kinds, index = np.unique(numbers, return_inverse=True)
    low = _shortest(found.i, found.j, found.distance_A, index, len(kinds))
    symbols = [chemical_symbols[number] for number in kinds]
    return {
        pair_key(symbols[a], symbols[b]): float(low[a, b]) for a, b in zip(*np.nonzero(np.isfinite(low)), strict=True)
    }


def bond_graph(atoms: Atoms, factor: float = 1.2) -> tuple[tuple[int, int], ...]:
    """Pairs of atoms nearer than `factor` times their covalent sum, each once, sorted: the bonds of a molecule."""
    radii = covalent_radii[atoms.numbers]
    found = pairs(atoms, 2.0 * factor * float(radii.max())) if len(atoms) else None
    if found is None:
        return ()
    bonded = found.distance_A < factor * (radii[found.i] + radii[found.j])
    return tuple(
        sorted({(int(min(a, b)), int(max(a, b))) for a, b in zip(found.i[bonded], found.j[bonded], strict=True)})
    )


def _box(atoms: Atoms, positions: Floats) -> tuple[Floats, Floats]:
    """A box of full rank, and coordinates in it within [0, 1): free directions get a box that just holds the atoms."""
    box = np.array(atoms.cell.complete(), dtype=float)
    if not atoms.pbc.all():
        box = _orthogonal_where_free(box, np.asarray(atoms.pbc))
    fractional = positions @ np.linalg.inv(box)
    for axis in np.flatnonzero(~np.asarray(atoms.pbc)):
        length = float(np.linalg.norm(box[axis]))
        low = float(fractional[:, axis].min())
        span = float(np.ptp(fractional[:, axis])) + _FREE_MARGIN_A / length
        fractional[:, axis] = (fractional[:, axis] - low) / span
        box[axis] *= span
    fractional -= np.floor(fractional)
    fractional[fractional >= 1.0] = 0.0
    return box, np.ascontiguousarray(fractional)


def _orthogonal_where_free(box: Floats, periodic: NDArray[Any]) -> Floats:
    """The same box with each free vector perpendicular to the periodic ones."""
    kept = [box[axis] for axis in np.flatnonzero(periodic)]
    for axis in np.flatnonzero(~periodic):
        basis = np.linalg.qr(np.array(kept).T)[0].T if kept else np.zeros((0, 3))
        residues = [vector - basis.T @ (basis @ vector) for vector in (box[axis], *np.eye(3))]
        best = max(residues, key=lambda residue: float(np.linalg.norm(residue)))
        box[axis] = best / np.linalg.norm(best)
        kept.append(box[axis])
    return box


@njit(cache=True)
def _shortest(first: Any, second: Any, distance: Any, kind: Any, kinds: int) -> Any:
    """Shortest distance of each pair of kinds, in the upper triangle of (kinds, kinds); infinite for none."""
    low = np.full((kinds, kinds), np.inf)
    for k in range(len(distance)):
        a, b = kind[first[k]], kind[second[k]]
        if a > b:
            a, b = b, a
        if distance[k] < low[a, b]:
            low[a, b] = distance[k]
    return low


@njit(cache=True)
def _fill_bins(fractional: Any, bins: Any) -> Any:
    """Linked list of atoms per bin: head of each bin, next of each atom, bin of each atom (n, 3)."""
    n = len(fractional)
    head = np.full(bins[0] * bins[1] * bins[2], -1, dtype=np.int64)
    following = np.full(n, -1, dtype=np.int64)
    where = np.empty((n, 3), dtype=np.int64)
    for i in range(n):
        for k in range(3):
            where[i, k] = min(int(fractional[i, k] * bins[k]), bins[k] - 1)
        flat = (where[i, 0] * bins[1] + where[i, 1]) * bins[2] + where[i, 2]
        following[i] = head[flat]
        head[flat] = i
    return head, following, where


@njit(cache=True)
def _half_list(grid: Any, cutoff: float, room: int) -> Any:
    """(number found, i, j, vectors): counts on past `room` without writing, so that the caller can ask again.

    Half of the surrounding bins are visited: a pair seen from the other half is the same pair named the other way.
    """
    head, following, where = _fill_bins(grid.fractional, grid.bins)
    pairs_found, vectors = np.empty((room, 2), dtype=np.int64), np.empty((room, 3))
    meeting = _Meeting(following, grid.fractional @ grid.box, cutoff, pairs_found, vectors)
    image, move = np.zeros(3, dtype=np.int64), np.zeros(3)
    width = 2 * grid.reach + 1
    around = width[0] * width[1] * width[2]
    found = 0
    for own in range(len(head)):
        if head[own] < 0:
            continue
        for number in range(around // 2, around):
            other = _bin_at(where[head[own]], number, grid, image)
            if other >= 0 and head[other] >= 0:
                first = head[other] if number > around // 2 else -1
                for k in range(3):
                    move[k] = image[0] * grid.box[0, k] + image[1] * grid.box[1, k] + image[2] * grid.box[2, k]
                found = _meet(head[own], first, move, meeting, found)
    return found, pairs_found[:, 0], pairs_found[:, 1], vectors


@njit(cache=True)
def _meet(i: int, first: int, move: Any, meeting: Any, found: int) -> int:
    """Pairs between the atoms from i on and those from `first` on, moved; within the one bin where `first` is −1."""
    following, place, cutoff, pairs_found, vectors = meeting
    limit, room = cutoff * cutoff, len(vectors)
    while i >= 0:
        x0, x1, x2 = move[0] - place[i, 0], move[1] - place[i, 1], move[2] - place[i, 2]
        j = first if first >= 0 else following[i]
        while j >= 0:
            d0, d1, d2 = x0 + place[j, 0], x1 + place[j, 1], x2 + place[j, 2]
            if d0 * d0 + d1 * d1 + d2 * d2 < limit:
                if found < room:
                    pairs_found[found, 0], pairs_found[found, 1] = i, j
                    vectors[found, 0], vectors[found, 1], vectors[found, 2] = d0, d1, d2
                found += 1
            j = following[j]
        i = following[i]
    return found


@njit(cache=True)
def _bin_at(own: Any, number: int, grid: Any, image: Any) -> int:
    """Index of the neighbouring bin of that number, −1 outside a free direction; writes its image to `image`."""
    index = 0
    for k in range(3):
        below = 1
        for rest in range(k + 1, 3):
            below *= 2 * grid.reach[rest] + 1
        place = own[k] + (number // below) % (2 * grid.reach[k] + 1) - grid.reach[k]
        image[k] = place // grid.bins[k]
        if image[k] != 0 and not grid.periodic[k]:
            return -1
        index = index * grid.bins[k] + place - image[k] * grid.bins[k]
    return index
