"""Molecules: one in vacuum, or many in a periodic box at the density of their liquid."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from lang2mlip.contracts.base import Noun
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.conformer import conformer, ions, signature
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.packing import pack
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["Ingredient", "Molecule", "MoleculeParameters", "find_molecule"]

_CONFORMERS = 3
"""Different conformers of one species in a liquid, at most."""

_LOOSENING = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Densities tried, as shares of the one asked for, when the molecules do not fit."""

_SOLUTE_DENSITY = 1.5
"""Density of a dissolved salt over that of the densest solvent, where the table knows none: salts of fluorinated
anions in carbonates and ethers have apparent molar volumes that correspond to about 2 g/cm³."""


class Ingredient(Noun):
    """One species and its share."""

    name: str | None = Field(default=None, description="key or name in the molecule table")
    smiles: str | None = Field(default=None, description="SMILES instead of a name")
    parts: int = Field(default=1, ge=1, description="share in the mixture, by number of molecules")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.name is None) == (self.smiles is None):
            raise ValueError("give either name or smiles")
        return self

    def structure(self) -> str:
        """The SMILES. Raises UnknownName for a name that the table lacks."""
        return self.smiles if self.smiles is not None else str(find_molecule(self.name or "")["smiles"])


class MoleculeParameters(Noun):
    """Which molecules, and how."""

    molecules: tuple[Ingredient, ...] = Field(min_length=1, description="one species, or a mixture")
    state: Literal["single", "liquid"] = Field(
        default="single", description="single: one of each in vacuum; liquid: a periodic box"
    )
    atoms: int = Field(default=90, ge=1, description="liquid: about this many atoms")
    density_g_cm3: float | None = Field(
        default=None, gt=0, description="liquid: density; from the molecule table when not given"
    )
    expansion: float = Field(default=1.0, gt=0.5, lt=2, description="liquid: volume over that of this density")
    rattle_A: float = Field(default=0.0, ge=0, le=0.3, description="standard deviation of random displacements, Å")


