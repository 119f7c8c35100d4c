"""Shear viscosity of a liquid from the fluctuations of its stress."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.recipes.correlation import green_kubo, recorded
from lang2mlip.labs.lammps.system import System
from lang2mlip.units import BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA

__all__ = ["Viscosity"]

Floats = NDArray[np.float64]

_STRESS = "stress.txt"
_EVERY_FS = 10.0


class Viscosity(Dynamics):
    """Green and Kubo: the integral of the autocorrelation of the shear stress, at constant volume after rest."""

    key: ClassVar[str] = "viscosity"
    line: ClassVar[str] = "Shear viscosity by Green and Kubo"
    phases: ClassVar[tuple[str, ...]] = ("melt",)

    molten: bool = Field(default=True, description="melt it first")
    ps: float = Field(default=200.0, ge=20, description="time over which is measured, ps")
    atoms: int = Field(default=256, ge=50, description="about this many atoms")

    def measures(self) -> str:
        """In words."""
        return (
            f"shear viscosity at {self.temperature_K:g} K (M. S. Green, J. Chem. Phys. 22, 398 (1954); R. Kubo, 1957)"
        )

    def stages(self, system: System) -> list[Stage]:
        """Rest, and production with the stress written every 10 fs."""
        every = max(1, round(_EVERY_FS / system.step_fs))
        parts = " ".join(f"c_thermo_press[{n}]" for n in range(1, 7))
        record = ("reset_timestep  0", f"fix             stress all ave/time 1 1 {every} {parts} file {_STRESS}")
        return [*self.opening(system), self.constant_volume(system, record)]

    def read(self, seen: Seen) -> Findings:
        """Five independent shear stresses; the integral of their correlation and its error from their spectrum."""
        steps, stress = _recorded(seen)
        interval_ps = (steps[1] - steps[0]) * seen.system.step_fs / 1000
        kelvin, volume = seen.mean("production", "Temp").value, seen.last("production", "Volume")
        # V/kT <P P> dt: Å³ / eV * GPa² * ps; 1 GPa = 1/160.2 eV/Å³, and 1 GPa ps = 1 mPa s
        scale = volume / (BOLTZMANN_EV_PER_K * kelvin) / EV_PER_A3_IN_GPA
        found = green_kubo(stress, interval_ps, scale)
        numbers = (
            Number(name="viscosity", value=found.value, error=found.error, unit="mPa s", how=found.how("stress")),
            number("temperature", seen.mean("production", "Temp"), "K"),
            number("pressure", seen.mean("production", "Press"), "GPa"),
        )
        curve = Curve(name="stress_correlation", x_label="time (ps)", y_label="stress correlation (normalised)",
                      x=tuple(found.lags_ps), y=tuple(found.normalised))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,))


def _recorded(seen: Seen) -> tuple[Floats, Floats]:
    """(steps, five independent traceless stresses in GPa, shape (rows, 5))."""
    steps, table = recorded(seen.folder / _STRESS, "stress")
    xx, yy, zz, xy, xz, yz = (table * seen.system.units.pressure_GPa).T
    return steps, np.column_stack([xy, xz, yz, (xx - yy) / 2, (xx + yy - 2 * zz) / np.sqrt(12)])
