"""Nanoindentation by a rigid sphere: load against depth, hardness, and the modulus of the first contact."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.labs.lammps.recipe import Curve, Findings, Number, Seen, Stage
from lang2mlip.labs.lammps.recipes.slab import AtSurface
from lang2mlip.labs.lammps.system import COLUMNS, THERMO_MODIFY, System
from lang2mlip.labs.lammps.trajectory import dumped

__all__ = ["Indentation"]

Floats = NDArray[np.float64]

_STIFF_EV_A3 = 10.0
"""Of the sphere's surface: a force of 10 eV/Å at 1 Å, far above what an atom of a crystal withstands."""

_NN_PER_EV_A = 1.602176634
_HERTZ = 0.1
"""Depth over radius up to which Hertz's law for a sphere is fitted (K. L. Johnson, Contact Mechanics (1985))."""

_APART = 1.3
"""Least width over the contact's diameter; what is taken where nothing is said is twice."""

_PIECES = 40
_DROP = 0.15


class Indentation(AtSurface):
    """C. L. Kelchner, S. J. Plimpton and J. C. Hamilton, Phys. Rev. B 58, 11085 (1998)."""

    key: ClassVar[str] = "indentation"
    line: ClassVar[str] = "Nanoindentation"

    radius_A: float = Field(default=10.0, gt=2, description="radius of the sphere, Å")
    depth_A: float = Field(default=4.0, gt=0, description="how deep it goes, Å")
    speed_A_ps: float = Field(default=0.5, gt=0, le=5, description="how fast, Å/ps; 0.1 is 10 m/s")

    def extent(self) -> tuple[float, float]:
        """Twice as wide and as thick as the contact, which its neighbours and the foot would feel otherwise.

        Raises BadInput where a width was given on which contacts would touch each other.
        """
        inside = min(self.depth_A, self.radius_A)
        contact = 2 * float(np.sqrt(2 * self.radius_A * inside - inside**2))
        if self.width_A is not None and self.width_A < _APART * contact:
            raise BadInput(
                f"A sphere of {self.radius_A:g} Å pressed {self.depth_A:g} Å deep touches {contact:.0f} Å; a surface of"
                f" {self.width_A:g} Å is too narrow for it. Leave width_A out, or press less deep."
            )
        return self.width_A or max(35.0, 2 * contact), self.thickness_A or max(25.0, contact)

    def room_A(self) -> float:
        """As much that the sphere, whose top is two radii above the surface, does not come up under the foot."""
        return max(self.gap_A, 2 * self.radius_A + 10.0)

    def measures(self) -> str:
        """In words."""
        plane = "".join(map(str, self.miller))
        sphere = f"a sphere of {self.radius_A:g} Å pressed {self.depth_A:g} Å into ({plane})"
        return f"load, hardness and first-contact modulus: {sphere} at {self.temperature_K:g} K"

    def stages(self, system: System) -> list[Stage]:
        """Rest, and the sphere on its way down."""
        steps = system.steps(self.depth_A / self.speed_A_ps)
        per_step = self.speed_A_ps * system.step_fs / 1000
        sphere = f"sphere ${{middlex}} ${{middley}} v_height {self.radius_A:g} units box"
        pressed = (
            *dumped(max(1, steps // 50), system),
            "variable        middlex equal $((bound(all,xmin)+bound(all,xmax))/2)",
            "variable        middley equal $((bound(all,ymin)+bound(all,ymax))/2)",
            f"variable        depth equal step*{per_step:.8g}",
            f"variable        height equal v_top+{self.radius_A:g}-v_depth",
            f"fix             indenter all indent {_STIFF_EV_A3 / system.units.energy_eV:g} {sphere}",
            f"thermo_style    custom {COLUMNS} v_depth f_indenter[3]",
            THERMO_MODIFY,
            f"thermo          {max(1, steps // 400)}",
            f"run             {steps}",
        )
        return [*self.before(system), Stage("indentation", pressed)]

    def read(self, seen: Seen) -> Findings:
        """Load over the sphere's projected area at the deepest point; Hertz's law up to a tenth of the radius."""
        depth = np.array(seen.series("indentation", "v_depth"))
        load = np.array(seen.series("indentation", "f_indenter[3]")) * seen.system.units.energy_eV * _NN_PER_EV_A
        if load.max() <= 0:
            raise PartFailed("The sphere met no resistance; it did not reach the surface.")
        end = depth >= 0.95 * depth[-1]
        hardness = load[end] / _area(depth[end], self.radius_A)
        pieces = [float(one.mean()) for one in np.array_split(load, _PIECES)]
        how = "load over the projected area of the sphere at the height of the surface, last twentieth of the way"
        numbers = [
            Number(name="hardness", value=float(hardness.mean()), error=float(hardness.std()) / 2, unit="GPa", how=how),
            Number(name="largest_load", value=max(pieces), unit="nN", how=f"mean over a {_PIECES}th of the way"),
            self._modulus(depth, load),
            *self._pop_in(pieces),
        ]
        curve = Curve(name="load_depth", x_label="depth (Å)", y_label="load (nN)", x=tuple(depth), y=tuple(load))
        return Findings(numbers=tuple(numbers), curves=(curve,))

    def _modulus(self, depth: Floats, load: Floats) -> Number:
        """E* of F = 4/3 E* sqrt(R) d^(3/2), least squares."""
        early = depth <= _HERTZ * self.radius_A
        shape = 4 / 3 * np.sqrt(self.radius_A) * depth[early] ** 1.5 / 100.0  # GPa Å² = 0.01 nN
        value = float(shape @ load[early] / (shape @ shape))
        return Number(name="contact_modulus", value=value, unit="GPa", how="Hertz's law; the sphere is rigid")

    def _pop_in(self, pieces: list[float]) -> list[Number]:
        """The load at which it first fell by a good deal, where it did."""
        for n, load in enumerate(pieces[:-1]):
            if load > 0.2 * max(pieces) and min(pieces[n + 1 : n + 3]) < (1 - _DROP) * load:
                return [Number(name="pop_in_load", value=load, unit="nN", how="load before it first fell by 15 %")]
        return []


def _area(depth: Floats, radius: float) -> Floats:
    """nN/GPa: the projected area of the part of the sphere below the surface."""
    inside = np.minimum(depth, radius)
    return np.asarray(np.pi * (2 * radius * inside - inside**2) * 0.01)
