"""What is kept of a trial's MD run: how far it came, why it ended, and a few rows of its series, to be looked at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.contracts import Noun
from lang2mlip.science.atoms.md import MDOutcome, MDPlan

__all__ = ["Walk", "walk_of"]

ROWS = 10
"""Of a series, evenly spread; the last is always there, since that is where a broken run shows why."""


class Walk(Noun):
    """One MD run with a model on trial."""

    name: str
    atoms: int
    ensemble: str
    temperature_K: float
    timestep_fs: float
    steps: int
    """Asked for."""
    done: int
    whole: bool
    """It came to its end, and no check tripped."""
    trip: str = ""
    series: dict[str, list[float | None]]
    """time_ps, temperature_K, potential_meV_atom and conserved_meV_atom, both from their start; None: unknown."""


def walk_of(name: str, start: Atoms, plan: MDPlan, outcome: MDOutcome) -> Walk:
    """The outcome of a run, without its frames."""
    return Walk(
        name=name, atoms=len(start), ensemble=plan.ensemble, temperature_K=plan.temperature_K,
        timestep_fs=plan.timestep_fs, steps=plan.steps, done=outcome.done, whole=outcome.healthy,
        trip=outcome.trip or "", series=_series(outcome, len(start)),
    )  # fmt: skip


def _series(outcome: MDOutcome, atoms: int) -> dict[str, list[float | None]]:
    thermo = outcome.thermo
    count = len(thermo["time_ps"])
    rows = sorted({round(index) for index in np.linspace(0, count - 1, min(ROWS, count))}) if count else []
    energies = {
        f"{name}_meV_atom": 1e3 * (thermo[f"{name}_eV"] - thermo[f"{name}_eV"][:1].sum()) / atoms
        for name in ("potential", "conserved")
    }
    columns: dict[str, Any] = {"time_ps": thermo["time_ps"], "temperature_K": thermo["temperature_K"], **energies}
    return {name: [_short(column[row]) for row in rows] for name, column in columns.items()}


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
