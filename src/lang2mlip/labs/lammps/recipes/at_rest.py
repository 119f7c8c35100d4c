"""What the recipes at 0 K share: the relaxation of the box and of the atoms in it."""

from __future__ import annotations

from lang2mlip.labs.lammps.system import System

__all__ = ["RELAX_ATOMS", "relax_box"]

RELAX_ATOMS = "minimize        0 1e-8 1000 10000"
"""To forces of 1e-8, in units of the style, as far as the line search comes."""


def relax_box(system: System) -> tuple[str, ...]:
    """The box to no pressure and the atoms to no force.

    Thrice, for LAMMPS measures strain from the box at the start of each minimisation (manual of fix box/relax).
    """
    how = "iso" if system.cubic else "tri" if _leans(system) else "aniso"
    begin = f"fix             box all box/relax {how} 0.0 vmax 0.002"
    once = (begin, "minimize        0 1e-8 1000 10000", "unfix           box")
    return ("min_style       cg", *once, *once, *once, RELAX_ATOMS)


def _leans(system: System) -> bool:
    angles = system.atoms.cell.angles()
    return bool(abs(angles - 90.0).max() > 1e-6)
