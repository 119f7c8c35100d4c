"""The formation energy of a vacancy at 0 K, under pressure its enthalpy and volume."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = ["VacancyEnergy"]


class VacancyEnergy(Recipe):
    """One atom taken out of the relaxed crystal, the others relaxed in the same box; under pressure the box with them.

    Under pressure: M. J. Gillan, Phil. Mag. A 43, 301 (1981), at constant pressure in place of constant volume.
    """

    key: ClassVar[str] = "vacancy"
    line: ClassVar[str] = "Vacancy formation energy at 0 K"
    phases: ClassVar[tuple[str, ...]] = ("crystal", "vacancy")

    atoms: int = Field(default=256, ge=8, description="about this many atoms")
    pressure_GPa: float | None = Field(
        default=0.0, ge=-50, le=1000, description="GPa; 0 or None: without pressure, in the box of the perfect crystal"
    )

    def measures(self) -> str:
        """In words."""
        if self.pressure_GPa:
            return (
                f"H(N-1) - (N-1)/N H(N) with H = E + PV at {self.pressure_GPa:g} GPa, and the same of energy and"
                " volume, atoms and box relaxed at the pressure"
            )
        return "E(N-1) - (N-1)/N E(N), the atoms around the vacancy relaxed in the box of the perfect crystal"

    def stages(self, system: System) -> list[Stage]:
        """The perfect crystal, the same with a hole as it is, and relaxed. Raises BadInput for compounds."""
        if len(set(system.atoms.numbers)) != 1:
            raise BadInput(
                f"The vacancy energy of {system.atoms.symbols.formula.reduce()[0]} needs chemical potentials;"
                " ask for a crystal of one element."
            )
        hole = ("group           hole id 1", "delete_atoms    group hole compress no")
        pressure = self.pressure_GPa or 0.0
        relaxed = (RELAX_ATOMS, *relax_box(system, pressure)) if pressure else (RELAX_ATOMS,)
        return [
            Stage("perfect", relax_box(system, pressure)),
            Stage("unrelaxed", (*hole, "run             0")),
            Stage("vacancy", relaxed),
        ]

    def read(self, seen: Seen) -> Findings:
        """Of the relaxed and of the unrelaxed hole; enthalpies and the volume where there is a pressure."""
        n = len(seen.system.atoms)
        whole = seen.last("perfect", "PotEng") * (n - 1) / n
        how = f"one of {n} atoms; its own images are {min(seen.system.atoms.cell.lengths()):.1f} Å away"
        energy, unrelaxed = (seen.last(stage, "PotEng") - whole for stage in ("vacancy", "unrelaxed"))
        if self.pressure_GPa:
            return Findings(numbers=self._under(self.pressure_GPa, seen, (energy, unrelaxed), how))
        return Findings(numbers=(
            Number(name="vacancy_energy", value=energy, unit="eV", how=how),
            Number(name="unrelaxed_vacancy_energy", value=unrelaxed, unit="eV"),
        ))  # fmt: skip

    def _under(self, pressure: float, seen: Seen, energies: tuple[float, float], how: str) -> tuple[Number, ...]:
        """Of boxes at the pressure, GPa: there the derivative of the enthalpy with pressure is the volume."""
        n, work = len(seen.system.atoms), pressure / EV_PER_A3_IN_GPA
        box = seen.last("perfect", "Volume")
        volume = seen.last("vacancy", "Volume") - box * (n - 1) / n
        energy, unrelaxed = energies
        at = f"atoms and box relaxed at {pressure:g} GPa; {how}"
        still = "in the box of the perfect crystal, whose share of an atom is the volume of the hole"
        return (
            Number(name="vacancy_enthalpy", value=energy + work * volume, unit="eV", how=f"E + PV, {at}"),
            Number(name="vacancy_energy", value=energy, unit="eV", how=f"E alone, {at}"),
            Number(name="vacancy_volume", value=volume, unit="Å³", how=at),
            Number(name="unrelaxed_vacancy_enthalpy", value=unrelaxed + work * box / n, unit="eV", how=still),
        )
