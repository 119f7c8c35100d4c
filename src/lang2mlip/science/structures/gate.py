"""The gate: nothing unsound reaches the reference. Each failure is one clear sentence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from ase.formula import Formula
from pydantic import Field
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lang2mlip.contracts.base import Noun
from lang2mlip.science.atoms.neighbours import pairs as every_pair
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = [
    "Expectations",
    "GateReport",
    "bonds",
    "closest_pair",
    "density_g_cm3",
    "fragment_signature",
    "fragments",
    "inspect",
]

PAIR_FACTOR = 0.7
"""A pair nearer than this times the sum of covalent radii is an overlap."""

BOND_FACTOR = 1.25
"""A pair of non-metals nearer than this times the sum of covalent radii is bonded."""

_LOOK_FACTOR = 1.5
"""How far the nearest pair is looked for, times the covalent sum."""

_ANGLE_RANGE_DEG = (25.0, 155.0)

NONMETALS = frozenset(["H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "As", "Se", "Br", "Te", "I"])


class Expectations(Noun):
    """What a structure should be. None: not checked."""

    pair_factor: float = Field(default=PAIR_FACTOR, gt=0, description="smallest pair distance over the covalent sum")
    density_g_cm3: tuple[float, float] | None = Field(default=None, description="lowest and highest density, g/cm³")
    composition: str | None = Field(default=None, description="formula; multiples of it pass")
    vacuum_A: float | None = Field(default=None, description="smallest empty length along a non-periodic axis, Å")
    fragments: dict[str, int] | None = Field(default=None, description="bond graph signature → number of molecules")


class GateReport(Noun):
    """The gate's finding."""

    failures: tuple[str, ...] = ()
    closest_ratio: float | None = Field(default=None, description="smallest pair distance over its covalent sum")
    density_g_cm3: float | None = None
    remarks: tuple[str, ...] = Field(default=(), description="nothing wrong, but worth knowing, a sentence each")

    @property
    def passed(self) -> bool:
        """No failure."""
        return not self.failures


def inspect(atoms: Atoms, expectations: Expectations | None = None) -> GateReport:
    """Check pairs (with periodic images), cell, density, composition, vacuum and molecules."""
    wanted = expectations or Expectations()
    failures = _cell_failures(atoms)
    if not len(atoms) or failures:
        return GateReport(failures=tuple(failures or ["the structure has no atoms"]))
    ratio, sentence = closest_pair(atoms)
    if ratio < wanted.pair_factor:
        failures.append(f"{sentence}, below {wanted.pair_factor:g}")
    failures += _density_failures(atoms, wanted)
    failures += _composition_failures(atoms, wanted)
    failures += _vacuum_failures(atoms, wanted)
    failures += _molecule_failures(atoms, wanted)
    density = density_g_cm3(atoms) if atoms.pbc.all() else None
    return GateReport(failures=tuple(failures), closest_ratio=min(ratio, 9.99), density_g_cm3=density)


def density_g_cm3(atoms: Atoms) -> float:
    """Mass over cell volume, g/cm³."""
    return float(atoms.get_masses().sum() / atoms.get_volume() * AMU_PER_A3_IN_G_PER_CM3)


def closest_pair(atoms: Atoms) -> tuple[float, str]:
    """The smallest distance over covalent sum (infinity when no pair is near), and a sentence that names the pair."""
    first, second, distance = _near(atoms, _LOOK_FACTOR)
    if not len(distance):
        return float("inf"), "no pair is near"
    ratio = distance / (covalent_radii[atoms.numbers[first]] + covalent_radii[atoms.numbers[second]])
    worst = int(np.argmin(ratio))
    one, two = chemical_symbols[atoms.numbers[first[worst]]], chemical_symbols[atoms.numbers[second[worst]]]
    return float(ratio[worst]), (
        f"{one} {first[worst]} and {two} {second[worst]} are {distance[worst]:.2f} Å apart,"
        f" {ratio[worst]:.2f} of the sum of their covalent radii"
    )


def bonds(atoms: Atoms) -> list[tuple[int, int]]:
    """Covalent bonds between non-metals, each once, with periodic images. Metals stand alone."""
    first, second, _ = _near(atoms, BOND_FACTOR)
    covalent = np.array([symbol in NONMETALS for symbol in atoms.symbols], dtype=bool)
    keep = (first < second) & covalent[first] & covalent[second]
    return sorted({(int(i), int(j)) for i, j in zip(first[keep], second[keep], strict=True)})


