"""Crystals: supercells, strained, with vacancies or substituted atoms."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.defects import (
    Substitution,
    put_between,
    replace,
    take_out,
    take_out_groups,
    take_out_molecules,
)
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.source import (
    CrystalSource,
    conventional,
    occupied,
    perfect_density_g_cm3,
    primitive,
)
from lang2mlip.science.structures.supercell import repeats_near, rotated_supercell

__all__ = ["Bulk", "BulkParameters", "Substitution", "supercell"]


class SupercellParameters(CrystalSource):
    """Which crystal, and how much of it."""

    repeat: tuple[int, int, int] | None = Field(default=None, description="copies along the three cell vectors")
    atoms: int = Field(default=32, ge=1, description="about this many atoms, when `repeat` is not given")
    orientation: Literal["aligned", "rotated"] = Field(
        default="aligned", description="aligned: cell vectors along the crystal's own; rotated: along others, by seed"
    )
    cell: Literal["conventional", "primitive"] = Field(default="conventional", description="what `repeat` repeats")


class BulkParameters(SupercellParameters):
    """A crystal and what is done to it."""

    strain: tuple[float, float, float, float, float, float] = Field(
        default=(0, 0, 0, 0, 0, 0), description="xx, yy, zz, yz, xz, xy; engineering shear, dimensionless"
    )
    vacancies: int = Field(default=0, ge=0, description="atoms (or groups) taken out at random by the seed")
    vacancy_element: str | None = Field(default=None, description="take out only this element")
    vacancy_group: dict[str, int] | None = Field(
        default=None, description="take out neighbours together: element → number, e.g. Li 2, O 1 leaves no charge"
    )
    vacancy_molecules: int = Field(default=0, ge=0, description="whole molecules taken out, of a molecular crystal")
    substitutions: tuple[Substitution, ...] = Field(default=(), description="replaced after shared sites are filled")
    interstitials: dict[str, int] | None = Field(default=None, description="element → atoms put into the widest holes")
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")


class Bulk:
    """Builder of crystals."""

    Parameters: ClassVar[type[Noun]] = BulkParameters

    def __init__(self, parameters: BulkParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The crystal, periodic in three directions. Raises BadInput for an unknown crystal or too few atoms.

        `info["how"]` tells the pair statistics of a special quasirandom structure.
        """
        wish, rng = self.parameters, np.random.default_rng(seed)
        atoms = supercell(wish, rng)
        for swap in wish.substitutions:
            replace(atoms, swap, rng)
        if wish.vacancy_group is None:
            take_out(atoms, wish.vacancies, wish.vacancy_element, rng)
        else:
            take_out_groups(atoms, wish.vacancies, wish.vacancy_group, rng)
        take_out_molecules(atoms, wish.vacancy_molecules, rng)
        _strain(atoms, wish.strain)
        if wish.interstitials:
            atoms = put_between(atoms, wish.interstitials, rng)
        atoms.positions += rng.normal(scale=wish.rattle_A, size=atoms.positions.shape) if wish.rattle_A else 0.0
        return atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, as one solid."""
        return Assembly.solid(self.build(seed))

    def expectations(self) -> Expectations:
        """What the gate must find: within 25 % of the perfect crystal's density, strain and vacancies included."""
        if self.parameters.substitutions or self.parameters.interstitials:
            return Expectations()
        perfect = perfect_density_g_cm3(self.parameters)
        return Expectations(density_g_cm3=(0.75 * perfect, 1.25 * perfect))


def supercell(wish: SupercellParameters, rng: np.random.Generator) -> Atoms:
    """The perfect supercell that was asked for; sites that elements share are filled."""
    unit = conventional(wish)
    if wish.orientation == "rotated":
        return occupied(rotated_supercell(primitive(unit), unit.cell.array, wish.atoms, rng), wish, rng)
    if wish.cell == "primitive":
        unit = primitive(unit)
    return occupied(unit.repeat(wish.repeat or repeats_near(unit, wish.atoms)), wish, rng)


def _strain(atoms: Atoms, voigt: tuple[float, ...]) -> None:
    xx, yy, zz, yz, xz, xy = voigt
    deformation = np.eye(3) + np.array([[xx, xy / 2, xz / 2], [xy / 2, yy, yz / 2], [xz / 2, yz / 2, zz]])
    atoms.set_cell(atoms.cell.array @ deformation.T, scale_atoms=True)
