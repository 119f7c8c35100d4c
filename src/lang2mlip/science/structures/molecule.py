"""Molecules: one in vacuum, or many in a periodic box at the density of their liquid."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Literal

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from pydantic import Field
from scipy.spatial.transform import Rotation

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.conformer import conformer, ions, signature
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.liquid import SPARSE, assembled, flat, mass_of, molecular, packed, sparse
from lang2mlip.science.structures.mixture import Ingredient, Mixture, find_molecule, ions_of, volume_A3
from lang2mlip.science.structures.standin import brought_together, equilibrate, settle

__all__ = ["Ingredient", "Molecule", "MoleculeParameters", "find_molecule"]

_LOOSENING = (1.0, 0.95, 0.9, 0.85, 0.8)
"""Densities tried, as shares of the one asked for, when the molecules do not fit."""

_PACKED = 0.95
"""Share of the density at which molecules are packed before they are equilibrated."""

_WINDOW = 0.12
"""How far an equilibrated density may be from the one that was estimated."""

_EXPANSION_PER_K, _TABULATED_K = 1.2e-3, 298.0
"""Molecular liquids grow by 1.0 to 1.5 thousandths of their volume per kelvin (CRC Handbook of Chemistry and Physics:
cubic expansion of common solvents); their tabulated densities are those of about room temperature."""

_PACKABLE = 1500
"""More atoms than this are put at random and brought together: the time of packmol grows faster than their number."""


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
    equilibrate_ps: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="liquid: constant pressure in the fast stand-in after packing, ps; the density is then its own",
    )
    temperature_K: float = Field(default=300.0, gt=0, description="liquid: temperature of that, K")
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
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """As `build`, with every atom's molecule."""
        rng = np.random.default_rng(seed)
        wish = self.parameters
        if wish.state == "single":
            assembly = self._vacuum(rng)
        elif wish.equilibrate_ps:
            assembly = self._equilibrated(rng)
        else:
            assembly = self._liquid(rng)
        if wish.rattle_A:
            assembly.atoms.positions += rng.normal(scale=wish.rattle_A, size=assembly.atoms.positions.shape)
        return assembly

    def layer(self, lateral_A: np.ndarray, thickness_A: float, seed: int) -> Assembly:
        """A flat piece of the liquid at its density: periodic along two vectors in the plane, atoms within the height.

        `lateral_A`: the two vectors, shape (2, 2) or (2, 3). Raises BadInput when the molecules do not fit.
        """
        lateral = np.asarray(lateral_A, float)
        volume = abs(np.linalg.det(lateral[:, :2])) * thickness_A
        sample = self._species(1000)
        per_atom = mass_of(sample) / sum(count * len(conformer(smiles, 0)) for smiles, count in sample)
        species = self._species(max(1, round(volume / volume_A3(per_atom, self._density()))))
        rng, schedule = np.random.default_rng(seed), brought_together(self.parameters.temperature_K, SPARSE)
        return flat(molecular(species, rng), lateral, thickness_A, schedule, rng)

    def expectations(self) -> Expectations:
        """Every molecule intact; for a liquid the density, loosened at most as far as packing may."""
        intact = Counter({signature(species): 0 for species, _ in self._species()})
        for species, count in self._species():
            intact[signature(species)] += count
        if self.parameters.state == "single":
            return Expectations(fragments=dict(intact))
        density = self._density()
        if self.parameters.equilibrate_ps:
            warm = density / (1 + _EXPANSION_PER_K * (self.parameters.temperature_K - _TABULATED_K))
            window = ((1 - _WINDOW) * min(density, warm), (1 + _WINDOW) * max(density, warm))
            return Expectations(fragments=dict(intact), density_g_cm3=window)
        return Expectations(fragments=dict(intact), density_g_cm3=(0.99 * _LOOSENING[-1] * density, 1.01 * density))

    def _mixture(self) -> Mixture:
        return Mixture(self.parameters.molecules, self.parameters.density_g_cm3)

    def _density(self) -> float:
        return self._mixture().density_g_cm3() / self.parameters.expansion

    def _species(self, atoms: int | None = None) -> list[tuple[str, int]]:
        """SMILES of every ion or molecule, with its number."""
        wish = self.parameters
        if wish.state == "single" and atoms is None:
            return [(s, max(1, round(one.parts))) for one in wish.molecules for s in ions(one.structure())]
        return ions_of(self._mixture(), atoms or wish.atoms, exact=atoms is None)

    def _vacuum(self, rng: np.random.Generator) -> Assembly:
        """The parts side by side, just out of touch."""
        placed, species = Atoms(), self._species()
        for smiles, count in species:
            for _ in range(count):
                part = _turned(conformer(smiles, int(rng.integers(2**31))), rng)
                placed = _beside(placed, part, rng)
        placed.positions -= placed.positions.mean(axis=0)
        return assembled(placed, species)

    def _liquid(self, rng: np.random.Generator) -> Assembly:
        for share in _LOOSENING:
            found = packed(self._species(), share * self._density(), rng)
            if found is not None:
                return found
        raise BadInput(
            f"The molecules do not fit into a box at {_LOOSENING[-1]:.0%} of {self._density():.2f} g/cm³;"
            " ask for a lower density or for more atoms."
        )

    def _equilibrated(self, rng: np.random.Generator) -> Assembly:
        """Packed loosely, or put at random where there are many, then at constant pressure in the stand-in."""
        wish, species, density = self.parameters, self._species(), self._density()
        few = sum(count * len(conformer(smiles, 0)) for smiles, count in species) <= _PACKABLE
        start = packed(species, _PACKED * density, rng) if few else None
        schedule = settle(wish.equilibrate_ps, wish.temperature_K)
        if start is None:
            start = sparse(molecular(species, rng), density, rng)
            schedule = schedule.after(brought_together(wish.temperature_K, SPARSE))
        return equilibrate(start, schedule, int(rng.integers(2**30)))


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
