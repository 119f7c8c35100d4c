"""What the recipes at 0 K share: the relaxation of the box and of the atoms in it."""

from __future__ import annotations

from lang2mlip.labs.lammps.system import System

__all__ = ["RELAX_ATOMS", "relax_box"]

RELAX_ATOMS = "minimize        0 1e-8 1000 10000"
"""To forces of 1e-8, in units of the style, as far as the line search comes."""

_MOST = 0.002
"""Largest change of the volume in one step, as a share."""

_TIMES = 3
"""Relaxations after one another; under pressure, where the box changes by more, twice as many."""


def relax_box(system: System, pressure_GPa: float = 0.0) -> tuple[str, ...]:
    """The box to a pressure, none unless it is said, and the atoms to no force.

    Several times, for LAMMPS measures strain from the box at the start of each minimisation (manual of fix box/relax).
    """
    how = "iso" if system.cubic else "tri" if _leans(system) else "aniso"
    begin = f"fix             box all box/relax {how} {system.units.of_GPa(pressure_GPa)} vmax {_MOST}"
    once = (begin, "minimize        0 1e-8 1000 10000", "unfix           box")
    times = _TIMES if pressure_GPa == 0.0 else 2 * _TIMES
    return ("min_style       cg", *(times * once), RELAX_ATOMS)


def _leans(system: System) -> bool:
    angles = system.atoms.cell.angles()
    return bool(abs(angles - 90.0).max() > 1e-6)
