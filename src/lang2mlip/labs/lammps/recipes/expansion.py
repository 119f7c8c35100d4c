"""Thermal expansion from the volume at several temperatures."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.system import System

__all__ = ["ThermalExpansion", "around"]

_AROUND_K = 100.0


def around(kelvin: float) -> tuple[float, float]:
    """The range, K, over which the coefficient at one temperature is measured: 100 K to each side, or half of it."""
    half = min(_AROUND_K, kelvin / 2)
    return kelvin - half, kelvin + half


class ThermalExpansion(Dynamics):
    """Rest and production at each temperature, from low to high."""

    key: ClassVar[str] = "expansion"
    line: ClassVar[str] = "Thermal expansion"

    temperature_K: float = Field(default=100.0, gt=0, le=20000, description="lowest temperature, K")
    to_K: float = Field(default=500.0, gt=0, le=20000, description="highest temperature, K")
    points: int = Field(default=5, ge=3, le=21, description="temperatures")
    rest_ps: float = Field(default=5.0, gt=0, description="time to come to rest at each temperature, ps")
    ps: float = Field(default=15.0, gt=0, description="time over which is measured at each temperature, ps")
    pressure_GPa: float = Field(default=0.0, description="GPa")

    def measures(self) -> str:
        """In words."""
        between = f"between {self.temperature_K:g} and {self.to_K:g} K"
        return f"linear expansion coefficient {between} at {self.pressure_GPa:g} GPa"

    def stages(self, system: System) -> list[Stage]:
        """Two for each temperature."""
        found = []
        for n, kelvin in enumerate(self._kelvins()):
            start = () if n else (self.velocities(2 * kelvin),)
            found.append(self._moved(f"rest at {kelvin:g} K", system, self.rest_ps, kelvin, start))
            found.append(self._moved(f"{kelvin:g} K", system, self.ps, kelvin, ()))
        return found

    def read(self, seen: Seen) -> Findings:
        """A straight line through ln V / 3 weighted by the errors of the volumes."""
        kelvins, n = self._kelvins(), len(seen.system.atoms)
        means = [seen.mean(f"{kelvin:g} K", "Volume") for kelvin in kelvins]
        volumes, errors = np.array([one.value for one in means]), np.array([one.error for one in means])
        fit, covariance = np.polyfit(kelvins, np.log(volumes) / 3, 1, w=3 * volumes / errors, cov="unscaled")
        coefficient = Number(
            name="linear_expansion", value=float(fit[0]) * 1e6, error=float(np.sqrt(covariance[0, 0])) * 1e6,
            unit="1e-6/K",
            how=f"slope of ln(V)/3 over {len(kelvins)} temperatures, weighted by the blocked errors of the volumes",
        )  # fmt: skip
        at = [number(f"volume_{k:g}_K", mean, "Å³/atom", 1 / n) for k, mean in zip(kelvins, means, strict=True)]
        curve = Curve(name="volume_of_temperature", x_label="temperature (K)", y_label="volume (Å³/atom)",
                      x=tuple(kelvins), y=tuple((volumes / n).tolist()))  # fmt: skip
        return Findings(numbers=(coefficient, *at), curves=(curve,))

    def _kelvins(self) -> list[float]:
        return [round(float(one), 2) for one in np.linspace(self.temperature_K, self.to_K, self.points)]
