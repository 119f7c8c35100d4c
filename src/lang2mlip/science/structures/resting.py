"""An assembly brought to rest in the fast stand-in, its crystals held."""

from __future__ import annotations

from typing import Literal

from lang2mlip.science.structures.assembly import Assembly

__all__ = ["mended", "rested"]


def rested(assembly: Assembly, ps: float, temperature_K: float, seed: int) -> Assembly:
    """After `ps` picoseconds at this temperature; the height alone is free, where the cell is periodic along z.

    Nothing happens for 0 ps, or where nothing is free to move. Raises PartFailed when the stand-in fails.
    """
    if ps == 0 or assembly.held.all():
        return assembly
    from lang2mlip.science.structures.standin import equilibrate, settle

    axes: Literal["z", "none"] = "z" if assembly.atoms.pbc.all() else "none"
    return equilibrate(assembly, settle(ps, temperature_K, axes), seed)


def mended(assembly: Assembly, seed: int) -> Assembly:
    """The same bodies with overlaps pushed apart and strained shapes relaxed; cell and crystals stay as they are.

    Raises PartFailed when the stand-in fails.
    """
    from lang2mlip.science.structures.standin import Schedule, Stage, equilibrate

    push = Stage(kind="capped", ps=0.3, temperature_K=(300.0, 300.0))
    return equilibrate(assembly, Schedule(stages=(Stage(kind="minimise"), push, Stage(kind="minimise"))), seed)
