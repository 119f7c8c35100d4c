"""Guests soaked into a host: molecules or ions put into its voids, one after the other, without touching anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import NONMETALS

__all__ = ["opened", "soaked"]

_TOUCH = 1.45
"""Smallest distance of two non-metals, over the covalent sum: looser than a bond, closer than a contact at rest."""

_TOUCH_METAL = 1.0
"""The same where one is a metal: ions sit at about the covalent sum from their neighbours."""

_NONMETAL = np.array([symbol in NONMETALS for symbol in chemical_symbols])

_CLOSEST_A = 1.8

_SPACING_A = 0.5
"""Of the grid on which voids are looked for."""

_PLACES, _TURNS = 60, 12
"""Places and orientations tried for each guest."""


def soaked(host: Atoms, guests: Sequence[Atoms], seed: int) -> Atoms:
    """The host with every guest in a void of its own, the guests after the host's atoms in the order given.

    The widest voids are filled first. Raises BadInput, which says how many found room.
    """
    rng = np.random.default_rng(seed)
    filled = Atoms(host.numbers, host.positions, cell=host.cell, pbc=host.pbc)
    grid = _grid(host)
    for number, guest in enumerate(guests):
        placed = _placed(filled, guest, grid, rng)
        if placed is None:
            raise BadInput(
                f"{number} of {len(guests)} guests found room in {host.symbols.formula:hill}; ask for fewer, for a"
                " larger host, or open it with gallery_A."
            )
        filled = Atoms(filled + placed)
    return filled


def opened(host: Atoms, gallery_A: float) -> Atoms:
    """A layered crystal with `gallery_A` more room in every wide gap between its layers along the third axis."""
    normal = np.cross(host.cell.array[0], host.cell.array[1])
    normal /= np.linalg.norm(normal)
    height = float(host.cell.array[2] @ normal)
    z = np.mod(host.positions @ normal + 1e-6, height)
    order = np.argsort(z, kind="stable")
    gaps = np.diff(np.append(z[order], z[order[0]] + height))
    wide = np.flatnonzero(gaps > max(gaps.max() - 0.3, 1.0))
    if gaps.max() < 1.5:
        raise BadInput("The host has no gap between layers along its third axis that could be opened.")
    grown = Atoms(host)
    grown.wrap(eps=1e-6)
    lift = np.zeros(len(host))
    for place in wide:
        lift[order[place + 1 :]] += gallery_A
    grown.positions += lift[:, None] * normal
    vectors = host.cell.array.copy()
    vectors[2] *= 1 + len(wide) * gallery_A / height
    grown.set_cell(vectors)
    return grown


def _grid(host: Atoms) -> np.ndarray:
    """Points all over the cell, shape (n, 3), Å; along a free direction only where the host is."""
    counts = np.maximum(1, np.ceil(host.cell.lengths() / _SPACING_A)).astype(int)
    axes = [(np.arange(n) + 0.5) / n for n in counts]
    fractions = np.array(np.meshgrid(*axes, indexing="ij")).reshape(3, -1).T
    own = host.get_scaled_positions(wrap=False)
    for axis in np.flatnonzero(~host.pbc):
        low, high = own[:, axis].min(), own[:, axis].max()
        fractions = fractions[(fractions[:, axis] >= low) & (fractions[:, axis] <= high)]
    return np.asarray(fractions @ host.cell.array)


def _placed(host: Atoms, guest: Atoms, grid: np.ndarray, rng: np.random.Generator) -> Atoms | None:
    """The guest at rest in one of the widest voids, turned so that it clears its surroundings most."""
    places, numbers = _imaged(host, 6.0 + float(np.ptp(guest.positions, axis=0).max()))
    tree = cKDTree(places)
    room, _ = tree.query(grid)
    centred = guest.positions - guest.positions.mean(axis=0)
    # Chance among the widest places keeps guests from lining up in one corner of equal voids.
    widest = np.argsort(-np.round(room, 2) + 0.05 * rng.random(len(room)))[: 4 * _PLACES]
    best, clear = None, 1.0
    for place in grid[rng.permutation(widest[:_PLACES])] if len(widest) else grid[:0]:
        for turn in Rotation.random(_TURNS if len(guest) > 1 else 1, rng=rng).as_matrix():
            trial = centred @ turn.T + place
            ratio = _clearance(trial, guest.numbers, tree, numbers)
            if ratio > clear:
                best, clear = trial, ratio
        if clear > 1.25:
            break
    return None if best is None else Atoms(guest.numbers, best)


def _clearance(trial: np.ndarray, kinds: np.ndarray, tree: cKDTree, numbers: np.ndarray) -> float:
    """Smallest distance to the surroundings over that at which things touch."""
    least = np.inf
    for position, kind in zip(trial, kinds, strict=True):
        near = tree.query_ball_point(position, 5.0)
        if near:
            distance = np.linalg.norm(tree.data[near] - position, axis=1)
            factor = np.where(_NONMETAL[numbers[near]] & _NONMETAL[kind], _TOUCH, _TOUCH_METAL)
            touch = np.maximum(_CLOSEST_A, factor * (covalent_radii[numbers[near]] + covalent_radii[kind]))
            least = min(least, float((distance / touch).min()))
    return float(least)


def _imaged(host: Atoms, reach_A: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the atoms and of their periodic images around the cell, and their atomic numbers."""
    cell, wrapped = host.cell.array, Atoms(host)
    wrapped.wrap()
    heights = abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(np.roll(cell, -1, 0), np.roll(cell, -2, 0)), axis=1)
    sides = [range(-n, n + 1) for n in np.where(host.pbc, np.ceil(reach_A / heights).astype(int), 0)]
    shifts = [np.array([a, b, c]) @ cell for a in sides[0] for b in sides[1] for c in sides[2]]
    places = np.concatenate([wrapped.positions + shift for shift in shifts])
    keep = _within(places, cell, heights, reach_A)
    return places[keep], np.tile(host.numbers, len(shifts))[keep]


def _within(places: np.ndarray, cell: np.ndarray, heights: np.ndarray, reach_A: float) -> np.ndarray:
    """Which places lie in the cell or at most `reach_A` outside it."""
    fractions = places @ np.linalg.inv(cell)
    margin = reach_A / heights
    return np.asarray(((fractions > -margin) & (fractions < 1 + margin)).all(axis=1))