class Molecule:
    """Builder of molecules and their liquids."""

    Parameters: ClassVar[type[Noun]] = MoleculeParameters

    def __init__(self, parameters: MoleculeParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """Not periodic for one molecule, cubic and periodic for a liquid. `info['charge']` is the total charge.

        Raises BadInput for an unknown molecule, a missing density, or molecules that do not fit.
        """
        rng = np.random.default_rng(seed)
        single = self.parameters.state == "single"
        atoms = self._vacuum(rng) if single else self._liquid(rng)
        if self.parameters.rattle_A:
            atoms.positions += rng.normal(scale=self.parameters.rattle_A, size=atoms.positions.shape)
        return atoms

    def expectations(self) -> Expectations:
        """Every molecule intact; for a liquid the density, loosened at most as far as packing may."""
        intact = Counter({signature(species): 0 for species, _ in self._species()})
        for species, count in self._species():
            intact[signature(species)] += count
        if self.parameters.state == "single":
            return Expectations(fragments=dict(intact))
        density = self._density()
        return Expectations(fragments=dict(intact), density_g_cm3=(0.99 * _LOOSENING[-1] * density, 1.01 * density))

    def _species(self) -> list[tuple[str, int]]:
        """SMILES of every ion or molecule, with its number."""
        parts = [(species, one.parts) for one in self.parameters.molecules for species in ions(one.structure())]
        if self.parameters.state == "single":
            return parts
        per_set = sum(n * len(conformer(species, 0)) for species, n in parts)
        sets = max(1, round(self.parameters.atoms / per_set))
        return [(species, n * sets) for species, n in parts]

    def _density(self) -> float:
        """g/cm³: as asked for, else ideal mixing of the tabulated liquids."""
        wish = self.parameters
        if wish.density_g_cm3 is not None:
            return wish.density_g_cm3 / wish.expansion
        known = [_tabulated_density(one) for one in wish.molecules]
        if not any(known):
            names = ", ".join(one.name or one.structure() for one in wish.molecules)
            raise BadInput(f"No liquid density is known for {names}; give density_g_cm3.")
        solute = _SOLUTE_DENSITY * max(density or 0.0 for density in known)
        masses = [one.parts * _mass(one) for one in wish.molecules]
        volume = sum(mass / (density or solute) for mass, density in zip(masses, known, strict=True))
        return float(sum(masses) / volume / wish.expansion)

    def _vacuum(self, rng: np.random.Generator) -> Atoms:
        """The parts side by side, just out of touch."""
        placed = Atoms()
        for species, count in self._species():
            for _ in range(count):
                part = _turned(conformer(species, int(rng.integers(2**31))), rng)
                placed = _beside(placed, part, rng)
        placed.positions -= placed.positions.mean(axis=0)
        placed.info["charge"] = round(float(placed.get_initial_charges().sum()))
        return placed

    def _liquid(self, rng: np.random.Generator) -> Atoms:
        kinds = [
            (conformer(species, int(rng.integers(2**31))), share)
            for species, count in self._species()
            for share in _shares(count)
        ]
        mass = sum(kind.get_masses().sum() * count for kind, count in kinds)
        for share in _LOOSENING:
            edge = float((mass * AMU_PER_A3_IN_G_PER_CM3 / (share * self._density())) ** (1 / 3))
            packed = pack(kinds, edge, int(rng.integers(2**30)))
            if packed is not None:
                charges = [kind.get_initial_charges() for kind, count in kinds for _ in range(count)]
                packed.set_initial_charges(np.concatenate(charges))
                packed.info["charge"] = round(float(packed.get_initial_charges().sum()))
                return packed
        raise BadInput(
            f"The molecules do not fit into a box at {_LOOSENING[-1]:.0%} of {self._density():.2f} g/cm³;"
            " ask for a lower density or for more atoms."
        )


def find_molecule(name: str) -> dict[str, object]:
    """The entry with this key or name (names regardless of case, abbreviations too). Raises UnknownName."""
    molecules = table("molecules")
    if name in molecules:
        return molecules[name]
    by_name = {str(known).casefold(): fields for fields in molecules.values() for known in fields["names"]}
    if name.casefold() not in by_name:
        raise UnknownName.of("molecule", name, list(molecules))
    return by_name[name.casefold()]


def _tabulated_density(one: Ingredient) -> float | None:
    if one.name is not None:
        found = find_molecule(one.name)
    else:
        wanted = sorted(ions(one.structure()))
        same = (fields for fields in table("molecules").values() if sorted(ions(str(fields["smiles"]))) == wanted)
        found = next(same, {})
    density = found.get("density_g_cm3")
    return float(str(density)) if density is not None else None


def _mass(one: Ingredient) -> float:
    return float(sum(conformer(species, 0).get_masses().sum() for species in ions(one.structure())))


def _shares(count: int) -> list[int]:
    """`count` molecules over a few conformers, as evenly as it goes."""
    kinds = min(_CONFORMERS, count)
    return [count // kinds + (n < count % kinds) for n in range(kinds)]


def _turned(part: Atoms, rng: np.random.Generator) -> Atoms:
    part.positions = part.positions @ Rotation.random(rng=rng).as_matrix().T
    return part


def _beside(placed: Atoms, part: Atoms, rng: np.random.Generator) -> Atoms:
    """`placed` with `part` brought in from a random direction until the nearest atoms almost touch."""
    if not len(placed):
        return part
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    touch = 1.3 * (covalent_radii[placed.numbers][:, None] + covalent_radii[part.numbers]) + 0.1
    for distance in np.arange(0.0, 50.0, 0.1):
        vectors = placed.positions[:, None] - (part.positions + distance * direction)
        if (np.linalg.norm(vectors, axis=2) > touch).all():
            break
    part.positions += distance * direction
    return Atoms(placed + part)
