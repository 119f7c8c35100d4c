"""What a run can show for its potential: the evaluation that counts, and the curves, properties and MD beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lang2mlip.contracts import (
    Errors,
    Evaluation,
    Gate,
    Model,
    Property,
    Result,
    StabilityRun,
    State,
    Unjudged,
    Verdict,
)
from lang2mlip.errors import Lang2mlipError
from lang2mlip.record.view import Step, View

__all__ = ["Evidence", "LearningPoint", "combined", "gather", "learning_points", "verdict"]


@dataclass(frozen=True)
class Evidence:
    """The measurements behind the verdict, all of one model."""

    evaluation: Evaluation | None
    """The one that counts: the frozen test set where there is one, else the newest."""
    model: Model | None
    properties: tuple[Property, ...]
    stability: tuple[StabilityRun, ...]
    stability_from: str
    """`evaluation`, `sampling` or empty."""
    gates: tuple[Gate, ...]
    unjudged: tuple[Unjudged, ...]
    curves: dict[str, Any]
    faults: tuple[str, ...]
    """Curves that could not be read, and an evaluation that is not of the newest model."""

    @property
    def configurations(self) -> str:
        """The kind of configurations that the errors were measured on, in words."""
        if self.evaluation is None:
            return ""
        return "the frozen test set" if self.evaluation.on == "test" else "held-out validation configurations"

    @property
    def overall(self) -> Errors | None:
        """Errors over all groups together."""
        if self.evaluation is None:
            return None
        return self.evaluation.errors.get("all") or combined(self.by_group.values())

    @property
    def by_group(self) -> dict[str, Errors]:
        """Errors per group, without the total."""
        if self.evaluation is None:
            return {}
        return {group: errors for group, errors in self.evaluation.errors.items() if group != "all"}


@dataclass(frozen=True)
class LearningPoint:
    """One model scored on configurations that it did not know."""

    labels: int
    """Labels that the model was trained on."""
    calls: int
    """Reference calls spent when it was trained."""
    kind: str
    """`fresh`: newly labelled picks before they entered the training; `held-out`: validation configurations."""
    errors: dict[str, Errors]


def gather(view: View) -> Evidence:
    """The evidence for the judged model; empty fields where nothing was measured."""
    state = view.state
    judged = _judged(state)
    if judged is None:
        sampled = state.stability
        return Evidence(None, state.model, (), sampled, "sampling" if sampled else "", (), (), {}, ())
    same = [judged, *(e for e in reversed(state.evaluations) if e.model == judged.model and e != judged)]
    runs, origin = _stability(state, same)
    curves, faults = _curves(view, same)
    if state.model is not None and state.model.id != judged.model:
        faults = (*faults, _later(state, judged.model, state.model.id))
    gates, unjudged = _gates(same)
    model = next((known for known in state.models if known.id == judged.model), state.model)
    properties = next((e.properties for e in same if e.properties), ())
    return Evidence(judged, model, properties, runs, origin, gates, unjudged, curves, faults)


def _gates(same: list[Evaluation]) -> tuple[tuple[Gate, ...], tuple[Unjudged, ...]]:
    """Each gate from the newest evaluation that has it, and what the newest of all left unjudged."""
    gates = list(same[0].gates)
    for evaluation in same[1:]:
        known = {(gate.name, gate.group) for gate in gates}
        gates += [gate for gate in evaluation.gates if (gate.name, gate.group) not in known]
    return tuple(gates), next((one.unjudged for one in same if one.unjudged), ())


def _later(state: State, judged: str, newest: str) -> str:
    """Why the figures are not of the newest model."""
    tried = any(one.model == newest and one.depth == "full" for one in state.evaluations)
    why = "and fewer gates held for it, or with larger errors" if tried else "and was not judged"
    return f"These figures are of model {judged}; {newest} came later {why}."


def _judged(state: State) -> Evaluation | None:
    tests = [evaluation for evaluation in state.evaluations if evaluation.on == "test"]
    if tests:
        return tests[-1]
    return state.evaluation or (state.evaluations[-1] if state.evaluations else None)


def _stability(state: State, same: list[Evaluation]) -> tuple[tuple[StabilityRun, ...], str]:
    runs = next((evaluation.stability for evaluation in same if evaluation.stability), ())
    if runs:
        return runs, "evaluation"
    current = state.model is not None and state.model.id == same[0].model
    return (state.stability, "sampling") if current and state.stability else ((), "")


def _curves(view: View, same: list[Evaluation]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Each kind of curve from the newest evaluation that has it."""
    curves: dict[str, Any] = {}
    faults: list[str] = []
    for evaluation in same:
        if evaluation.details is None:
            continue
        try:
            found = view.details(evaluation)
        except (Lang2mlipError, OSError, ValueError) as error:
            faults.append(f"Some curves are missing: {error}")
            continue
        curves = {**found, **curves}
    return curves, tuple(faults)


