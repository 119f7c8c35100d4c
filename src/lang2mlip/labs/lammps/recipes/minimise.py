"""The crystal at 0 K: its lattice parameters, energy and density."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.evaluation.measured import conventional

__all__ = ["Minimise"]


class Minimise(Recipe):
    """Atoms, and the box with them, brought to the nearest minimum of the energy."""

    key: ClassVar[str] = "minimise"
    line: ClassVar[str] = "Relaxation at 0 K"

    box: bool = Field(default=True, description="relax the box too")
    pressure_GPa: float = Field(default=0.0, ge=-50, le=1000, description="pressure that the box is relaxed to, GPa")

    def measures(self) -> str:
        """In words."""
        under = f" under {self.pressure_GPa:g} GPa" if self.pressure_GPa else ""
        return f"energy per atom, lattice parameters and density{under}, and the pressure at the end"

    def stages(self, system: System) -> list[Stage]:
        """One."""
        return [Stage("relax", relax_box(system, self.pressure_GPa) if self.box else (RELAX_ATOMS,))]

    def read(self, seen: Seen) -> Findings:
        """The end of the last minimisation."""
        atoms = seen.system.atoms
        cell = conventional(atoms)
        grown = (seen.last("relax", "Volume") / atoms.get_volume()) ** (1 / 3)
        numbers = [
            Number(name="energy", value=seen.last("relax", "PotEng") / len(atoms), unit="eV/atom"),
            Number(name="volume", value=seen.last("relax", "Volume") / len(atoms), unit="Å³/atom"),
            Number(name="density", value=seen.last("relax", "Density"), unit="g/cm³"),
            Number(name="pressure", value=seen.last("relax", "Press"), unit="GPa", how="at the end"),
        ]
        lengths = cell.cell.lengths() * grown
        if np.ptp(lengths) < 1e-6:
            numbers.insert(0, _lattice_parameter(float(lengths[0])))
        else:
            pairs = zip(("Lx", "Ly", "Lz"), _edges(seen), strict=True)
            ratios = [seen.last("relax", edge) / start for edge, start in pairs]
            numbers += [
                Number(name=f"stretch_{axis}", value=one, unit="", how="box edge after relaxing over that of the table")
                for axis, one in zip("xyz", ratios, strict=True)
            ]
        return Findings(numbers=tuple(numbers))


def _lattice_parameter(value: float) -> Number:
    return Number(name="lattice_parameter", value=value, unit="Å", how="conventional cell")


def _edges(seen: Seen) -> list[float]:
    """The box edges as LAMMPS has them at the start, Å."""
    box: list[float] = np.diag(seen.system.atoms.cell.standard_form()[0].array).tolist()
    return box
