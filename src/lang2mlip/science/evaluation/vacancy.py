"""Formation energy of the simplest hole in a crystal: an atom of an element, a whole formula unit of a compound.

A compound that loses a formula unit keeps its composition (a bound Schottky defect), so no chemical potentials enter,
and both calculators can be asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.formula import Formula
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.evaluation.measured import Measured, conventional, of_reference, per_cent, relax

__all__ = ["Formation", "Vacancy"]


@dataclass(frozen=True)
class Formation:
    """One calculator's formation energy and the calls it took."""

    energy_eV: float
    calls: int


class Vacancy(Noun):
    """E(N−n, relaxed) − (N−n)/N E(N) at the calculator's own lattice parameter, n atoms to a formula unit."""

    length_A: float = Field(default=7.0, gt=0, description="shortest edge of the cell that the atom is taken from, Å")
    fmax_eV_A: float = Field(default=0.01, gt=0, description="largest force left after relaxing, eV/Å")
    limit_percent: float | None = Field(default=None, description="limit, % of the reference")
    largest_unit: int = Field(default=12, ge=1, description="atoms of a formula unit; a larger one is no point defect")

    def formation(self, atoms: Atoms, calculator: Any) -> Formation:
        """One calculator's. Raises BadInput for formula units too large to be a point defect; PartFailed."""
        unit = Formula(atoms.get_chemical_formula()).reduce()[0].count()
        if sum(unit.values()) > self.largest_unit:
            raise BadInput(
                f"A formula unit of {atoms.get_chemical_formula()} has {sum(unit.values())} atoms, which is no point "
                f"defect; crystals of up to {self.largest_unit} are measured."
            )
        counted = Counted(calculator)
        cell, _ = relax(conventional(atoms), counted, "volume", 1e-3)
        perfect = cell * tuple(np.maximum(1, np.ceil(self.length_A / cell.cell.lengths())).astype(int))
        whole = single_point(perfect, counted).energy
        holed = perfect.copy()
        del holed[_neighbourhood(perfect, unit)]
        _, energy = relax(holed, counted, "fixed", self.fmax_eV_A)
        return Formation(energy - len(holed) / len(perfect) * whole, counted.calls)

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both; `reference` is a calculator, or a Formation from before, which costs nothing."""
        mine = self.formation(atoms, potential)
        known = of_reference(reference, Formation, lambda one: self.formation(atoms, one))
        pair = (mine.energy_eV, known.energy_eV)
        name = "vacancy_formation_energy" if len(set(atoms.numbers)) == 1 else "vacancy_of_a_formula_unit"
        found = per_cent(name, subject, "eV", pair, self.limit_percent)
        return Measured((found,), {}, 0 if known is reference else known.calls)


def _neighbourhood(atoms: Atoms, unit: Mapping[str, int]) -> list[int]:
    """The atoms of one formula unit, grown from one of its rarest element by always taking the nearest still wanted.

    So it follows bonds: of a crystal of molecules or molecular ions it takes whole ones.
    """
    symbols, wanted = np.array(atoms.get_chemical_symbols()), dict(unit)
    first = int(np.flatnonzero(symbols == min(unit, key=lambda symbol: unit[symbol]))[0])
    taken, away = [first], atoms.get_distances(first, range(len(atoms)), mic=True)
    wanted[symbols[first]] -= 1
    while len(taken) < sum(unit.values()):
        open_ = [index for index in range(len(atoms)) if index not in taken and wanted[symbols[index]] > 0]
        nearest = min(open_, key=lambda index: (round(float(away[index]), 6), index))
        taken.append(nearest)
        wanted[symbols[nearest]] -= 1
        away = np.minimum(away, atoms.get_distances(nearest, range(len(atoms)), mic=True))
    return taken
