"""Elastic constants from the stress of small strains, ions relaxed, at each calculator's own equilibrium."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point, stress_possible
from lang2mlip.science.evaluation.measured import (
    Measured,
    conventional,
    of_reference,
    per_cent,
    relax,
    space_group_number,
)
from lang2mlip.units import gpa

__all__ = ["Constants", "Elastic"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _System:
    """Which strains suffice for a crystal system, and which constants are independent (Nye, Physical Properties)."""

    strains: tuple[int, ...]
    constants: tuple[tuple[int, int], ...]
    hydrostatic: bool = False


_DIAGONAL = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6))
_NINE = (*_DIAGONAL, (1, 2), (1, 3), (2, 3))
_CUBIC = _System((1, 4), ((1, 1), (1, 2), (4, 4)), hydrostatic=True)
_UNIAXIAL = _System((1, 3, 4), ((1, 1), (1, 2), (1, 3), (3, 3), (4, 4)))
_TETRAGONAL = _System((1, 3, 4, 6), ((1, 1), (1, 2), (1, 3), (3, 3), (4, 4), (6, 6)))
_ANY = _System((1, 2, 3, 4, 5, 6), _NINE)


def _system(space_group: int) -> _System:
    for first, system in ((195, _CUBIC), (143, _UNIAXIAL), (75, _TETRAGONAL)):
        if space_group >= first:
            return system
    return _ANY


@dataclass(frozen=True)
class Constants:
    """Elastic constants of one calculator, GPa, by name (`C11`), and the calls they took."""

    GPa: dict[str, float]
    calls: int


class Elastic(Noun):
    """Independent elastic constants of a crystal; cubic ones need two strains, others three to six."""

    strain: float = Field(default=0.005, gt=0, lt=0.05, description="size of each strain, either way")
    limit_percent: float | None = Field(default=None, description="limit for each constant, %")
    reduce: bool = Field(default=True, description="use the smallest conventional cell; not for Γ-only methods")
    fmax_eV_A: float = Field(default=1e-3, gt=0, description="largest force left after relaxing, eV/Å")

    def constants(self, atoms: Atoms, calculator: Any) -> Constants:
        """One calculator's constants. Raises PartFailed when it has no stress or no equilibrium here."""
        crystal = conventional(atoms) if self.reduce else atoms.copy()
        if not stress_possible(calculator, crystal):
            raise PartFailed(f"{type(calculator).__name__} gives no stress, so it has no elastic constants.")
        system, counted = _system(space_group_number(crystal)), Counted(calculator)
        start, _ = relax(crystal, counted, "volume" if system.hydrostatic else "full", self.fmax_eV_A)
        columns = {number: self._column(start, counted, number) for number in system.strains}
        return Constants({f"C{i}{j}": self._pick(columns, i, j) for i, j in system.constants}, counted.calls)

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both sets; `reference` is a calculator, or Constants from before, which cost nothing."""
        mine = self.constants(atoms, potential)
        known = of_reference(reference, Constants, lambda one: self.constants(atoms, one))
        properties = tuple(
            per_cent(name, subject, "GPa", (mine.GPa[name], known.GPa[name]), self.limit_percent) for name in known.GPa
        )
        curves = {"elastic_GPa": {"potential": mine.GPa, "reference": known.GPa}}
        return Measured(properties, curves, 0 if known is reference else known.calls)

    def _column(self, start: Atoms, counted: Counted, number: int) -> Matrix:
        """Change of the stress with strain `number` (1 to 6), GPa, shape (6,), by central difference."""
        stress = [self._stress(start, counted, number, sign * self.strain) for sign in (1, -1)]
        return np.array([gpa(value) for value in (stress[0] - stress[1]) / (2 * self.strain)])

    def _stress(self, start: Atoms, counted: Counted, number: int, size: float) -> Matrix:
        strained = start.copy()
        strained.set_cell(start.cell @ (np.eye(3) + _strain(number, size)), scale_atoms=True)
        if _has_room(start):
            strained, _ = relax(strained, counted, "fixed", self.fmax_eV_A)
        stress = single_point(strained, counted).stress
        if stress is None:
            raise PartFailed("The calculator gave no stress for a strained crystal.")
        return stress

    @staticmethod
    def _pick(columns: dict[int, Matrix], i: int, j: int) -> float:
        """C_ij from whichever of its two strains was made; their mean where both were."""
        found = [float(columns[a][b - 1]) for a, b in {(i, j), (j, i)} if a in columns]
        return sum(found) / len(found)


def _strain(number: int, size: float) -> Matrix:
    """The strain tensor of Voigt number 1 to 6 (xx, yy, zz, yz, xz, xy); shear is engineering shear."""
    tensor = np.zeros((3, 3))
    row, column = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))[number - 1]
    tensor[row, column] = tensor[column, row] = size if row == column else size / 2
    return tensor


def _has_room(atoms: Atoms) -> bool:
    """Whether atoms could move under strain: never in a cell with one atom for each lattice point."""
    return len(atoms) > 1
