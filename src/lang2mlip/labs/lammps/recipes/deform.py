"""Tension, compression and shear: stress against strain."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lang2mlip.contracts import Component, Json
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.building import is_cubic, refuse_size, unit_cell
from lang2mlip.labs.lammps.orientation import Miller, box_along, shear_axes, told, turned_to
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import dumped
from lang2mlip.science.atoms.statistics import block_mean
from lang2mlip.science.structures.supercell import repeats_near

__all__ = ["Deformation"]

Floats = NDArray[np.float64]

_ELASTIC = 0.03
"""Strain up to which moduli are fitted, as slopes at no strain: a straight line up to there would be off by a tenth and
more, because crystals grow stiffer when they are pressed."""

_SEEN = 2.0
"""Standard errors from which on the bend of the curve counts; below, it would only make the slope uncertain."""

_RATE_PER_PS = 0.001
"""1e9/s, as Tschopp et al., Model. Simul. Mater. Sci. Eng. 16, 045001 (2008)."""

_LEAST_PS = 30.0
"""Time over which a small strain is reached at least, so that the noise of the stress is averaged out."""

_FAR = 0.25
"""Strain to which a crystal is drawn whose strength is asked for: perfect ones yield at a tenth to a fifth (S. Ogata,
J. Li and S. Yip, Science 298, 807 (2002))."""

_BINS = 20
_FRAMES = 100


class Deformation(Dynamics):
    """At rest, then strained at a constant rate; under tension the sides are free, sheared boxes keep their volume."""

    key: ClassVar[str] = "deform"
    line: ClassVar[str] = "Stress against strain"

    mode: Literal["tension", "compression", "shear"] = "tension"
    strain: float = Field(default=0.1, gt=0, lt=1, description="engineering strain at the end")
    strength: bool = Field(default=False, description="a strength is asked for: drawn to 0.25 where no strain is said")
    rate_per_ps: float | None = Field(
        default=None, gt=0, le=0.1, description="strain per ps; None: 0.001 (1e9/s), slower to strains below 3 %"
    )
    axis: Literal["x", "y", "z"] = Field(default="x", description="along which it is pulled, of the box")
    direction: Miller | None = Field(
        default=None, description="crystal direction along the axis, in shear along which it is moved; None: [100]"
    )
    plane: Miller | None = Field(default=None, description="crystal plane that is sheared; None: across the direction")
    atoms: int = Field(default=500, ge=20, description="about this many atoms")

    @model_validator(mode="before")
    @classmethod
    def _far(cls, data: dict[str, Json]) -> dict[str, Json]:
        return {"strain": _FAR, **data} if data.get("strength") else data

    @property
    def rate(self) -> float:
        """Strain per ps."""
        return self.rate_per_ps or min(_RATE_PER_PS, self.strain / _LEAST_PS)

    def measures(self) -> str:
        """In words."""
        what = "shear modulus" if self.mode == "shear" else "Young's modulus, Poisson's ratio"
        where = f" {self._where()}" if self.direction or self.plane else ""
        return f"{what} and largest stress in {self.mode}{where} at {self.temperature_K:g} K, {self.rate:g} per ps"

    def _where(self) -> str:
        """The directions in words."""
        if self.mode != "shear":
            return f"along {told(self._pulled())}"
        along, plane = shear_axes(self.direction, self.plane)
        return f"on {told(plane, plane=True)} along {told(along)}"

    def _pulled(self) -> Miller:
        """Along the edge that is pulled; a plane that is named is the one across it."""
        return self.direction or self.plane or (1, 0, 0)

    def structure(self, component: Component) -> Atoms:
        """The crystal, turned as the directions say. Raises BadInput where it is not cubic and any is named."""
        if self.direction is None and self.plane is None:
            return super().structure(component)
        if not is_cubic(component):
            raise BadInput(f"{component.name} is not cubic; along named directions only cubic crystals are deformed.")
        refuse_size(self.atoms)
        pair = shear_axes(self.direction, self.plane) if self.mode == "shear" else (self._pulled(), None)
        turned = box_along(unit_cell(component), *pair)
        if self.mode != "shear" and self.axis != "x":
            turned = turned_to(turned, "xyz".index(self.axis))
        larger: Atoms = turned.repeat(repeats_near(turned, self.atoms))
        return self.at_density(larger)

    def stages(self, system: System) -> list[Stage]:
        """Rest and strain."""
        steps = system.steps(self.strain / self.rate)
        unit = system.units.time_fs / 1000
        sign = -1 if self.mode == "compression" else 1
        rate = f"{sign * self.rate * unit:.8g}"
        where = "xy" if self.mode == "shear" else self.axis
        strained = Stage(
            "strain",
            (
                *dumped(max(1, steps // _FRAMES), system),
                self._motion(system),
                f"fix             strain all deform 1 {where} erate {rate} remap x",
                f"run             {steps}",
            ),
            ("unfix           strain", "unfix           move"),
        )
        return [*self.opening(system), strained]

    def _motion(self, system: System) -> str:
        """Heat kept, and no pressure on the sides where they are free."""
        if self.mode == "shear" or self.held:
            return self._nvt(system, self.temperature_K)
        bar, damping = system.units.of_GPa(self.pressure_GPa or 0.0), system.units.of_fs(self.pressure_damping_fs)
        sides = " ".join(f"{one} {bar} {bar} {damping}" for one in "xyz" if one != self.axis)
        heat = f"temp {self.temperature_K:g} {self.temperature_K:g} {system.units.of_fs(self.damping_fs)}"
        return f"fix             move all npt {heat} {sides}"

    def read(self, seen: Seen) -> Findings:
        """The modulus from the first part of the curve, the largest stress from means over short pieces."""
        strain, stress = self._curve(seen)
        elastic = strain <= _ELASTIC
        slope, error = _slope(strain[elastic], stress[elastic])
        pieces = [(float(a.mean()), float(b.mean())) for a, b in _pieces(strain, stress)]
        at, most = max(pieces, key=lambda one: one[1])
        how = f"slope at no strain, of the curve up to {float(strain[elastic][-1]):.3f}, error by blocks of the rest"
        name = "shear_modulus" if self.mode == "shear" else "young_modulus"
        where = f"mean over a piece of the curve, at {at:.3f}"
        where += "; it was still rising there: no yield up to the end" if at >= pieces[-1][0] else ""
        numbers = [
            Number(name=name, value=slope, error=error, unit="GPa", how=how),
            Number(name="largest_stress", value=most, unit="GPa", how=where),
        ]
        if self.mode != "shear" and not self.held:
            numbers.append(self._poisson(seen, strain, elastic))
        curve = Curve(name="stress_strain", x_label="strain", y_label="stress (GPa)", x=tuple(strain), y=tuple(stress))
        return Findings(numbers=tuple(numbers), curves=(curve,))

    def _curve(self, seen: Seen) -> tuple[Floats, Floats]:
        """(strain, stress in GPa), both positive in the direction of the test."""
        if self.mode == "shear":
            strain = np.array(seen.time_ps("strain")) * self.rate
            return strain, -np.array(seen.series("strain", "Pxy"))
        sign = -1.0 if self.mode == "compression" else 1.0
        edge = np.array(seen.series("strain", f"L{self.axis}"))
        return sign * (edge / edge[0] - 1), -sign * np.array(seen.series("strain", f"P{self.axis}{self.axis}"))

    def _poisson(self, seen: Seen, strain: Floats, elastic: NDArray[np.bool_]) -> Number:
        """The mean shrinkage of both sides over the stretch."""
        sides = [np.array(seen.series("strain", f"L{one}")) for one in "xyz" if one != self.axis]
        sign = -1.0 if self.mode == "compression" else 1.0
        shrunk = sign * np.mean([1 - one / one[0] for one in sides], axis=0)
        value, error = _slope(strain[elastic], shrunk[elastic])
        return Number(name="poisson_ratio", value=value, error=error, unit="", how="mean of both sides")


def _slope(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope at x = 0, of a parabola where its bend is seen and of a line where it is lost in the noise, and its error.

    The error is enlarged for the correlation of what is left.
    """
    bent, straight = _fitted(x, y, 2), _fitted(x, y, 1)
    bend, uncertain = bent[0]
    return bent[1] if abs(bend) > _SEEN * uncertain else straight[0]


def _fitted(x: Floats, y: Floats, degree: int) -> list[tuple[float, float]]:
    """(coefficient, standard error) of a polynomial, from the highest power."""
    powers, spread = np.polyfit(x, y, degree, cov=True)
    blocked = block_mean(y - np.polyval(powers, x))
    errors = np.sqrt(np.diag(spread) * len(x) / max(blocked.independent, 1.0))
    return [(float(a), float(b)) for a, b in zip(powers, errors, strict=True)]


def _pieces(strain: Floats, stress: Floats) -> list[tuple[Floats, Floats]]:
    count = max(1, min(_BINS, len(strain) // 5))
    return list(zip(np.array_split(strain, count), np.array_split(stress, count), strict=True))
