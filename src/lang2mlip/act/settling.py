"""MD that goes on until its energy and density have stopped drifting, or as far as it may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import Checkpoint, Hooks, MDOutcome, MDPlan, run
from lang2mlip.science.atoms.statistics import settled

__all__ = ["has_settled", "run_until_settled"]

ENERGY_EV_ATOM = 0.001
"""A drift of the potential energy below this between two thirds of a run is none."""

VOLUME_SHARE = 0.003
"""The same of the volume at constant pressure."""


def run_until_settled(
    atoms: Atoms, calculator: Any, plan: MDPlan, limits: Health, hooks: Hooks, longest: float
) -> tuple[MDOutcome, MDPlan]:
    """The run, and the plan with the steps that it took: the same as one run of so many steps, to the last bit.

    It is as long as `plan` says, and goes on by halves of that while it drifts, up to `longest` times as long.
    """
    points: list[Checkpoint] = []
    block, most = plan.steps, int(plan.steps * longest)
    staged = plan.model_copy(update={"checkpoint_every": max(1, block // 2)}) if most > block else plan
    keeping = replace(hooks, on_checkpoint=points.append)
    outcome = run(atoms, calculator, staged, limits, keeping)
    while outcome.healthy and outcome.done < most and not has_settled(outcome, plan, len(atoms)) and points:
        staged = staged.model_copy(update={"steps": min(most, outcome.done + max(1, block // 2))})
        here = points[-1]
        further = run(atoms, calculator, staged, limits, replace(keeping, resume_from=here))
        outcome = _joined(outcome, further, here.step)
    if outcome.ended == "budget" and outcome.done >= block:
        outcome = replace(outcome, trip=None)
    return outcome, plan.model_copy(update={"steps": max(plan.steps, outcome.done)})


def has_settled(outcome: MDOutcome, plan: MDPlan, n_atoms: int) -> bool:
    """Whether the potential energy, and the volume at constant pressure, have stopped drifting."""
    thermo = outcome.thermo
    if not settled(np.asarray(thermo["potential_eV"]) / n_atoms, ENERGY_EV_ATOM):
        return False
    if plan.ensemble != "npt":
        return True
    volume = np.asarray(thermo["volume_A3"])
    return settled(volume, VOLUME_SHARE * float(volume.mean()))


def _joined(first: MDOutcome, second: MDOutcome, step: int) -> MDOutcome:
    """One outcome of a run and what goes on from its checkpoint at `step`; what both tell is told once."""
    early, late = np.asarray(first.thermo["step"]) <= step, np.asarray(second.thermo["step"]) > step
    thermo = {
        key: np.concatenate([np.asarray(column)[early], np.asarray(second.thermo[key])[late]])
        for key, column in first.thermo.items()
    }
    frames = [frame for frame in first.frames if frame.info["step"] <= step]
    frames += [frame for frame in second.frames if frame.info["step"] > step]
    seen = dict(first.seen)
    for key, (low, high) in second.seen.items():
        known = seen.get(key, (low, high))
        seen[key] = (min(low, known[0]), max(high, known[1]))
    return replace(
        second,
        frames=frames,
        thermo=thermo,
        seen=seen,
        calls=first.calls + second.calls,
        wall_s=first.wall_s + second.wall_s,
        calculator_s=first.calculator_s + second.calculator_s,
    )
