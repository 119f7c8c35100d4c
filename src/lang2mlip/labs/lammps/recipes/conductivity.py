"""Thermal conductivity by reverse non-equilibrium molecular dynamics."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.building import refuse_size, unit_cell
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.system import COLUMNS, THERMO_MODIFY, System
from lang2mlip.science.atoms.statistics import line
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["Conductivity"]

_LONG = 4
_LONG_MOLTEN = 2
"""Times as long as wide. Liquids conduct badly, and the same flux along a longer box would boil one end of it."""

_SWAP_EVERY = 50
_SWAP_EVERY_MOLTEN = 200
"""Steps between swaps: a swap carries some three k_B T, which in a liquid insulator is 20 K over half a box of 500
atoms, and four times as much with swaps of solids."""

_PROFILE = "profile.txt"
_WIDER = 1 + 1e-9
"""A layer that is a hair thinner than its share of the box leaves room for one more, with no atom in it."""

_PROFILES = 10
_W_PER_MK = 1602.176634
"""1 eV/(ps Å K) in W/(m K)."""


class Conductivity(Dynamics):
    """F. Müller-Plathe, J. Chem. Phys. 106, 6082 (1997): the flux is imposed by swaps, the gradient measured."""

    key: ClassVar[str] = "conductivity"
    line: ClassVar[str] = "Thermal conductivity by reverse non-equilibrium MD"

    atoms: int = Field(default=600, ge=100, description="about this many atoms")
    bins: int = Field(default=20, ge=12, multiple_of=2, description="layers along the flux")
    swap_every: int | None = Field(default=None, ge=1, description="steps between swaps; None: 50, of liquids 200")
    ps: float = Field(default=100.0, gt=0, description="time over which is measured, ps; half as long to settle")

    def measures(self) -> str:
        """In words."""
        return f"thermal conductivity at {self.temperature_K:g} K, that of the electrons not included"

    def structure(self, component: Component) -> Atoms:
        """A box that is long along z, the direction of the flux."""
        cell, ratio = unit_cell(component), _LONG_MOLTEN if self.molten else _LONG
        wide = max(2, round((self.atoms / (ratio * len(cell))) ** (1 / 3)))
        long = max(2, round(self.atoms / (len(cell) * wide**2)))
        refuse_size(wide * wide * long * len(cell))
        return self.at_density(cell.repeat((wide, wide, long)))

    def stages(self, system: System) -> list[Stage]:
        """Rest, swaps until the profile is there, and swaps while it is measured."""
        steps, kelvin_per_energy = system.steps(self.ps), 2 / 3 / _boltzmann(system)
        often = max(1, steps // _PROFILES // 10)
        every = self.swap_every or (_SWAP_EVERY_MOLTEN if self.molten else _SWAP_EVERY)
        swaps = (
            f"fix             flux all thermal/conductivity {every} z {self.bins}",
            f"thermo_style    custom {COLUMNS} f_flux",
            THERMO_MODIFY,
            f"thermo          {every}",
            "fix             move all nve",
        )
        profile = (
            "compute         kinetic all ke/atom",
            f"variable        kelvin atom c_kinetic*{kelvin_per_energy:.8g}",
            f"compute         layers all chunk/atom bin/1d z lower {_WIDER / self.bins:.12g} units reduced",
            f"fix             profile all ave/chunk 10 {often} {10 * often} layers v_kelvin file {_PROFILE}",
        )
        return [
            *self.opening(system),
            Stage("settling", (*swaps, f"run             {max(1, steps // 2)}")),
            Stage("production", (*profile, f"run             {steps}")),
        ]

    def read(self, seen: Seen) -> Findings:
        """The energy carried over area, time and gradient; both halves of the box, and the spread of the profiles."""
        profiles = _profiles(seen, self.bins)
        area, length = seen.last("production", "Lx") * seen.last("production", "Ly"), seen.last("production", "Lz")
        carried = seen.tables["production"].columns["f_flux"]
        energy = float(carried[-1] - carried[0]) * seen.system.units.energy_eV
        flux = energy / (2 * area * seen.time_ps("production")[-1])
        slopes = np.array([_gradients(one, length / self.bins) for one in profiles])
        steepest = float(slopes.mean())
        spread = float(slopes.mean(axis=1).std(ddof=1) / np.sqrt(len(slopes)))
        if steepest <= 2 * spread:
            raise PartFailed("The temperature profile is lost in its noise; run longer, or swap more often.")
        value = flux / steepest * _W_PER_MK
        how = f"imposed flux over the slope of the temperature, error from {len(profiles)} profiles;" \
              f" for a box of {length:.0f} Å, longer ones conduct better in crystals"  # fmt: skip
        numbers = (
            Number(name="thermal_conductivity", value=value, error=value * spread / steepest, unit="W/(m K)", how=how),
            number("temperature", seen.mean("production", "Temp"), "K"),
        )
        mean = profiles.mean(axis=0)
        heights = (np.arange(self.bins) + 0.5) * length / self.bins
        curve = Curve(name="temperature_profile", x_label="height (Å)", y_label="temperature (K)",
                      x=tuple(heights), y=tuple(mean))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,))


def _boltzmann(system: System) -> float:
    """k_B in the units of the script, per K."""
    return BOLTZMANN_EV_PER_K / system.units.energy_eV


def _profiles(seen: Seen, bins: int) -> np.ndarray:
    """Temperatures of the layers, K, shape (profiles, bins). Raises PartFailed where there are too few."""
    file = seen.folder / _PROFILE
    rows = [line.split() for line in file.read_text().splitlines() if line[:1] != "#"] if file.is_file() else []
    values = [float(row[3]) for row in rows if len(row) == 4]
    if len(values) < 3 * bins:
        raise PartFailed(f"{file} holds no three whole profiles; run longer.")
    return np.array(values[: len(values) // bins * bins]).reshape(-1, bins)


def _gradients(profile: np.ndarray, bin_A: float) -> tuple[float, float]:
    """Slopes of both halves towards the hot middle, K/Å, without the layers in which energy is swapped."""
    half = len(profile) // 2
    up, down = profile[2 : half - 1], profile[half + 2 : len(profile) - 1][::-1]
    first, second = (line(np.arange(len(one)) * bin_A, one).slope for one in (up, down))
    return first, second
