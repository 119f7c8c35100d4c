"""Equilibrium at a temperature and a pressure, or in a box."""

from __future__ import annotations

from typing import ClassVar

from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import dumped
from lang2mlip.science.atoms.statistics import Mean
from lang2mlip.science.evaluation.measured import conventional

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
        volume = seen.mean("production", "Volume")
        numbers = (
            *self._lattice(seen, volume),
            number("temperature", seen.mean("production", "Temp"), "K"),
            number("pressure", seen.mean("production", "Press"), "GPa"),
            number("density", seen.mean("production", "Density"), "g/cm³"),
            number("volume", volume, "Å³/atom", 1 / n),
            number("potential_energy", seen.mean("production", "PotEng"), "eV/atom", 1 / n),
        )
        return Findings(numbers=numbers, curves=(in_time(seen, "Density", "density (g/cm³)"),))

    def _lattice(self, seen: Seen, volume: Mean) -> tuple[Number, ...]:
        """The lattice parameter of a cubic crystal at this temperature."""
        if self.molten or self.held or not seen.system.cubic:
            return ()
        cell = conventional(seen.system.atoms)
        value = (volume.value * len(cell) / len(seen.system.atoms)) ** (1 / 3)
        how = "conventional cell, from the mean volume; error by blocking of the volume"
        error = value * volume.error / volume.value / 3
        return (Number(name="lattice_parameter", value=value, error=error, unit="Å", how=how),)


def in_time(seen: Seen, column: str, label: str, stage: str = "production") -> Curve:
    """A column of a stage against the time."""
    return Curve(
        name=column.lower(), x_label="time (ps)", y_label=label,
        x=tuple(seen.time_ps(stage)), y=tuple(seen.series(stage, column)),
    )  # fmt: skip
