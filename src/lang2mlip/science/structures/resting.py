"""An assembly brought to rest in the fast stand-in, its crystals held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lang2mlip.science.structures.assembly import Assembly

if TYPE_CHECKING:
    from lang2mlip.science.structures.standin import Schedule

__all__ = ["mended", "rested"]

_CLOSING_GPA = 0.1
"""Closes the gaps that rough layers leave, as they are laid."""


def rested(assembly: Assembly, ps: float, temperature_K: float, seed: int) -> Assembly:
    """After `ps` picoseconds at this temperature; the height alone is free, where the cell is periodic along z.

    Nothing happens for 0 ps, or where nothing is free to move. Raises PartFailed when the stand-in fails.
    """
    if ps == 0 or assembly.held.all():
        return assembly
    from lang2mlip.science.structures.standin import equilibrate, settle

    free = bool(assembly.atoms.pbc.all())
    return equilibrate(assembly, _pressed(ps, temperature_K) if free else settle(ps, temperature_K, "none"), seed)


def _pressed(ps: float, temperature_K: float) -> Schedule:
    """Minimise, capped, hot and back at constant height, pressed, then `ps` at no pressure, minimise."""
    from lang2mlip.science.structures.standin import Schedule, Stage

    hot, cold = max(500.0, 1.5 * temperature_K), temperature_K
    rest = {"kind": "npt", "axes": "z", "temperature_K": (cold, cold)}
    return Schedule(
        stages=(
            Stage(kind="minimise"),
            Stage(kind="capped", ps=min(1.0, 0.1 * ps + 0.3), temperature_K=(cold, cold)),
            Stage(kind="nvt", ps=0.15 * ps, temperature_K=(hot, hot)),
            Stage(kind="nvt", ps=0.05 * ps, temperature_K=(hot, cold)),
            Stage(ps=0.5 + 0.05 * ps, pressure_GPa=_CLOSING_GPA, **rest),
            Stage(ps=ps, **rest),
            Stage(kind="minimise"),
        )
    )


def mended(assembly: Assembly, seed: int) -> Assembly:
    """The same bodies with overlaps pushed apart and strained shapes relaxed; cell and crystals stay as they are.

    Raises PartFailed when the stand-in fails.
    """
    from lang2mlip.science.structures.standin import Schedule, Stage, equilibrate

    push = Stage(kind="capped", ps=0.3, temperature_K=(300.0, 300.0))
    return equilibrate(assembly, Schedule(stages=(Stage(kind="minimise"), push, Stage(kind="minimise"))), seed)
