"""Rules that judge: looks on the way, the full evaluation, protocols, and the honest end."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import End, Evaluate, Explore, Sample, State
from lang2mlip.data import table
from lang2mlip.decide.choice import Choice
from lang2mlip.decide.curriculum import failed, parts
from lang2mlip.decide.needs import advice, affordable_steps, listed, protocol_to_follow
from lang2mlip.record.ledger import calls_to_spend, labels_left, must_stop

__all__ = [
    "MOST_TRIES", "end_on_success", "end_on_trouble", "end_short", "evaluate_model", "follow_protocol", "look",
    "teach_pairs", "try_again",
]  # fmt: skip

RELABELLED = 30
"""Frames of the potential's own MD that are labelled as a check, a tenth of the calls left at most."""

MOST_FAILURES = 3
"""Actions that may fail one after another before the run ends honestly."""

PAIRS, PAIRS_GROUP = "dimer_attraction", "atoms and pairs"
"""Name of the gate on near pairs, and of the group of their labels."""

MOST_TRIES = 3
"""Accurate trainings that may miss the goals before the run ends honestly."""


def end_on_trouble(state: State) -> Choice | None:
    """Nothing left to spend, or one failure after another."""
    used_up = must_stop(state)
    if used_up is not None:
        return Choice(
            End(outcome="budget", advice=advice(state)), f"The budget ends here: {used_up}.", "The best model so far."
        )
    if state.consecutive_failures >= MOST_FAILURES:
        last = state.log[-1].summary
        return Choice(
            End(outcome="failure", advice=f"Mend this first: {last}"),
            f"{state.consecutive_failures} actions failed one after another; the last said: {last}",
            "An honest report of what stands in the way.",
        )
    return None


def look(state: State) -> Choice | None:
    """A quick look at the held-out frames after each fit but the first: it costs no calls, and shows what got worse."""
    model = state.model
    if model is None or model.effort == "accurate" or len(state.models) < 2 or state.evaluation is not None:
        return None
    if state.log[-1].action == "evaluate" or not any(group.reference_done for group in state.groups.values()):
        return None
    return Choice(
        Evaluate(depth="errors"),
        f"{model.id} is new; its held-out errors show whether any group got worse.",
        "Lower errors than those of the model before, in every group.",
    )


def follow_protocol(state: State) -> Choice | None:
    """Once a model holds in plain MD, each approved protocol is tried: it goes where plain MD does not."""
    name, steps = protocol_to_follow(state), min(1000, affordable_steps(state, ()))
    if name is None:
        return None
    return Choice(
        Sample(protocol=name, steps=steps, keep_every=max(10, steps // 20)),
        f"The potential holds in plain MD, and the protocol {name} is its use.",
        "It stays healthy, or shows where labels are wanting.",
    )


def evaluate_model(state: State) -> Choice | None:
    """A model that was fitted with full effort has to show what it can."""
    if state.model is None or (state.evaluation is not None and state.evaluation.depth == "full"):
        return None
    left = calls_to_spend(state)
    return Choice(
        Evaluate(depth="full", relabel=RELABELLED if left is None else min(RELABELLED, left // 10)),
        f"{state.model.id} has not been evaluated in full.",
        "Held-out errors, properties and MD against the reference; every gate holds.",
    )


def end_on_success(state: State) -> Choice | None:
    """Every gate holds."""
    if state.evaluation is None or not state.evaluation.passed:
        return None
    return Choice(
        End(outcome="success", advice=advice(state)),
        f"All {len(state.evaluation.gates)} gates hold on held-out data.",
        "The frozen test set confirms it.",
    )


def teach_pairs(state: State) -> Choice | None:
    """Atoms that attract each other where they must repel: labels of pairs, once, if the family learns from such."""
    if not table("sizes").get(state.task.potential.family, {}).get("learns_pairs", True):
        return None
    gates = state.evaluation.gates if state.evaluation else ()
    wrong = [gate for gate in gates if gate.name.startswith(PAIRS) and not gate.passed]
    if not wrong or PAIRS_GROUP in state.groups or 0 in (calls_to_spend(state), labels_left(state)):
        return None
    return Choice(
        Explore(steps=0, strained=0, rattled=0, dimers=10, isolated=True),
        f"{listed([gate.group for gate in wrong])}: near atoms attract each other.",
        "Labels of pairs from too near to far apart, from which the potential learns to repel.",
    )


def try_again(state: State) -> Choice | None:
    """Gates failed and there are means left: sample the groups that failed, harder; the simpler ones first."""
    accurate = sum(model.effort == "accurate" for model in state.models)
    left = labels_left(state)
    if state.evaluation is None or accurate >= MOST_TRIES or left == 0 or calls_to_spend(state) == 0:
        return None
    if state.log[-1].action == "sample":
        return None  # the last walks left nothing that could be labelled, and more of the same would not
    missed = [gate for gate in state.evaluation.gates if not gate.passed]
    if not missed:
        return None
    weak = _simplest(state, failed(state))
    steps = min(2000, affordable_steps(state, weak, walkers=2))
    return Choice(
        Sample(groups=weak, steps=steps, keep_every=max(10, steps // 40), walkers=2),
        f"{listed([gate.name for gate in missed])} missed the goal" + (f" in {listed(weak)}." if weak else "."),
        "New configurations where the potential misses its goals.",
    )


def _simplest(state: State, names: list[str]) -> tuple[str, ...]:
    """Of groups that failed those without a part that failed: what is made of it may come right with it."""
    return tuple(name for name in names if not set(parts(state, name)) & set(names))


def end_short(state: State) -> Choice | None:
    """Nothing above applies: the goals were missed and further work is not predicted to pay."""
    missed = [gate.name for gate in state.evaluation.gates if not gate.passed] if state.evaluation else ["everything"]
    outcome: Any = "budget" if labels_left(state) == 0 or calls_to_spend(state) == 0 else "failure"
    return Choice(
        End(outcome=outcome, advice=advice(state)),
        f"Missed: {listed(missed)}; the means to go on are used.",
        "The best model so far, with what it misses said plainly.",
    )
