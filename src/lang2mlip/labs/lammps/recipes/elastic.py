"""Elastic constants at 0 K from the stress of small strains."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.labs.lammps.building import unit_cell
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.recipes.strains import EQUAL, KEEP_BOX, STRESS, Matrix, polycrystal, strained, symmetry
from lang2mlip.labs.lammps.system import System

__all__ = ["ElasticConstants"]

_ROUNDING = 1e-6
"""Share of a constant below which what symmetry makes equal differs by rounding alone: it says nothing of its error."""


class ElasticConstants(Recipe):
    """Each of six strains both ways, atoms relaxed in each; the box is then brought back."""

    key: ClassVar[str] = "elastic"
    line: ClassVar[str] = "Elastic constants at 0 K"

    strain: float = Field(default=0.002, gt=0, lt=0.05, description="size of each strain, either way")

    def measures(self) -> str:
        """In words."""
        return "elastic constants, and from them bulk, shear and Young's modulus of a polycrystal (Voigt, Reuss, Hill)"

    def structure(self, component: Component) -> Atoms:
        """The conventional cell along the crystal's own axes; size does not matter at 0 K."""
        cell = unit_cell(component)
        times = tuple(int(n) for n in np.maximum(1, np.ceil(10.0 / cell.cell.lengths())))
        larger: Atoms = cell.repeat(times)
        return larger

    def stages(self, system: System) -> list[Stage]:
        """The minimum, its box kept in variables, and twelve strained boxes."""
        found = [Stage("relax", relax_box(system), KEEP_BOX)]
        for number in range(1, 7):
            for sign, word in ((1, "plus"), (-1, "minus")):
                found.append(Stage(f"strain {number} {word}", (*strained(sign * self.strain, number), RELAX_ATOMS)))
        return found

    def read(self, seen: Seen) -> Findings:
        """Central differences; constants that are equal by symmetry are averaged, their spread is the error."""
        whole = np.array([self._column(seen, number) for number in range(1, 7)])
        matrix = (whole + whole.T) / 2
        numbers = [_constant(group, whole, matrix) for group in EQUAL[symmetry(seen.system)]]
        return Findings(numbers=(*numbers, *polycrystal(matrix)))

    def _column(self, seen: Seen, number: int) -> Matrix:
        plus, minus = ([seen.last(f"strain {number} {way}", one) for one in STRESS] for way in ("plus", "minus"))
        return np.asarray(-(np.array(plus) - np.array(minus)) / (2 * self.strain))


def _constant(group: tuple[tuple[int, int], ...], whole: Matrix, matrix: Matrix) -> Number:
    i, j = group[0]
    values = [float(whole[a - 1, b - 1]) for pair in group for a, b in {pair, pair[::-1]}]
    spread = float(np.ptp(values)) / 2 if len(values) > 1 else None
    mean = float(np.mean([matrix[a - 1, b - 1] for a, b in group]))
    how = f"central difference of the stress; error: half the spread of {len(values)} values that are equal by symmetry"
    if spread is not None and spread < _ROUNDING * abs(mean):
        how = f"central difference of the stress; what symmetry makes equal agrees to {spread:.0e} GPa: no error bar"
        spread = None
    return Number(name=f"C{i}{j}", value=mean, error=spread, unit="GPa", how=how if len(values) > 1 else "")
