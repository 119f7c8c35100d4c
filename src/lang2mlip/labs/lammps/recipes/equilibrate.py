"""Equilibrium at a temperature and a pressure, or in a box."""

from __future__ import annotations

from typing import ClassVar

from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Seen, Stage, number
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import dumped

__all__ = ["Equilibrate"]

_FRAMES = 100


class Equilibrate(Dynamics):
    """Rest, then averages under the same conditions."""

    key: ClassVar[str] = "equilibrate"
    line: ClassVar[str] = "Equilibrium molecular dynamics"

    def measures(self) -> str:
        """In words."""
        held = "constant volume" if self.held else f"{self.pressure_GPa:g} GPa"
        return f"temperature, pressure, density, volume and energy at {self.temperature_K:g} K and {held}"

    def stages(self, system: System) -> list[Stage]:
        """Rest and production, with a trajectory."""
        dump = dumped(max(1, system.steps(self.ps) // _FRAMES), system)
        return [*self.opening(system), self.production(system, dump)]

    def read(self, seen: Seen) -> Findings:
        """Means over the stationary part of the production, with blocked errors."""
        n = len(seen.system.atoms)
        numbers = (
            number("temperature", seen.mean("production", "Temp"), "K"),
            number("pressure", seen.mean("production", "Press"), "GPa"),
            number("density", seen.mean("production", "Density"), "g/cm³"),
            number("volume", seen.mean("production", "Volume"), "Å³/atom", 1 / n),
            number("potential_energy", seen.mean("production", "PotEng"), "eV/atom", 1 / n),
        )
        return Findings(numbers=numbers, curves=(in_time(seen, "Density", "density (g/cm³)"),))


def in_time(seen: Seen, column: str, label: str, stage: str = "production") -> Curve:
    """A column of a stage against the time."""
    return Curve(
        name=column.lower(), x_label="time (ps)", y_label=label,
        x=tuple(seen.time_ps(stage)), y=tuple(seen.series(stage, column)),
    )  # fmt: skip
