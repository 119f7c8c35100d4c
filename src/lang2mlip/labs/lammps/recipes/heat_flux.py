"""Thermal conductivity by Green and Kubo: from the fluctuations of the heat flux at equilibrium."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.recipes.correlation import green_kubo, recorded
from lang2mlip.labs.lammps.system import System
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["HeatFlux"]

_FLUX = "flux.txt"
_EVERY_FS = 10.0
_W_PER_MK = 1602.176634
"""1 eV/(ps Å K) in W/(m K)."""

_TWO_BODY = ("lj/", "morse", "buck", "born", "eam", "table", "coul/", "yukawa", "zbl")
"""Pair styles whose stress of an atom is what its heat flux needs; of many-body styles it is not (D. Surblys, H.
Matsubara, G. Kikugawa and T. Ohara, Phys. Rev. E 99, 051301 (2019); manual of compute heat/flux)."""


class HeatFlux(Dynamics):
    """M. S. Green, J. Chem. Phys. 22, 398 (1954); R. Kubo, J. Phys. Soc. Jpn. 12, 570 (1957); at constant energy."""

    key: ClassVar[str] = "heat_flux"
    line: ClassVar[str] = "Thermal conductivity by Green and Kubo"

    atoms: int = Field(default=256, ge=50, description="about this many atoms")
    ps: float = Field(default=400.0, ge=20, description="time over which is measured, ps")

    def measures(self) -> str:
        """In words."""
        return f"thermal conductivity at {self.temperature_K:g} K, that of the electrons not included"

    def stages(self, system: System) -> list[Stage]:
        """Rest, and production at constant energy with the flux written every 10 fs. Raises BadInput."""
        told = " ".join(system.potential.commands(system.types)).split()
        style = told[told.index("pair_style") + 1]
        if system.potential.maker is not None or not style.startswith(_TWO_BODY):
            raise BadInput(
                f"LAMMPS knows no heat flux for the many-body forces of {system.potential.name}; ask for reverse"
                " non-equilibrium MD, which serves every potential."
            )
        every = max(1, round(_EVERY_FS / system.step_fs))
        record = (
            "reset_timestep  0",
            "compute         kinetic all ke/atom",
            "compute         potential all pe/atom",
            "compute         virial all stress/atom NULL virial",
            "compute         flux all heat/flux kinetic potential virial",
            f"fix             flux all ave/time 1 1 {every} c_flux[1] c_flux[2] c_flux[3] file {_FLUX}",
            "fix             move all nve",
            f"run             {system.steps(self.ps)}",
        )
        return [*self.opening(system), Stage("production", record, ("unfix           move",))]

    def read(self, seen: Seen) -> Findings:
        """Three directions; the integral of their correlation and its error from their spectrum."""
        steps, table = recorded(seen.folder / _FLUX, "heat flux")
        flux = table * seen.system.units.energy_eV * 1000 / seen.system.units.time_fs  # eV Å/ps
        interval_ps = (steps[1] - steps[0]) * seen.system.step_fs / 1000
        kelvin, volume = seen.mean("production", "Temp").value, seen.last("production", "Volume")
        scale = 1 / (volume * BOLTZMANN_EV_PER_K * kelvin**2) * _W_PER_MK
        found = green_kubo(flux, interval_ps, scale)
        how = found.how("flux")
        numbers = (
            Number(name="thermal_conductivity", value=found.value, error=found.error, unit="W/(m K)", how=how),
            number("temperature", seen.mean("production", "Temp"), "K"),
        )
        curve = Curve(name="flux_correlation", x_label="time (ps)", y_label="heat flux correlation (normalised)",
                      x=tuple(found.lags_ps), y=tuple(found.normalised))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,))
