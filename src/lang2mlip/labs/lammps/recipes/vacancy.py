"""The formation energy of a vacancy at 0 K."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System

__all__ = ["VacancyEnergy"]


class VacancyEnergy(Recipe):
    """One atom taken out of the relaxed crystal, the others relaxed in the same box."""

    key: ClassVar[str] = "vacancy"
    line: ClassVar[str] = "Vacancy formation energy at 0 K"
    phases: ClassVar[tuple[str, ...]] = ("crystal", "vacancy")

    atoms: int = Field(default=256, ge=8, description="about this many atoms")

    def measures(self) -> str:
        """In words."""
        return "E(N-1) - (N-1)/N E(N), the atoms around the vacancy relaxed in the box of the perfect crystal"

    def stages(self, system: System) -> list[Stage]:
        """The perfect crystal, the same with a hole as it is, and relaxed. Raises BadInput for compounds."""
        if len(set(system.atoms.numbers)) != 1:
            raise BadInput(
                f"The vacancy energy of {system.atoms.symbols.formula.reduce()[0]} needs chemical potentials;"
                " ask for a crystal of one element."
            )
        hole = ("group           hole id 1", "delete_atoms    group hole compress no")
        return [
            Stage("perfect", relax_box(system)),
            Stage("unrelaxed", (*hole, "run             0")),
            Stage("vacancy", (RELAX_ATOMS,)),
        ]

    def read(self, seen: Seen) -> Findings:
        """Of the relaxed and of the unrelaxed hole."""
        n = len(seen.system.atoms)
        whole = seen.last("perfect", "PotEng") * (n - 1) / n
        how = f"one of {n} atoms; its own images are {min(seen.system.atoms.cell.lengths()):.1f} Å away"
        return Findings(numbers=(
            Number(name="vacancy_energy", value=seen.last("vacancy", "PotEng") - whole, unit="eV", how=how),
            Number(name="unrelaxed_vacancy_energy", value=seen.last("unrelaxed", "PotEng") - whole, unit="eV"),
        ))  # fmt: skip
