"""The LAMMPS lab: from words to a simulation that really ran, graded by rules.

from lang2mlip.labs.lammps import simulate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lang2mlip.labs.lammps.simulation import Settings, Simulation, simulate

__all__ = ["Settings", "Simulation", "simulate"]


def __getattr__(name: str) -> Any:
    """On demand: the watch inside the sandbox is a part of this package and must start at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lang2mlip.labs.lammps import simulation

    return getattr(simulation, name)
