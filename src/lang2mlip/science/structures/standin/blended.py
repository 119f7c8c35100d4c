"""The field of several ionic compounds mixed: one set for all where there is one, else the pairs of each crystal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.formula import Formula

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.standin.forcefield import NO_BONDS, ForceField, ShortRange
from lang2mlip.science.structures.standin.network import formal_charges, network

__all__ = ["blended", "require_field", "tabulated"]

CrystalOf = Callable[[str], Atoms | None]
"""Formula of a compound of two elements → its crystal, where one is known."""

_COVALENT = 0.6
"""Charges over formal charges in the tabulated set."""


def tabulated(symbols: Sequence[str]) -> bool:
    """The tabulated set of pairs with oxygen has all these elements, in the oxidation states they have here."""
    rows, formal = table("standin")["oxides"]["elements"], formal_charges(list(symbols))
    if formal is None or not set(formal) <= set(rows):
        return False
    return "O" in formal and all(abs(rows[one][0] - _COVALENT * formal[one]) < 1e-6 for one in formal)


def require_field(formula: str) -> None:
    """Raises BadInput, which says what is missing, where `blended` has no field for a mixture of this formula."""
    counts = Formula(formula).count()
    symbols = [symbol for symbol, n in counts.items() for _ in range(n)]
    if tabulated(symbols):
        return
    formal = formal_charges(symbols)
    if formal is None:
        raise BadInput(
            f"No charges of {', '.join(sorted(set(symbols)))} make this mixture neutral, so the fast stand-in has no"
            " field for it; give a structure file of the melt or glass."
        )
    if {charge for charge in formal.values() if charge < 0} != {-1} or "O" in formal:
        raise BadInput(_missing(formal))


def blended(atoms: Atoms, crystal_of: CrystalOf) -> ForceField:
    """The stand-in for a mixture of ionic compounds; `crystal_of` gives the crystal of each cation with each anion.

    Raises BadInput, which says what is missing.
    """
    symbols = atoms.get_chemical_symbols()
    if tabulated(symbols):
        known = network(atoms, atoms)
        assert known is not None  # what `tabulated` says
        return known
    require_field(str(atoms.symbols.formula))
    return _of_pairs(atoms, formal_charges(symbols) or {}, crystal_of)


def _of_pairs(atoms: Atoms, formal: dict[str, int], crystal_of: CrystalOf) -> ForceField:
    """Each cation and anion repel as in their own crystal, anions of two kinds as the mean of either."""
    anions = [one for one in formal if formal[one] < 0]
    rows: dict[tuple[int, int], tuple[float, ...]] = {}
    kinds = sorted(formal, key=lambda one: atomic_numbers[one])
    between: dict[str, list[float]] = {one: [] for one in anions}
    softness = 0.0
    for cation in (one for one in formal if formal[one] > 0):
        for anion in anions:
            pair = _pair(cation, anion, formal, crystal_of)
            numbers = sorted((kinds.index(cation), kinds.index(anion)))
            own = sorted((cation, anion), key=lambda one: atomic_numbers[one])
            rows[numbers[0], numbers[1]] = pair.rows[0, 1]
            alike = pair.rows[own.index(anion), own.index(anion)]
            between[anion].append(alike[0])
            softness = alike[1]
    strength = {one: float(np.exp(np.mean(np.log(found)))) for one, found in between.items()}
    for n, one in enumerate(anions):
        for two in anions[n:]:
            low, high = sorted((kinds.index(one), kinds.index(two)))
            rows[low, high] = (sqrt(strength[one] * strength[two]), softness, 0.0, 0.0, 0.0)
    return _charged(atoms, formal, rows)


def _pair(cation: str, anion: str, formal: dict[str, int], crystal_of: CrystalOf) -> ShortRange:
    formula = cation + anion + (str(formal[cation]) if formal[cation] > 1 else "")
    crystal = crystal_of(formula)
    field = network(crystal, crystal) if crystal is not None else None
    if field is None or not isinstance(field.pair, ShortRange):
        raise BadInput(
            f"The fast stand-in takes how {cation} and {anion} repel from the crystal of {formula}, which the crystal"
            " table lacks; give a structure file of the melt."
        )
    return field.pair


def _charged(atoms: Atoms, formal: dict[str, int], rows: dict[tuple[int, int], tuple[float, ...]]) -> ForceField:
    """Ions with their full charges, as the halides' own crystals have them."""
    numbers, types = np.unique(atoms.numbers, return_inverse=True)
    charge = np.array([formal[symbol] for symbol in atoms.symbols], float)
    return ForceField(
        how="ions with Born-Mayer repulsion at the contacts of each compound's crystal",
        numbers=numbers,
        types=types.reshape(-1),
        charges_e=charge - charge.mean(),
        ionic=True,
        held=np.zeros(len(atoms), bool),
        pair=ShortRange("born", rows),
        **NO_BONDS,
    )


def _missing(formal: dict[str, int]) -> str:
    known = set(table("standin")["oxides"]["elements"])
    lacking = sorted(set(formal) - known)
    why = f"it lacks {', '.join(lacking)}" if lacking else "it has them in other oxidation states"
    return (
        f"The fast stand-in mixes oxides of its table and halides; of {', '.join(sorted(formal))} {why}."
        " Give a structure file of the glass or melt, or leave these compounds out."
    )
