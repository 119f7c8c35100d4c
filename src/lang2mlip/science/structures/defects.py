"""Point defects of a crystal: atoms taken out, put in between, or replaced."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.geometry import get_distances
from pydantic import Field, model_validator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import PAIR_FACTOR, bonds

__all__ = ["Substitution", "put_between", "replace", "take_out", "take_out_groups", "take_out_molecules"]

_GRID_A = 0.4
_NARROWEST = 0.6
"""Holes narrower than this times the sum of covalent radii take no atom."""

_PUSHED = 1.15
"""Neighbours of an atom put in make room until they keep this times the distance below which the gate objects."""


class Substitution(Noun):
    """Replace some atoms of one element by another."""

    element: str = Field(description="what is replaced")
    by: str = Field(description="what comes in its place")
    count: int | None = Field(default=None, ge=1, description="how many atoms, picked at random by the seed")
    share: float | None = Field(
        default=None, gt=0, le=1, description="share of the element's atoms, instead of `count`"
    )

    @model_validator(mode="after")
    def _an_amount(self) -> Substitution:
        if (self.count is None) == (self.share is None):
            raise ValueError("give either count or share")
        return self


def replace(atoms: Atoms, swap: Substitution, rng: np.random.Generator) -> None:
    """Swap elements in place. Raises BadInput when there are too few atoms."""
    sites = np.flatnonzero(atoms.symbols == swap.element)
    count = swap.count if swap.count is not None else round((swap.share or 0.0) * len(sites))
    if len(sites) < count or not len(sites):
        raise BadInput(f"Cannot replace {count} {swap.element}: the cell has {len(sites)}; make it larger.")
    atoms.symbols[rng.choice(sites, count, replace=False)] = swap.by


def take_out(atoms: Atoms, count: int, element: str | None, rng: np.random.Generator) -> None:
    """Take out atoms of one element, or of any. Raises BadInput when none would be left."""
    if not count:
        return
    chosen = np.ones(len(atoms), bool) if element is None else atoms.symbols == element
    sites = np.flatnonzero(chosen)
    if len(sites) < count or len(atoms) <= count:
        raise BadInput(f"Cannot take {count} atoms out of {len(sites)}; make the cell larger.")
    del atoms[rng.choice(sites, count, replace=False)]


def take_out_groups(atoms: Atoms, count: int, group: Mapping[str, int], rng: np.random.Generator) -> None:
    """Take out `count` groups of atoms that are neutral together, each gathered around a random atom of the rarest."""
    for _ in range(count):
        counts = atoms.symbols.formula.count()
        lacking = [symbol for symbol, number in group.items() if counts.get(symbol, 0) < number]
        if lacking or len(atoms) <= sum(group.values()):
            raise BadInput(f"No {'and '.join(lacking) or 'atoms'} left to take out; make the cell larger.")
        rarest = min(group, key=lambda symbol: counts[symbol])
        centre = int(rng.choice(np.flatnonzero(atoms.symbols == rarest)))
        distance = atoms.get_distances(centre, range(len(atoms)), mic=bool(atoms.pbc.any()))
        gone: list[int] = []
        for symbol, number in group.items():
            sites = np.flatnonzero(atoms.symbols == symbol)
            gone += sites[np.argsort(distance[sites], kind="stable")[:number]].tolist()
        del atoms[gone]


def take_out_molecules(atoms: Atoms, count: int, rng: np.random.Generator) -> None:
    """Take out `count` whole molecules at random. Raises BadInput where nothing would be left."""
    for _ in range(count):
        pairs = np.array(bonds(atoms), int).reshape(-1, 2)
        links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(atoms), len(atoms)))
        number, body = connected_components(links, directed=False)
        if number < 2:
            raise BadInput(
                f"{atoms.symbols.formula:hill} has no molecule that could be left out; make the cell larger."
            )
        del atoms[np.flatnonzero(body == rng.integers(number))]


def put_between(atoms: Atoms, wanted: Mapping[str, int], rng: np.random.Generator) -> Atoms:
    """The crystal with interstitial atoms in its widest holes, the seed deciding between equal ones.

    Raises BadInput when there is no room.
    """
    crowded = Atoms(atoms)
    for symbol, count in wanted.items():
        for _ in range(count):
            crowded = _with_one(crowded, symbol, rng)
    return crowded


def _with_one(atoms: Atoms, symbol: str, rng: np.random.Generator) -> Atoms:
    number = [max(2, int(np.ceil(length / _GRID_A))) for length in atoms.cell.lengths()]
    axes = [(np.arange(n) + rng.random()) / n for n in number]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ atoms.cell.array
    room = _room(atoms, grid, covalent_radii[atomic_numbers[symbol]])
    if room.max() < _NARROWEST:
        raise BadInput(f"The crystal has no hole wide enough for {symbol}; leave the interstitial out.")
    widest = np.flatnonzero(room > 0.97 * room.max())
    return _pushed(atoms, symbol, grid[int(rng.choice(widest))])


def _room(atoms: Atoms, grid: np.ndarray, radius: float) -> np.ndarray:
    """Distance from each point to the nearest atom over the sum of the radii, shape (n,)."""
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1) if p else (0,) for p in atoms.pbc], indexing="ij"), -1).reshape(-1, 3)
    room = np.full(len(grid), np.inf)
    for number in np.unique(atoms.numbers):
        images = atoms.positions[atoms.numbers == number][:, None] + shifts @ atoms.cell.array
        distance, _ = cKDTree(images.reshape(-1, 3)).query(grid)
        room = np.minimum(room, distance / (covalent_radii[number] + radius))
    return room


def _pushed(atoms: Atoms, symbol: str, place: np.ndarray) -> Atoms:
    """The atom at its place, its nearest neighbours moved outwards as far as needed."""
    vectors, distances = (found[0] for found in get_distances([place], atoms.positions, cell=atoms.cell, pbc=atoms.pbc))
    wanted = _PUSHED * PAIR_FACTOR * (covalent_radii[atoms.numbers] + covalent_radii[atomic_numbers[symbol]])
    lacking = np.maximum(0.0, wanted - distances)
    atoms.positions += vectors * (lacking / distances)[:, None]
    return Atoms(atoms + Atoms(symbol, [place]))
