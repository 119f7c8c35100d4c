"""Vacancy formation energy of an element's crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
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
    """E(N−1, relaxed) − (N−1)/N E(N) at the calculator's own lattice parameter."""

    length_A: float = Field(default=7.0, gt=0, description="shortest edge of the cell that the atom is taken from, Å")
    fmax_eV_A: float = Field(default=0.01, gt=0, description="largest force left after relaxing, eV/Å")
    limit_percent: float | None = Field(default=None, description="limit, % of the reference")

    def formation(self, atoms: Atoms, calculator: Any) -> Formation:
        """One calculator's. Raises BadInput for compounds, whose vacancies need chemical potentials; PartFailed."""
        if len(set(atoms.numbers)) != 1:
            raise BadInput(
                f"The vacancy energy of {atoms.get_chemical_formula()} needs chemical potentials; "
                "only crystals of one element are measured."
            )
        counted = Counted(calculator)
        unit, _ = relax(conventional(atoms), counted, "volume", 1e-3)
        perfect = unit * tuple(np.maximum(1, np.ceil(self.length_A / unit.cell.lengths())).astype(int))
        whole = single_point(perfect, counted).energy
        holed = perfect.copy()
        del holed[0]
        _, energy = relax(holed, counted, "fixed", self.fmax_eV_A)
        return Formation(energy - (len(perfect) - 1) / len(perfect) * whole, counted.calls)

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both; `reference` is a calculator, or a Formation from before, which costs nothing."""
        mine = self.formation(atoms, potential)
        known = of_reference(reference, Formation, lambda one: self.formation(atoms, one))
        pair = (mine.energy_eV, known.energy_eV)
        found = per_cent("vacancy_formation_energy", subject, "eV", pair, self.limit_percent)
        return Measured((found,), {}, 0 if known is reference else known.calls)
