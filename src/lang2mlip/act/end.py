"""end: measure the best potential on the frozen test set, give the two verdicts, write deliverable and report."""

from __future__ import annotations

from collections.abc import Sequence

from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece, run_pieces
from lang2mlip.act.deliver import deliver
from lang2mlip.act.evaluate import measurements, pieces_for, summary
from lang2mlip.act.frozen import freeze
from lang2mlip.act.gates import UNMEASURED, error_gates, property_gates, spoken, stability_gates, unmeasured_gates
from lang2mlip.act.gathering import cost_of, faults_of
from lang2mlip.act.score import score_frames
from lang2mlip.contracts import Cost, End, Evaluate, Evaluation, Model, Result, State, Verdict
from lang2mlip.record.run import write_json
from lang2mlip.science.reference.adequacy import adequacy

__all__ = ["EndAction", "best_model"]


Frozen = tuple[list[Atoms], Cost, tuple[str, ...]]
"""What act/frozen gives: frames, cost, faults."""

HOPELESS = 3.0
"""An error over all groups this many times above its goal is a plain no, however many other gates hold."""


class EndAction:
    """The honest end, whatever the outcome."""

    def pieces(self, desk: Desk, parameters: End) -> Sequence[Piece]:
        """Nothing ahead: the measuring of the best model is asked for in `gather`."""
        return []

    def gather(self, desk: Desk, parameters: End, done: Sequence[Done]) -> Result:
        """Verdicts on the frozen test set, deliverable, report."""
        second = adequacy(desk.task.reference, desk.task)
        model = best_model(desk.state)
        if model is None:
            verdict = Verdict(question="faithful to the reference", answer="no", because="No potential was trained.")
            return Result(action="end", status="done", summary="Ended without a potential.", verdicts=(verdict, second))
        frozen = freeze(desk)
        if not frozen[0]:
            return _untested(desk, model, frozen, second)
        evaluation, costs, faults = _examine(desk, model, frozen)
        unseen = {one.request.group for one in desk.view.structures("test")} - set(evaluation.errors)
        verdicts = (_faithful(evaluation, sorted(unseen)), second)
        artefacts = deliver(desk, model, evaluation, verdicts)
        return Result(
            action="end",
            status="done",
            summary=f"Ended ({parameters.outcome}): {summary(evaluation)}",
            cost=costs[0],
            test_cost=costs[1],
            evaluation=evaluation,
            verdicts=verdicts,
            artefacts=artefacts,
            faults=faults,
        )


def _untested(desk: Desk, model: Model, frozen: Frozen, second: Verdict) -> Result:
    """The reference gave no frame to test by: nothing is handed over, and nothing is claimed."""
    _, cost, faults = frozen
    because = (
        f"The potential {model.id} was never tested: the reference gave no frame of the frozen test set. It lies in"
        f" {model.folder}; mend the reference, then begin a new run with the files in data/ (--data FILE)."
    )
    verdict = Verdict(question="faithful to the reference", answer="no", because=because)
    return Result(
        action="end", status="done", summary=f"Ended without a test. {because}", test_cost=cost,
        verdicts=(verdict, second), faults=faults,
    )  # fmt: skip


def best_model(state: State) -> Model | None:
    """The model that held most of the gates measured of all, then has the lowest force error; else the newest.

    Only common gates count: a model that was asked more must not look worse for it.
    """
    judged = [one for one in state.evaluations if one.on == "validation" and one.depth == "full"]
    if not judged:
        return state.model
    common = frozenset.intersection(*map(_measured, judged))
    best = max(judged, key=lambda one: (_held(one, common), -one.errors["all"].force_rmse_meV_A))
    return next((model for model in state.models if model.id == best.model), state.model)


def _measured(evaluation: Evaluation) -> frozenset[tuple[str, str | None]]:
    return frozenset((gate.name, gate.group) for gate in evaluation.gates if gate.unit != UNMEASURED)


def _held(evaluation: Evaluation, among: frozenset[tuple[str, str | None]]) -> int:
    return sum(gate.passed for gate in evaluation.gates if (gate.name, gate.group) in among)


def _examine(desk: Desk, model: Model, frozen: Frozen) -> tuple[Evaluation, tuple[Cost, Cost], tuple[str, ...]]:
    """The model on the frozen set, with the properties and MD of its last full evaluation, or measured now."""
    frames, test_cost, faults = frozen
    scores = score_frames(desk, model, frames, "test-scores")
    known = [one for one in desk.state.evaluations if one.model == model.id and one.depth == "full"]
    if known:
        properties, stability, cost = known[-1].properties, known[-1].stability, Cost()
        missing = tuple(gate for gate in known[-1].gates if gate.unit == UNMEASURED)
        unjudged = known[-1].unjudged
        curves = {key: value for key, value in desk.view.details(known[-1]).items() if key != "parity"}
    else:
        done = run_pieces(desk, pieces_for(desk, model, Evaluate(depth="full")), "evaluate")
        found, cost, faults = measurements(desk, done), cost_of(done), faults + faults_of(done)
        properties, stability, curves = tuple(found.properties), tuple(found.stability), found.curves
        missing, unjudged = unmeasured_gates(found.unmeasured), tuple(found.unjudged)
    gates = error_gates(scores.errors, desk.task.goals) + property_gates(properties)
    gates += stability_gates(stability, desk.task.goals) + missing
    details = write_json(
        desk.job / "details.json", {**curves, "parity": scores.parity, "by_force": {"all": scores.by_force}}
    )
    evaluation = Evaluation(
        model=model.id,
        depth="full",
        on="test",
        errors=scores.errors,
        properties=properties,
        stability=stability,
        gates=gates,
        unjudged=unjudged,
        details=str(details.relative_to(desk.run)),
    )
    return evaluation, (cost, test_cost + scores.cost), faults


def _faithful(evaluation: Evaluation, unseen: Sequence[str]) -> Verdict:
    """`unseen`: groups of which the reference gave no test frame."""
    missed = [gate for gate in evaluation.gates if not gate.passed]
    overall = evaluation.errors["all"]
    numbers = (
        f"{overall.force_rmse_meV_A:.1f} meV/Å and {overall.energy_rmse_meV_atom:.2f} meV/atom on the frozen test set"
    )
    holes = f" Not tested: {', '.join(unseen)}, where the reference gave no frame." if unseen else ""
    holes += "".join(f" Not judged: {one.name} of {one.group}." for one in evaluation.unjudged[:5])
    if not missed and not holes:
        because = f"{numbers}; all {len(evaluation.gates)} gates hold."
        return Verdict(question="faithful to the reference", answer="yes", because=because)
    words = ", ".join(f"{spoken(gate)} {gate.value:.3g} > {gate.limit:.3g} {gate.unit}" for gate in missed[:5])
    broke = any(gate.name.startswith("MD runs") for gate in missed) or len(missed) > len(evaluation.gates) / 2
    broke = broke or any(gate.group is None and gate.value > HOPELESS * gate.limit for gate in missed)
    found = f"missed: {words}" if missed else "all gates that could be measured hold"
    return Verdict(question="faithful to the reference", answer="no" if broke else "partly",
                   because=f"{numbers}; {found}.{holes}")  # fmt: skip
