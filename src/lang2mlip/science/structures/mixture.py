"""How many molecules of each kind: parts by mole, weight or volume, solutes by molarity or molality."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, Self

from ase.formula import Formula
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.conformer import conformer, ions
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["Ingredient", "Mixture", "find_molecule", "ions_of", "volume_A3"]

_SOLUTE_DENSITY = 1.5
"""Density of a dissolved salt over that of the densest solvent, where the table knows none: salts of fluorinated
anions in carbonates and ethers have apparent molar volumes that correspond to about 2 g/cm³."""


_LEAST_SOLVENT = 0.15
"""Share of the volume that must be left to the solvent."""


class Ingredient(Noun):
    """One species and its share."""

    name: str | None = Field(default=None, description="key or name in the molecule table")
    smiles: str | None = Field(default=None, description="SMILES instead of a name")
    parts: float = Field(default=1.0, gt=0, description="share in the mixture, counted as `by` says")
    by: Literal["mole", "weight", "volume"] = Field(
        default="mole", description="what `parts` count; the same for all of one mixture"
    )
    molarity_mol_L: float | None = Field(default=None, gt=0, description="solute: mol per litre of solution")
    molality_mol_kg: float | None = Field(default=None, gt=0, description="solute: mol per kilogram of solvent")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.name is None) == (self.smiles is None):
            raise ValueError("give either name or smiles")
        if self.molarity_mol_L is not None and self.molality_mol_kg is not None:
            raise ValueError("give either molarity_mol_L or molality_mol_kg")
        return self

    @property
    def is_solute(self) -> bool:
        """Its amount is a concentration."""
        return self.molarity_mol_L is not None or self.molality_mol_kg is not None

    def structure(self) -> str:
        """The SMILES. Raises UnknownName for a name that the table lacks."""
        return self.smiles if self.smiles is not None else str(find_molecule(self.name or "")["smiles"])

    def label(self) -> str:
        """Name or SMILES."""
        return self.name or self.structure()

    def mass(self) -> float:
        """Of one formula unit, amu."""
        return _mass(self.structure())

    def size(self) -> int:
        """Atoms of one formula unit."""
        return sum(len(conformer(species, 0)) for species in ions(self.structure()))


class Mixture:
    """Ingredients with a density, known or estimated."""

    def __init__(self, ingredients: Sequence[Ingredient], density_g_cm3: float | None) -> None:
        self.ingredients = tuple(ingredients)
        self._given = density_g_cm3
        self._refuse_insoluble()

    def density_g_cm3(self) -> float:
        """As given, else ideal mixing of the tabulated liquids. Raises BadInput when none of them has a density."""
        if self._given is not None:
            return self._given
        moles = self._moles()
        masses = [n * one.mass() for n, one in zip(moles, self.ingredients, strict=True)]
        densities = self._densities()
        return sum(masses) / sum(mass / density for mass, density in zip(masses, densities, strict=True))

    def counts(self, atoms: int, exact: bool = True) -> list[int]:
        """Formula units of each ingredient in about so many atoms, at least one of each.

        Whole parts by number are kept exactly where `exact`, whatever that makes of the number of atoms.
        """
        if exact and not any(one.is_solute for one in self.ingredients) and all(map(_is_count, self.ingredients)):
            parts = [round(one.parts) for one in self.ingredients]
            sets = max(1, round(atoms / sum(n * one.size() for n, one in zip(parts, self.ingredients, strict=True))))
            return [n * sets for n in parts]
        moles = self._moles()
        share = atoms / sum(n * one.size() for n, one in zip(moles, self.ingredients, strict=True))
        return [max(1, round(n * share)) for n in moles]

    def _moles(self) -> list[float]:
        """Relative amounts of substance."""
        solvents = [one for one in self.ingredients if not one.is_solute]
        if not solvents:
            raise BadInput("A solution needs a solvent: give one molecule in `parts`, not as a concentration.")
        if len({one.by for one in solvents}) > 1:
            raise BadInput("The parts of one mixture are all by mole, all by weight, or all by volume.")
        amounts = {id(one): self._solvent_amount(one) for one in solvents}
        mass = sum(amounts[id(one)] * one.mass() for one in solvents)
        amounts |= {id(one): mass * one.molality_mol_kg / 1000 for one in self.ingredients if one.molality_mol_kg}
        volume = self._litres(amounts)
        amounts |= {id(one): volume * one.molarity_mol_L for one in self.ingredients if one.molarity_mol_L}
        return [amounts[id(one)] for one in self.ingredients]

    def _solvent_amount(self, one: Ingredient) -> float:
        if one.by == "mole":
            return one.parts
        if one.by == "weight":
            return one.parts / one.mass()
        density = _tabulated_density(one)
        if density is None:
            raise BadInput(f"No liquid density is known for {one.label()}; give its parts by mole or by weight.")
        return one.parts * density / one.mass()

    def _litres(self, amounts: dict[int, float]) -> float:
        """Volume of the solution that holds `amounts` and the solutes given by molarity, L (amounts in mol)."""
        solutes = [one for one in self.ingredients if one.molarity_mol_L is not None]
        if not solutes:
            return 0.0
        if self._given is None:
            densities = dict(zip((id(one) for one in self.ingredients), self._densities(), strict=True))
        else:
            densities = {id(one): self._given for one in self.ingredients}
        rest = [one for one in self.ingredients if id(one) in amounts]
        volume = sum(amounts[id(one)] * one.mass() / densities[id(one)] for one in rest) / 1000
        taken = sum((one.molarity_mol_L or 0.0) * one.mass() / densities[id(one)] for one in solutes) / 1000
        if taken > 1 - _LEAST_SOLVENT:
            names = ", ".join(f"{one.molarity_mol_L:g} mol/L of {one.label()}" for one in solutes)
            raise BadInput(f"{names} would leave no room for the solvent; ask for a lower concentration.")
        return volume / (1 - taken)

    def _densities(self) -> list[float]:
        known = [_tabulated_density(one) for one in self.ingredients]
        if not any(known):
            names = ", ".join(one.label() for one in self.ingredients)
            raise BadInput(f"No liquid density is known for {names}; give density_g_cm3.")
        solute = _SOLUTE_DENSITY * max(density or 0.0 for density in known)
        return [density or solute for density in known]

    def _refuse_insoluble(self) -> None:
        solvents = [one for one in self.ingredients if not one.is_solute]
        for one in self.ingredients:
            most = _solubility(one, solvents[0]) if len(solvents) == 1 and one.molarity_mol_L else None
            if most is not None and (one.molarity_mol_L or 0.0) > most:
                raise BadInput(
                    f"{one.label()} dissolves in {solvents[0].label()} to {most:g} mol/L at most, not to"
                    f" {one.molarity_mol_L:g}; ask for less, or for two phases next to each other."
                )


def _solubility(solute: Ingredient, solvent: Ingredient) -> float | None:
    """mol/L, where the table knows it: molecules by their key, since isomers differ; salts by their formula."""
    key, formula = _key(solute), _entry(solute).get("formula")
    salt = len(ions(solute.structure())) > 1
    for name, entry in table("solubility").items():
        same = name == key or (salt and formula and _composition(entry["formula"]) == _composition(formula))
        if same and _composition(entry["solvent"]) == _composition(_entry(solvent).get("formula", "")):
            return float(entry["most_mol_L"])
    return None


def _composition(formula: str) -> dict[str, int]:
    return dict(Formula(formula).count())


def ions_of(mixture: Mixture, atoms: int, exact: bool = True) -> list[tuple[str, int]]:
    """SMILES of every molecule and ion in about so many atoms of the mixture, with its number."""
    pairs = zip(mixture.ingredients, mixture.counts(atoms, exact), strict=True)
    return [(species, count) for one, count in pairs for species in ions(one.structure())]


def find_molecule(name: str) -> dict[str, Any]:
    """The entry with this key or name (names regardless of case, abbreviations too). Raises UnknownName."""
    molecules = table("molecules")
    if name in molecules:
        return molecules[name]
    by_name = {str(known).casefold(): fields for fields in molecules.values() for known in fields["names"]}
    if name.casefold() not in by_name:
        raise UnknownName.of("molecule", name, list(molecules))
    return by_name[name.casefold()]


def _is_count(one: Ingredient) -> bool:
    return one.by == "mole" and one.parts.is_integer()


def _entry(one: Ingredient) -> dict[str, Any]:
    """The table's entry of an ingredient, by name or by the same ions; empty when it has none."""
    if one.name is not None:
        return find_molecule(one.name)
    wanted = _sorted_ions(one.structure())
    return next((fields for fields in table("molecules").values() if _sorted_ions(str(fields["smiles"])) == wanted), {})


def _key(one: Ingredient) -> str:
    fields = _entry(one)
    return next((key for key, known in table("molecules").items() if known is fields), "")


@lru_cache(maxsize=1024)
def _mass(smiles: str) -> float:
    return float(sum(conformer(species, 0).get_masses().sum() for species in ions(smiles)))


@lru_cache(maxsize=1024)
def _sorted_ions(smiles: str) -> tuple[str, ...]:
    return tuple(sorted(ions(smiles)))


def _tabulated_density(one: Ingredient) -> float | None:
    density = _entry(one).get("density_g_cm3")
    return float(str(density)) if density is not None else None


def volume_A3(mass_amu: float, density_g_cm3: float) -> float:
    """Volume of a mass at a density, Å³."""
    return mass_amu * AMU_PER_A3_IN_G_PER_CM3 / density_g_cm3