def fragments(atoms: Atoms) -> Counter[str]:
    """Bond graph signature → how many molecules or ions have it."""
    pairs = bonds(atoms)
    graph = coo_matrix((np.ones(len(pairs)), tuple(np.array(pairs).reshape(-1, 2).T)), shape=(len(atoms),) * 2)
    count, label = connected_components(graph, directed=False)
    members = [np.flatnonzero(label == one) for one in range(count)]
    inside: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for i, j in pairs:
        inside[label[i]].append((i, j))
    return Counter(_signature(atoms.get_chemical_symbols(), m, b) for m, b in zip(members, inside, strict=True))


def fragment_signature(symbols: Sequence[str], pairs: Iterable[tuple[int, int]]) -> str:
    """Formula and a hash of a bond graph that does not depend on the order of the atoms."""
    return _signature(symbols, range(len(symbols)), list(pairs))


def _signature(symbols: Sequence[str], members: Iterable[int], pairs: list[tuple[int, int]]) -> str:
    """Weisfeiler-Lehman colours after four rounds: enough to tell common isomers apart."""
    colour = {int(i): symbols[int(i)] for i in members}
    neighbours: dict[int, list[int]] = {i: [] for i in colour}
    for i, j in pairs:
        neighbours[i].append(j)
        neighbours[j].append(i)
    for _ in range(4):
        colour = {i: _digest(colour[i] + "".join(sorted(colour[j] for j in neighbours[i]))) for i in colour}
    formula = Formula.from_list([symbols[i] for i in colour]).format("hill")
    return f"{formula}:{_digest(''.join(sorted(colour.values())))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _near(atoms: Atoms, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """i, j, distance of pairs nearer than `factor` × covalent sum, both directions."""
    radii = factor * covalent_radii[atoms.numbers]
    found = every_pair(atoms, 2 * float(radii.max(initial=0.1)))
    near = found.distance_A < radii[found.i] + radii[found.j]
    i, j, distance = found.i[near], found.j[near], found.distance_A[near]
    first, second = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((second, first))
    return first[order], second[order], np.concatenate([distance, distance])[order]


def _cell_failures(atoms: Atoms) -> list[str]:
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        return ["a position or cell vector is not a finite number"]
    if not atoms.pbc.any():
        return []
    lengths, angles = atoms.cell.lengths(), atoms.cell.angles()
    if min(lengths) < 1.5 or atoms.get_volume() < 4.0 * len(atoms):
        return [f"the cell is too small for {len(atoms)} atoms: {atoms.get_volume():.1f} Å³"]
    low, high = _ANGLE_RANGE_DEG
    return [f"a cell angle of {angle:.0f}° is outside {low:g}-{high:g}°" for angle in angles if not low < angle < high]


def _density_failures(atoms: Atoms, wanted: Expectations) -> list[str]:
    if wanted.density_g_cm3 is None or not atoms.pbc.all():
        return []
    low, high = wanted.density_g_cm3
    density = density_g_cm3(atoms)
    return [] if low <= density <= high else [f"the density {density:.3f} g/cm³ is outside {low:.3f}-{high:.3f}"]


def _composition_failures(atoms: Atoms, wanted: Expectations) -> list[str]:
    if wanted.composition is None:
        return []
    found, expected = atoms.symbols.formula.reduce()[0], Formula(wanted.composition).reduce()[0]
    same = found.count() == expected.count()
    return [] if same else [f"the composition is {atoms.symbols.formula:hill}, not a multiple of {wanted.composition}"]


def _vacuum_failures(atoms: Atoms, wanted: Expectations) -> list[str]:
    if wanted.vacuum_A is None:
        return []
    free = np.flatnonzero(~atoms.pbc)
    spans = np.ptp(atoms.positions @ np.linalg.inv(atoms.cell.array), axis=0)
    empty = {axis: (1 - spans[axis]) * atoms.cell.lengths()[axis] for axis in free}
    if not empty:
        return ["a vacuum was asked for, but the structure is periodic in three directions"]
    return [
        f"the vacuum along axis {axis} is {gap:.1f} Å, less than {wanted.vacuum_A:g} Å"
        for axis, gap in empty.items()
        if gap < wanted.vacuum_A - 1e-6
    ]


def _molecule_failures(atoms: Atoms, wanted: Expectations) -> list[str]:
    if wanted.fragments is None:
        return []
    found, expected = fragments(atoms), Counter(wanted.fragments)
    if found == expected:
        return []
    missing = ", ".join(f"{n} × {name.split(':')[0]}" for name, n in (expected - found).items()) or "none"
    extra = ", ".join(f"{n} × {name.split(':')[0]}" for name, n in (found - expected).items()) or "none"
    return [f"molecules are not intact: missing {missing}; found instead {extra}"]
