"""Bonds that break and bonds that are made in MD, counted against the molecules of the start: rates with error bars.

A bond counts as broken when it is longer than 1.6 times the covalent sum, and as whole again when it is shorter than
1.35 times; a new one as made below 1.1 times, and as gone above 1.6 times. What lies between changes nothing, so that a
vibration is no reaction. Events are seen at the frames alone: what happens and is undone between two of them is missed,
on both sides alike when both are kept equally often.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray

from lang2mlip.contracts import Property
from lang2mlip.science.atoms.neighbours import Pairs, bond_graph, pairs

__all__ = ["Events", "compare", "covalent_bonds", "events"]

BROKEN, WHOLE = 1.6, 1.35
MADE = 1.1
"""Distances over the covalent sum."""

TELLING_PER_PS = 1.0
"""A limit above this is that of walks of a few picoseconds or less, which can prove nothing."""

Pair = tuple[int, int]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """What happened to the bonds of one or more walks of the same structure."""

    bonds: int
    """Bonds at the start."""
    broken: int
    """Times that one of them broke."""
    made: int
    """Times that two atoms without a bond made one."""
    open: int
    """Bonds of the start that are broken at the end."""
    time_ps: float

    def __add__(self, other: Events) -> Events:
        return Events(
            max(self.bonds, other.bonds),
            self.broken + other.broken,
            self.made + other.made,
            self.open + other.open,
            self.time_ps + other.time_ps,
        )

    def rate(self, count: int) -> tuple[float, float]:
        """(events per ps, its standard error): that of a Poisson process, of one event where there was none."""
        time = max(self.time_ps, 1e-12)
        return count / time, float(np.sqrt(max(count, 1))) / time


def covalent_bonds(atoms: Atoms, between: Collection[str]) -> tuple[Pair, ...]:
    """The bonds of these atoms whose ends are both among the elements `between`: an ion's neighbours are no bonds."""
    symbols = atoms.get_chemical_symbols()
    return tuple((i, j) for i, j in bond_graph(atoms) if symbols[i] in between and symbols[j] in between)


def events(start: Atoms, frames: Sequence[Atoms], time_ps: float, between: Collection[str]) -> Events:
    """What happens in the frames of a walk of `time_ps` from `start`, whose bonds are the whole ones."""
    bonds = covalent_bonds(start, between)
    known, partners = np.array(bonds, dtype=np.int64).reshape(-1, 2), set(bonds)
    sums = covalent_radii[start.numbers[known]].sum(axis=1)
    allowed = np.isin(start.get_chemical_symbols(), list(between))
    whole, new = np.ones(len(known), dtype=bool), set[Pair]()
    broken = made = 0
    for atoms in frames:
        ratio = _lengths(atoms, known) / sums
        broken += int((whole & (ratio > BROKEN)).sum())
        whole = np.where(whole, ratio <= BROKEN, ratio < WHOLE)
        near, held = _new_bonds(atoms, allowed, partners)
        made += len(near - new)
        new = near | (new & held)
    return Events(len(known), broken, made, int((~whole).sum()), time_ps)


def compare(subject: str, mine: Events, known: Events) -> tuple[Property, ...]:
    """Bonds broken and made per ps by the potential beside the reference's own MD of the same structure.

    Only more of them is a fault: fewer may be too short a walk. The limit is twice the error bar of the difference;
    where walks are so short that it says nothing there is none, unless they contradict the potential all the same.
    """
    counts = (("bonds_broken", mine.broken, known.broken), ("bonds_made", mine.made, known.made))
    return tuple(_property(name, subject, mine.rate(own), known.rate(theirs)) for name, own, theirs in counts)


def _property(name: str, subject: str, mine: tuple[float, float], known: tuple[float, float]) -> Property:
    limit, more = 2.0 * float(np.hypot(mine[1], known[1])), max(0.0, mine[0] - known[0])
    return Property(
        name=name,
        subject=subject,
        unit="1/ps",
        value=mine[0],
        reference=known[0],
        error_bar=mine[1],
        limit=limit if limit <= TELLING_PER_PS or more > limit else None,
        deviation=more,
        deviation_unit="1/ps",
    )


def _lengths(atoms: Atoms, bonds: Ints) -> NDArray[np.float64]:
    from ase.geometry import find_mic

    vectors = atoms.positions[bonds[:, 1]] - atoms.positions[bonds[:, 0]]
    return np.asarray(find_mic(vectors, atoms.cell, atoms.pbc)[1]) if len(bonds) else np.zeros(0)


def _new_bonds(atoms: Atoms, allowed: NDArray[np.bool_], partners: set[Pair]) -> tuple[set[Pair], set[Pair]]:
    """(pairs near enough to have made a bond, pairs near enough to keep one), without those bonded from the start."""
    radii = covalent_radii[atoms.numbers]
    found = pairs(atoms, 2.0 * BROKEN * float(radii[allowed].max())) if allowed.any() else None
    if found is None:
        return set(), set()
    ratio = found.distance_A / (radii[found.i] + radii[found.j])
    both = allowed[found.i] & allowed[found.j] & (found.i != found.j)
    near, held = (_ordered(found, both & (ratio < limit)) - partners for limit in (MADE, BROKEN))
    return near, held


def _ordered(found: Pairs, which: NDArray[np.bool_]) -> set[Pair]:
    ends = zip(found.i[which].tolist(), found.j[which].tolist(), strict=True)
    return {(min(i, j), max(i, j)) for i, j in ends}
