"""evaluate: measure the current potential against the reference: held-out errors, properties, MD side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.gates import error_gates, property_gates, spoken, stability_gates, unmeasured_gates
from lang2mlip.act.gathering import cost_of, faults_of
from lang2mlip.act.properties import property_pieces
from lang2mlip.act.relabel import Relabelled, relabel
from lang2mlip.act.score import Scores, score_files
from lang2mlip.act.sidebyside import compare_walks
from lang2mlip.act.stability import stability_pieces, walk_pieces
from lang2mlip.contracts import Evaluate, Evaluation, Json, Model, Property, Result, StabilityRun, Unjudged
from lang2mlip.errors import BadInput
from lang2mlip.record.run import write_json

__all__ = ["EvaluateAction", "Measurements", "measurements"]

MOST_EARLIER = 6
"""Models before the current one that a look at late held-out frames goes back."""


@dataclass
class Measurements:
    """What the pieces of an evaluation brought together."""

    properties: list[Property] = field(default_factory=list)
    stability: list[StabilityRun] = field(default_factory=list)
    curves: dict[str, dict[str, Json]] = field(default_factory=dict)
    unmeasured: list[tuple[str, str]] = field(default_factory=list)
    """(property, group) that the potential has no value of."""
    unjudged: list[Unjudged] = field(default_factory=list)
    """What could not be judged, as the reference gave no value, or the work that would have measured it failed."""


class EvaluateAction:
    """Held-out errors always; statics and MD as deep as asked."""

    def pieces(self, desk: Desk, parameters: Evaluate) -> Sequence[Piece]:
        """Properties and walks, as the depth says. Raises BadInput without a model."""
        model = _model(desk)
        return pieces_for(desk, model, parameters)

    def gather(self, desk: Desk, parameters: Evaluate, done: Sequence[Done]) -> Result:
        """The evaluation, its gates and the curves for the report."""
        model = _model(desk)
        files = sorted((desk.run / "validation").glob("*.extxyz"))
        files = [file for file in files if not parameters.groups or file.stem in parameters.groups]
        if not files:
            words = "There are no held-out frames; run the reference on the validation structures first."
            return Result(action="evaluate", status="failed", cost=cost_of(done), summary=words)
        scores = score_files(desk, model, files, "validation")
        earlier = {} if parameters.groups else _earlier(desk, files)
        found = measurements(desk, done)
        checked = relabel(desk, model, done, parameters.relabel if parameters.depth == "full" else 0)
        found.properties += checked.properties
        gates = error_gates(scores.errors, desk.task.goals) + property_gates(found.properties)
        gates += stability_gates(found.stability, desk.task.goals)
        gates += unmeasured_gates(found.unmeasured)
        details = write_json(desk.job / "details.json", _details(scores, checked, found))
        evaluation = Evaluation(
            model=model.id,
            depth=parameters.depth,
            on="validation",
            errors=scores.errors,
            properties=tuple(found.properties),
            stability=tuple(found.stability),
            gates=gates,
            unjudged=tuple(found.unjudged),
            details=str(details.relative_to(desk.run)),
        )
        return Result(
            action="evaluate",
            status="partial" if any(one.fault for one in done) else "done",
            summary=summary(evaluation),
            cost=sum((one.cost for one in earlier.values()), cost_of(done) + scores.cost + checked.cost),
            evaluation=evaluation,
            earlier=tuple(
                Evaluation(model=name, depth="errors", on="validation", errors=one.errors)
                for name, one in earlier.items()
            ),
            faults=(*faults_of(done), *checked.faults),
        )


def _details(scores: Scores, checked: Relabelled, found: Measurements) -> dict[str, Json]:
    """The curves of an evaluation, for the report."""
    more: dict[str, Json] = {"relabelled": {"own MD": checked.curve}} if checked.curve else {}
    return {"parity": scores.parity, "by_force": {"all": scores.by_force}, **more, **found.curves}


def pieces_for(desk: Desk, model: Model, parameters: Evaluate) -> list[Piece]:
    """What an evaluation of this depth runs."""
    pieces: list[Piece] = []
    records = desk.view.structures("validation", parameters.groups)
    if parameters.depth in ("properties", "full"):
        pieces += property_pieces(desk, model, records)
    if parameters.depth == "full":
        pieces += walk_pieces(desk, model, parameters.groups)
        pieces += stability_pieces(desk, model, records)
    return pieces


def measurements(desk: Desk, done: Sequence[Done]) -> Measurements:
    """Properties, stability and curves from finished pieces."""
    found = Measurements()
    for one in done:
        _add_unjudged(one, found)
        if one.fault is not None:
            continue
        found.properties += [Property(**numbers) for numbers in one.value.get("properties", [])]
        for kind, curves in one.value.get("curves", {}).items():
            found.curves.setdefault(kind, {})[one.piece.arguments["subject"]] = curves
        if one.value.get("unmeasured"):
            found.unmeasured.append((one.piece.arguments["property"], one.piece.arguments["subject"]))
        if "stability" in one.value and one.piece.arguments.get("counts", True):
            _add_walk(one, found)
    whole = [one for one in done if one.fault is None and one.value.get("stability")]
    compare_walks(desk, [one for one in whole if "repeats" in one.piece.arguments], found)
    return found


def _add_unjudged(one: Done, found: Measurements) -> None:
    """A property of which there is nothing to compare with, or whose work broke off."""
    name = one.piece.arguments.get("property")
    if name is None or not (one.fault is not None or one.value.get("unjudged")):
        return
    because = one.fault or one.value["faults"][0]
    found.unjudged.append(Unjudged(name=name, group=one.piece.arguments["subject"], because=because))


def _add_walk(one: Done, found: Measurements) -> None:
    """A walk that the budget's time cut short has proven nothing, and that is a gate that does not hold."""
    if one.value["stability"]:
        found.stability.append(StabilityRun(**one.value["stability"]))
    else:
        found.unmeasured.append((f"whole MD run {one.piece.name}", one.piece.arguments["note"]["group"]))


def summary(evaluation: Evaluation) -> str:
    """One line: errors and gates."""
    missed = [spoken(gate) for gate in evaluation.gates if not gate.passed]
    overall = evaluation.errors["all"]
    held = f"{len(evaluation.gates) - len(missed)} of {len(evaluation.gates)} gates hold"
    return (
        f"{evaluation.model} on {evaluation.on} frames: {overall.force_rmse_meV_A:.1f} meV/Å, "
        f"{overall.energy_rmse_meV_atom:.2f} meV/atom; {held}"
        + (f"; missed: {', '.join(missed[:6])}" if missed else "")
        + (f"; {len(evaluation.unjudged)} not judged." if evaluation.unjudged else ".")
    )


def _earlier(desk: Desk, files: Sequence[Path]) -> dict[str, Scores]:
    """The last models before the current one that no held-out frame has met, as these came late; not the first fit."""
    known = {one.model for one in desk.state.evaluations if one.on == "validation"} | set(desk.state.set_aside)
    new = [model for model in desk.state.models[1:-1] if model.id not in known][-MOST_EARLIER:]
    return {model.id: score_files(desk, model, files, f"validation-{model.id}") for model in new}


def _model(desk: Desk) -> Model:
    if desk.state.model is None:
        raise BadInput("There is no potential to evaluate yet; train one first.")
    return desk.state.model
