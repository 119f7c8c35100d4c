"""Does the energy stay? Drift and fluctuation of the conserved energy in NVE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ase import Atoms
from numpy.typing import ArrayLike

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.atoms.statistics import line
from lang2mlip.units import milli

__all__ = ["Drift", "drift", "measure"]


@dataclass(frozen=True)
class Drift:
    """Slope of the conserved energy, its standard error, and the rms fluctuation about it."""

    meV_atom_ps: float
    error_meV_atom_ps: float
    fluctuation_meV_atom: float


def drift(time_ps: ArrayLike, conserved_eV: ArrayLike, n_atoms: int) -> Drift:
    """By a straight line through the conserved energy. Raises BadInput with fewer than three times."""
    fit = line(time_ps, conserved_eV)
    return Drift(milli(fit.slope / n_atoms), milli(fit.slope_error / n_atoms), milli(fit.residual / n_atoms))


def measure(atoms: Atoms, calculator: Any, plan: MDPlan, health: Health | None = None) -> Drift:
    """Run the plan in NVE and fit. Raises PartFailed when the run does not reach its end."""
    outcome = run(atoms, calculator, plan.model_copy(update={"ensemble": "nve"}), health)
    if not outcome.healthy:
        raise PartFailed(f"The NVE run ended early, so it has no drift: {outcome.trip}.")
    return drift(outcome.thermo["time_ps"], outcome.thermo["conserved_eV"], len(atoms))
