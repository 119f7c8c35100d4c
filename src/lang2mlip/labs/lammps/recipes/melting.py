"""The melting point by coexistence: half of a long box is molten, and at constant enthalpy the two phases find it."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.building import refuse_size, unit_cell
from lang2mlip.labs.lammps.recipe import Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.recipes.equilibrate import in_time
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, dumped, read_dump

__all__ = ["Melting"]

_LONG = 3
"""Times as long as wide, so that two interfaces have room."""

_FRAMES = 60
_MOVED = 0.5
"""Share of the spacing of atoms beyond which an atom of a crystal does not get."""

_LEAST = 0.1
"""Share of atoms that either phase must keep to the end."""

_LOWER, _HIGHER = 0.75, 1.25
"""How many times the temperature is begun at next where the crystal, or the melt, was gone: potentials melt up to a
third away from the tables' melting points, and two phases last where the begin is less than a tenth off."""

_GONE = "The {} is gone"
"""What ended a coexistence: read says it, and elsewhere goes by it."""


class Melting(Dynamics):
    """J. R. Morris, C. Z. Wang, K. M. Ho and C. T. Chan, Phys. Rev. B 49, 3109 (1994)."""

    key: ClassVar[str] = "melting"
    line: ClassVar[str] = "Melting point by coexistence"
    phases: ClassVar[tuple[str, ...]] = ("crystal", "melt")

    temperature_K: float = Field(gt=0, le=20000, description="a guess at the melting point, K; 15 % off is near enough")
    too_hot_K: float | None = Field(default=None, gt=0, description="where the crystal was gone, K")
    too_cold_K: float | None = Field(default=None, gt=0, description="where the melt was gone, K")
    atoms: int = Field(default=1000, ge=200, description="about this many atoms")
    rest_ps: float = Field(default=5.0, gt=0, description="rest of the crystal, and of the two phases together, ps")
    ps: float = Field(default=40.0, gt=0, description="at constant enthalpy, ps")

    def measures(self) -> str:
        """In words."""
        return f"the temperature at which crystal and melt coexist at {self.pressure_GPa or 0:g} GPa"

    def structure(self, component: Component) -> Atoms:
        """A long box, whose long edge is z."""
        cell = unit_cell(component)
        wide = max(2, round((self.atoms / (_LONG * len(cell))) ** (1 / 3)))
        long = max(2, round(self.atoms / (len(cell) * wide**2) / 2)) * 2
        refuse_size(wide * wide * long * len(cell))
        larger: Atoms = cell.repeat((wide, wide, long))
        return larger

    def stages(self, system: System) -> list[Stage]:
        """Rest, melting of the upper half, cooling of it, rest together, and coexistence."""
        hot, cool = self.hot_K(), self.temperature_K
        begin = self._moved("rest", system, self.rest_ps, cool, (self.velocities(2 * cool),))
        half = (
            "variable        middle equal $((zlo+zhi)/2)",
            "region          above block INF INF INF INF ${middle} INF",
            "group           above region above",
            f"velocity        above create {hot:g} {self.seed + 2} mom yes rot no dist gaussian",
        )
        steps = system.steps(self.melt_ps)
        damping = system.units.of_fs(self.damping_fs)
        melting = f"fix             move above nvt temp {hot:g} {hot:g} {damping}"
        cooling = f"fix             move above nvt temp {hot:g} {cool:g} {damping}"
        melted = Stage("melt", (*half, melting, f"run             {steps}"), ("unfix           move",))
        cooled = Stage("cool", (cooling, f"run             {steps // 2 + 1}"), ("unfix           move",))
        together = self._moved("together", system, self.rest_ps, cool, (self.velocities(cool),))
        return [begin, melted, cooled, together, self._coexistence(system)]

    def _coexistence(self, system: System) -> Stage:
        bar, damping = system.units.of_GPa(self.pressure_GPa or 0.0), system.units.of_fs(self.pressure_damping_fs)
        steps = system.steps(self.ps)
        return Stage(
            "production",
            (
                *dumped(max(1, steps // _FRAMES), system),
                f"fix             move all nph aniso {bar} {bar} {damping}",
                f"run             {steps}",
            ),
            ("unfix           move",),
        )

    def hot_K(self) -> float:
        """Where the upper half is melted."""
        return self.melt_K or 2.5 * self.temperature_K

    def elsewhere(self, trouble: str) -> tuple[Self, str] | None:
        """Lower where the crystal was gone, higher where the melt was, in the middle where both have been seen."""
        hot = self.temperature_K if _GONE.format("crystal") in trouble else self.too_hot_K
        cold = self.temperature_K if _GONE.format("melt") in trouble else self.too_cold_K
        if (hot, cold) == (self.too_hot_K, self.too_cold_K):
            return None
        if hot is not None and cold is not None:
            kelvin = (hot + cold) / 2
        else:
            kelvin = _LOWER * hot if hot is not None else _HIGHER * self.temperature_K
        told = {"temperature_K": round(kelvin, 1), "too_hot_K": hot, "too_cold_K": cold}
        return self.model_copy(update=told), f"a begin at {told['temperature_K']:g} K"

    def read(self, seen: Seen) -> Findings:
        """The stationary temperature. Raises PartFailed where one phase has eaten the other."""
        share = self._molten(seen)
        if not _LEAST < share < 1 - _LEAST:
            gone, way = ("crystal", "lower") if share > 0.5 else ("melt", "higher")
            raise PartFailed(
                f"{_GONE.format(gone)} ({100 * share:.0f} % of the atoms diffuse), so this is no melting point;"
                f" begin at a {way} temperature than {self.temperature_K:g} K."
            )
        numbers = (
            number("melting_point", seen.mean("production", "Temp"), "K"),
            number("pressure", seen.mean("production", "Press"), "GPa"),
            Number(name="molten_share", value=share, unit="", how="atoms that left their places in the last half"),
        )
        return Findings(numbers=numbers, curves=(in_time(seen, "Temp", "temperature (K)"),))

    def _molten(self, seen: Seen) -> float:
        """Share of the atoms that left their places in the last half."""
        frames, _ = read_dump(seen.folder / TRAJECTORY, seen.system.types)
        moved = np.linalg.norm(frames[-1].positions - frames[len(frames) // 2].positions, axis=1)
        spacing = (frames[-1].get_volume() / len(frames[-1])) ** (1 / 3)
        return float(np.mean(moved > _MOVED * spacing))
