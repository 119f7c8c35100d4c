"""What recipes at a surface share: a slab that came to rest as a crystal and was then pulled open, its foot held."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.labs.lammps.building import refuse_size, unit_cell
from lang2mlip.labs.lammps.recipe import Dynamics, Stage
from lang2mlip.labs.lammps.recipes.surface import flat
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.structures.facets import Facet
from lang2mlip.science.structures.source import primitive

__all__ = ["AtSurface"]

_FOOT_A = 4.0
"""Thickness of what is held in place at the bottom: beyond what most potentials reach from the next layer."""


class AtSurface(Dynamics):
    """A surface of the plane asked for, wide and thick enough for what is done to it."""

    phases: ClassVar[tuple[str, ...]] = ("crystal", "surface")

    miller: tuple[int, int, int] = Field(default=(1, 0, 0), description="Miller indices on the conventional cell")
    width_A: float | None = Field(default=None, gt=8, description="least width of the surface, Å; None: as is needed")
    thickness_A: float | None = Field(default=None, gt=8, description="thickness of the slab, Å; None: as is needed")
    gap_A: float = Field(default=40.0, gt=15, description="least empty room above it, Å")
    rest_ps: float = Field(default=3.0, gt=0, description="rest of the crystal, and of the slab, ps")

    def extent(self) -> tuple[float, float]:
        """Least width and thickness, Å; what is done to it may need more."""
        return self.width_A or 20.0, self.thickness_A or 14.0

    def room_A(self) -> float:
        """Height of the empty room above the surface, which the box repeats."""
        return self.gap_A

    def structure(self, component: Component) -> Atoms:
        """The crystal with the plane flat, periodic also across it."""
        width, thickness = self.extent()
        cell = unit_cell(component)
        step = Facet.of(cell, primitive(cell), self.miller).step
        high = abs(float(step.cell.array[2, 2]))
        once = flat(step.repeat((1, 1, max(1, int(np.ceil(thickness / high))))))
        wide = [int(np.ceil(width / length)) for length in once.cell.lengths()[:2]]
        larger: Atoms = once.repeat((*wide, 1))
        refuse_size(len(larger))
        return larger

    def before(self, system: System) -> list[Stage]:
        """Rest as a crystal, then as a slab whose foot is held; `top` is where its highest atom was on average."""
        foot = (
            f"change_box      all z delta 0 {self.room_A():g} units box   # the atoms stay: a gap opens above them",
            "change_box      all xz final 0 yz final 0 units box   # nothing repeats across the gap",
            f"region          foot block INF INF INF INF INF $(bound(all,zmin)+{_FOOT_A:g}) units box",
            "group           foot region foot",
            "group           mobile subtract all foot",
            "velocity        foot set 0.0 0.0 0.0",
            "fix             foot foot setforce 0.0 0.0 0.0",
            self.mobile(system),
            f"run             {system.steps(self.rest_ps)}",
            "variable        top equal $(bound(all,zmax))",
        )
        kelvin = self.temperature_K
        crystal = self._moved("rest", system, self.rest_ps, kelvin, (self.velocities(2 * kelvin),))
        return [crystal, Stage("slab", foot)]

    def longer(self) -> None:
        """There is no rest to wait for: something is done to the surface to the end."""

    def mobile(self, system: System) -> str:
        """What moves the atoms above the foot."""
        kelvin = self.temperature_K
        return f"fix             move mobile nvt temp {kelvin:g} {kelvin:g} {system.units.of_fs(self.damping_fs)}"
