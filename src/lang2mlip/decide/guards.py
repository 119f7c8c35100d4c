"""What cannot be done, whoever asks. Guards forbid the impossible; what is wise is the decider's matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lang2mlip.catalogue import find
from lang2mlip.contracts import End, Noun, Prune, Sample, Select, State, Train
from lang2mlip.decide.better_training import searchable
from lang2mlip.errors import nearest
from lang2mlip.record.ledger import calls_to_spend, labels_left, reserve

__all__ = ["refuse"]


def refuse(state: State, parameters: Noun) -> str | None:
    """Why the action with these parameters is impossible now, in one sentence; None when it can be done."""
    action = str(getattr(parameters, "action", ""))
    for guard in (_ended, _unknown_group, *_GUARDS.get(action, ())):
        reason = guard(state, parameters)
        if reason is not None:
            return reason
    return None


def _ended(state: State, parameters: Any) -> str | None:
    return "The run has ended; start a new run, or take its task.yaml up again." if state.ended else None


def _unknown_group(state: State, parameters: Any) -> str | None:
    for group in (*getattr(parameters, "groups", ()), *getattr(parameters, "steps_of", ())):
        if group not in state.groups:
            return _not_there("group", group, list(state.groups))
    return None


def _without_structures(state: State, parameters: Any) -> str | None:
    role = "validation" if parameters.action == "reference" else "train"
    wanted = parameters.groups or tuple(state.groups)
    if any(record.request.role == role and record.request.group in wanted for record in state.structures):
        return None
    where = f" in {', '.join(parameters.groups)}" if parameters.groups else ""
    return f"There is no {role} structure{where} to run {parameters.action} on; choose groups that have one."


def _without_calls(state: State, parameters: Any) -> str | None:
    if calls_to_spend(state) == 0:
        kept = reserve(state)
        what = f" but the {kept} that are kept for the properties of the next evaluation" if kept else ""
        return f"All {state.task.budget.max_calls} reference calls are spent{what}, and {parameters.action} needs more."
    return None


def _without_labels_to_spend(state: State, parameters: Any) -> str | None:
    if labels_left(state) == 0:
        return f"All {state.task.budget.max_labels} labels of the budget are used, and {parameters.action} makes more."
    return None


def _without_model(state: State, parameters: Any) -> str | None:
    if state.model is None:
        return f"There is no trained potential yet, and {parameters.action} needs one: train first."
    return None


def _unknown_protocol(state: State, parameters: Any) -> str | None:
    name = getattr(parameters, "protocol", None)
    return None if name is None or name in state.protocols else _not_there("protocol", name, list(state.protocols))


def _without_data(state: State, parameters: Any) -> str | None:
    if sum(group.labels for group in state.groups.values()) == 0:
        return f"There are no labelled frames in use, and {parameters.action} needs some: explore or import data first."
    return None


def _start_without_model(state: State, parameters: Train) -> str | None:
    if parameters.start == "current" and state.model is None:
        return "There is no current potential to start the training from; start from scratch."
    return None


def _empty_pool(state: State, parameters: Select) -> str | None:
    groups = parameters.groups or tuple(state.groups)
    if sum(state.groups[group].pool for group in groups) > 0:
        return None
    where = f" of {', '.join(parameters.groups)}" if parameters.groups else ""
    return f"The pool{where} is empty, so there is nothing to select from: sample first."


def _unknown_structure(state: State, parameters: Sample) -> str | None:
    known = [record.request.name for record in state.structures if record.request.role == "train"]
    wanted = next((walk.structure for walk in parameters.walks if walk.structure not in known), None)
    return None if wanted is None else _not_there("training structure", wanted, known)


def _nothing_to_prune(state: State, parameters: Prune) -> str | None:
    return None if state.data else "There are no data sets yet, so there is nothing to prune."


def _unknown_data(state: State, parameters: Prune) -> str | None:
    sets = [data.id for data in state.data]
    for wanted in parameters.datasets:
        if wanted not in sets:
            return _not_there("data set", wanted, sets)
    models = [model.id for model in state.models if model.id not in state.set_aside]
    for wanted in parameters.models:
        if wanted not in models:
            return _not_there("model", wanted, models)
    undoable = [*sets, *(pruning.id for pruning in state.prunings), *state.set_aside]
    for wanted in parameters.restore:
        if wanted not in undoable:
            return _not_there("data set, pruning or model that was set aside", wanted, undoable)
    return None


def _no_arena(state: State, parameters: Noun) -> str | None:
    part = find("action", "research")
    if not part.installed:
        return f"A search for a strategy needs packages that are not installed here: {part.install}"
    family, known = state.task.potential.family, searchable()
    return None if family in known else f"No arena judges the family {family}; known: {', '.join(known)}."


def _unproven_success(state: State, parameters: End) -> str | None:
    if parameters.outcome != "success":
        return None
    if state.model is None:
        return "There is no potential to succeed with; train and evaluate first, or end with outcome failure or budget."
    if state.evaluation is None:
        return f"{state.model.id} has not been evaluated, so nobody knows that it is a success: evaluate first."
    return None


def _not_there(kind: str, name: str, known: Sequence[str]) -> str:
    return f"There is no {kind} called {name!r}.{nearest(name, known)} Known: {', '.join(known) or 'none'}."


_GUARDS: dict[str, Sequence[Callable[[State, Any], str | None]]] = {
    "reference": (_without_structures, _without_calls),
    "explore": (_without_structures, _without_calls, _without_labels_to_spend),
    "sample": (_without_model, _unknown_protocol, _unknown_structure),
    "select": (_empty_pool, _without_calls, _without_labels_to_spend),
    "train": (_without_data, _start_without_model),
    "evaluate": (_without_model,),
    "prune": (_nothing_to_prune, _unknown_data),
    "research": (_without_data, _without_model, _no_arena),
    "end": (_unproven_success,),
}
