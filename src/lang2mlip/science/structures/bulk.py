"""Crystals: supercells, strained, with vacancies or substituted atoms."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import Expectations, density_g_cm3
from lang2mlip.science.structures.source import CrystalSource, conventional, occupied, primitive
from lang2mlip.science.structures.supercell import repeats_near, rotated_supercell

__all__ = ["Bulk", "BulkParameters", "Substitution", "supercell"]


class Substitution(Noun):
    """Replace some atoms of one element by another."""

    element: str = Field(description="what is replaced")
    by: str = Field(description="what comes in its place")
    count: int = Field(ge=1, description="how many atoms, picked at random by the seed")


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
    vacancies: int = Field(default=0, ge=0, description="atoms taken out at random by the seed")
    vacancy_element: str | None = Field(default=None, description="take out only this element")
    substitutions: tuple[Substitution, ...] = ()
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")


class Bulk:
    """Builder of crystals."""

    Parameters: ClassVar[type[Noun]] = BulkParameters

    def __init__(self, parameters: BulkParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The crystal, periodic in three directions. Raises BadInput for an unknown crystal or too few atoms."""
        wish, rng = self.parameters, np.random.default_rng(seed)
        atoms = supercell(wish, rng)
        _substitute(atoms, wish.substitutions, rng)
        _take_out(atoms, wish, rng)
        _strain(atoms, wish.strain)
        atoms.positions += rng.normal(scale=wish.rattle_A, size=atoms.positions.shape) if wish.rattle_A else 0.0
        return atoms

    def expectations(self) -> Expectations:
        """What the gate must find: within 25 % of the perfect crystal's density, strain and vacancies included."""
        if self.parameters.substitutions or self.parameters.occupation:
            return Expectations()
        perfect = density_g_cm3(conventional(self.parameters))
        return Expectations(density_g_cm3=(0.75 * perfect, 1.25 * perfect))


def supercell(wish: SupercellParameters, rng: np.random.Generator) -> Atoms:
    """The perfect supercell that was asked for; the sites of an alloy are occupied at random."""
    unit = conventional(wish)
    if wish.orientation == "rotated":
        return occupied(rotated_supercell(primitive(unit), unit.cell.array, wish.atoms, rng), wish, rng)
    if wish.cell == "primitive":
        unit = primitive(unit)
    return occupied(Atoms(unit.repeat(wish.repeat or repeats_near(unit, wish.atoms))), wish, rng)


def _substitute(atoms: Atoms, substitutions: tuple[Substitution, ...], rng: np.random.Generator) -> None:
    for swap in substitutions:
        sites = np.flatnonzero(atoms.symbols == swap.element)
        if len(sites) < swap.count:
            raise BadInput(f"Cannot replace {swap.count} {swap.element}: the cell has {len(sites)}; make it larger.")
        atoms.symbols[rng.choice(sites, swap.count, replace=False)] = swap.by


def _take_out(atoms: Atoms, wish: BulkParameters, rng: np.random.Generator) -> None:
    if not wish.vacancies:
        return
    chosen = np.ones(len(atoms), bool) if wish.vacancy_element is None else atoms.symbols == wish.vacancy_element
    sites = np.flatnonzero(chosen)
    if len(sites) < wish.vacancies or len(atoms) <= wish.vacancies:
        raise BadInput(f"Cannot take {wish.vacancies} atoms out of {len(sites)}; make the cell larger.")
    del atoms[rng.choice(sites, wish.vacancies, replace=False)]


def _strain(atoms: Atoms, voigt: tuple[float, ...]) -> None:
    xx, yy, zz, yz, xz, xy = voigt
    deformation = np.eye(3) + np.array([[xx, xy / 2, xz / 2], [xy / 2, yy, yz / 2], [xz / 2, yz / 2, zz]])
    atoms.set_cell(atoms.cell.array @ deformation.T, scale_atoms=True)