def combined(parts: Iterable[Errors]) -> Errors | None:
    """Errors of several sets as one; None without frames.

    Energy errors are weighted by frames and force errors by atoms, so the result equals the errors of the union
    (exact for RMSE and MAE of forces, and for energies per atom).
    """
    known = [part for part in parts if part.n_frames]
    if not known:
        return None
    frames = [float(part.n_frames) for part in known]
    atoms = [float(part.n_atoms) for part in known]

    def rms(name: str, weights: list[float]) -> float:
        squares = sum(w * getattr(part, name) ** 2 for w, part in zip(weights, known, strict=True))
        return math.sqrt(squares / sum(weights))

    def mean(name: str, weights: list[float]) -> float:
        return float(sum(w * getattr(part, name) for w, part in zip(weights, known, strict=True)) / sum(weights))

    return Errors(
        n_frames=sum(part.n_frames for part in known),
        n_atoms=sum(part.n_atoms for part in known),
        energy_rmse_meV_atom=rms("energy_rmse_meV_atom", frames),
        energy_mae_meV_atom=mean("energy_mae_meV_atom", frames),
        force_rmse_meV_A=rms("force_rmse_meV_A", atoms),
        force_mae_meV_A=mean("force_mae_meV_A", atoms),
        force_rms_meV_A=rms("force_rms_meV_A", atoms),
        force_max_error_meV_A=max(part.force_max_error_meV_A for part in known),
    )


def learning_points(steps: Iterable[Step]) -> tuple[LearningPoint, ...]:
    """Every score of a model on configurations it did not know, placed at what that model had cost."""
    points: list[LearningPoint] = []
    made: dict[str, tuple[int, int]] = {}
    calls, current = 0, ""
    for result in (step.result for step in steps if step.result is not None):
        scores = _fresh(result)
        if scores and current in made:
            points.append(LearningPoint(*made[current], "fresh", scores))
        calls += result.cost.calls
        if result.model is not None:
            current = result.model.id
            made[current] = (result.model.n_frames, calls)
        evaluation = result.evaluation
        if evaluation is not None and evaluation.on == "validation" and evaluation.model in made:
            points.append(LearningPoint(*made[evaluation.model], "held-out", dict(evaluation.errors)))
    return tuple(points)


def _fresh(result: Result) -> dict[str, Errors]:
    """Per group: the old model on what this step labelled."""
    groups = dict.fromkeys(group for data in result.data for group in data.fresh_errors)
    scores = {
        group: combined(data.fresh_errors[group] for data in result.data if group in data.fresh_errors)
        for group in groups
    }
    return {group: errors for group, errors in scores.items() if errors is not None}


def verdict(state: State, question: str) -> Verdict | None:
    """The last answer to one of the two questions; None while it has not been given."""
    found = [one for one in state.verdicts if one.question == question]
    return found[-1] if found else None
