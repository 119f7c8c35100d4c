"""Whether MD with the potential that a run hands over holds at the hottest use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lang2mlip.catalogue import load
from lang2mlip.labs.develop.systems import System
from lang2mlip.labs.develop.truth import Known
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run

__all__ = ["WALKS", "survival"]

WALKS = 20
STEPS = 400


def survival(one: System, developed: Run, known: Known) -> float | None:
    """Share of WALKS walks of STEPS steps, from starts of the test trajectories, that no health check stops.

    They are walked with the potential that the run handed over, else with its newest; None without a model. The limits
    are those of every MD of a potential here; none is drawn from the test set.
    """
    calculator = _delivered(developed)
    if calculator is None:
        return None
    starts, high = known.starts(), float(one.task["temperature_K"][1])
    healthy = 0
    for number in range(WALKS):
        plan = MDPlan(
            temperature_K=high,
            timestep_fs=0.5 if "H" in one.task["elements"] else 2.0,
            steps=STEPS,
            keep_every=STEPS,
            seed=int(np.random.default_rng([number, 11]).integers(2**31)),
        )
        healthy += run(starts[number % len(starts)], calculator, plan, Health()).healthy
    return healthy / WALKS


def _delivered(developed: Run) -> Any:
    model, handed_over = developed.state.model, Path(developed.folder) / "potential" / "model"
    if model is None:
        return None
    folder = handed_over if handed_over.is_dir() else Path(developed.folder) / model.folder
    return load("potential", model.family)().calculator(folder)
