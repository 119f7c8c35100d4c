"""Structure and motion: g(r), coordination, mean squared displacement and diffusion."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, dumped, read_dump
from lang2mlip.science.evaluation.msd import Diffusion, Trajectory, msd
from lang2mlip.science.evaluation.rdf import rdf

__all__ = ["Motion"]

_FRAMES = 400
"""Frames of the trajectory: enough for time origins, few enough for the disk."""

_RDF_FRAMES = 40
_FARTHEST_A = 10.0
_BINS_PER_ATOM = 30
"""Bins of g(r) over the width of an atom: 0.1 Å."""

_LEFT = 0.5
"""Share of the spacing of atoms: further than any vibrates in a crystal (Lindemann: about 0.15)."""


class Motion(Dynamics):
    """At rest under the pressure asked for, then at constant volume: displacements are those of the atoms alone."""

    key: ClassVar[str] = "motion"
    line: ClassVar[str] = "Structure and motion"

    ps: float = Field(default=40.0, gt=0, description="time over which is measured, ps")
    atoms: int = Field(default=500, ge=20, description="about this many atoms")

    def measures(self) -> str:
        """In words."""
        what = "g(r), its first peak and coordination, mean squared displacement and diffusion"
        return f"{what} at {self.temperature_K:g} K"

    def stages(self, system: System) -> list[Stage]:
        """Rest, then production with a trajectory in the box where the rest ended."""
        dump = dumped(max(1, system.steps(self.ps) // _FRAMES), system)
        return [*self.opening(system), self.constant_volume(system, dump)]

    def read(self, seen: Seen) -> Findings:
        """Einstein's relation for D; the first peak and the minimum behind it for the coordination."""
        frames, steps = read_dump(seen.folder / TRAJECTORY, seen.system.types)
        interval = (steps[1] - steps[0]) * seen.system.step_fs / 1000
        moved = msd(Trajectory(frames, interval))
        reach = min(_FARTHEST_A, 0.499 * float(min(frames[0].cell.lengths())))
        width = seen.system.units.atom_A / _BINS_PER_ATOM
        near = rdf(frames[:: max(1, len(frames) // _RDF_FRAMES)], reach, max(20, round(reach / width)))
        self._refuse_solid(moved, seen)
        numbers = [
            number("temperature", seen.mean("production", "Temp"), "K"),
            number("pressure", seen.mean("production", "Press"), "GPa"),
            self._density(seen),
        ]
        numbers += [
            Number(name=f"diffusion_{one.element}", value=one.D_cm2_s, error=one.error_cm2_s, unit="cm²/s",
                   how="a sixth of the slope of the mean squared displacement, spread of four blocks;"
                       " not corrected for the size of the box (Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004))")
            for one in moved
        ]  # fmt: skip
        for one in near:
            numbers += _peak(one, seen)
        curves = [Curve(name=f"msd_{one.element}", x_label="time (ps)", y_label=f"MSD of {one.element} (Å²)",
                        x=tuple(one.t_ps), y=tuple(one.msd_A2)) for one in moved]  # fmt: skip
        curves += [Curve(name=f"rdf_{one['pair']}", x_label="distance (Å)", y_label=f"g(r) {one['pair']}",
                         x=tuple(one["r_A"]), y=tuple(one["g"])) for one in near]  # fmt: skip
        return Findings(numbers=tuple(numbers), curves=tuple(curves))

    def _density(self, seen: Seen) -> Number:
        """While the pressure was kept; of the box where it was not."""
        if not self.held:
            return number("density", seen.mean("rest", "Density"), "g/cm³")
        return Number(name="density", value=seen.last("rest", "Density"), unit="g/cm³", how="of the box")

    def _refuse_solid(self, moved: list[Diffusion], seen: Seen) -> None:
        """Raises PartFailed where atoms of what should be molten never left their places."""
        if not self.molten:
            return
        spacing = (seen.last("production", "Volume") / len(seen.system.atoms)) ** (1 / 3)
        if max(one.msd_A2[-1] for one in moved) < (_LEFT * spacing) ** 2:
            raise PartFailed(
                f"It is not liquid: in {self.ps / 2:g} ps no element moved {_LEFT:g} of the spacing of atoms;"
                " name a higher temperature, or a longer time."
            )


def _peak(one: dict[str, Any], seen: Seen) -> list[Number]:
    """Where g(r) is highest, and how many neighbours lie within the first minimum behind it."""
    r, g = np.array(one["r_A"]), np.array(one["g"])
    top = int(np.argmax(g))
    rise = np.flatnonzero(np.diff(g[top:]) > 0)
    behind = top + (int(rise[0]) if len(rise) else len(g) - 1 - top)
    symbols = seen.system.atoms.get_chemical_symbols()
    share = symbols.count(one["pair"].split("-")[-1]) / len(symbols)
    per_volume = share * len(symbols) / seen.mean("production", "Volume").value
    inside = float(np.sum(4 * np.pi * r[:behind] ** 2 * g[:behind]) * (r[1] - r[0]) * per_volume)
    width = float(r[1] - r[0])
    how = "highest bin of g(r), half its width as error"
    return [
        Number(name=f"rdf_peak_{one['pair']}", value=float(r[top]), error=width / 2, unit="Å", how=how),
        Number(name=f"coordination_{one['pair']}", value=inside, unit="", how=f"neighbours within {r[behind]:.2f} Å"),
    ]
