"""State is a fold over events; nothing else remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import Any

from lang2mlip.contracts import DataSet, GroupState, LogEntry, Model, Pruning, Result, StabilityRun, State, Strategy
from lang2mlip.errors import RunFault
from lang2mlip.record.events import Approved, Created, Decided, Event, Finished, Imported, Prepared, Revised
from lang2mlip.record.in_use import current_data

__all__ = ["fold", "step"]


def fold(events: Iterable[Event]) -> State:
    """The state after `events`. Raises RunFault when the first is not a Created."""
    state: State | None = None
    for event in events:
        state = step(state, event)
    if state is None:
        raise RunFault("The run has no events yet.")
    return state


def step(state: State | None, event: Event) -> State:
    """The state after one more event."""
    if isinstance(event, Created):
        return State(task=event.task, strategy=event.task.potential.strategy)
    if state is None:
        raise RunFault("The first event of a run must say that it was created.")
    if isinstance(event, Revised):
        return _revised(state, event)
    if isinstance(event, Prepared):
        return _prepared(state, event)
    if isinstance(event, Imported):
        return _regroup(_data(_with_groups(state, event.data), event.data))
    return _acted(state, event)


def _revised(state: State, event: Revised) -> State:
    """The new task; a strategy that it names or no longer names takes the place of the one in use."""
    before, named = state.task.potential.strategy, event.task.potential.strategy
    state = _with(state, task=event.task)
    return state if named == before else _trained_so(state, named)


def _trained_so(state: State, strategy: Strategy | None) -> State:
    """The state in which a strategy is new: what is there waits for a training with it."""
    waiting = max(1, state.labels_since_training) if state.data else 0
    return _with(state, strategy=strategy, labels_since_training=waiting)


def _acted(state: State, event: Event) -> State:
    """What follows once the structures and data stand."""
    if isinstance(event, Approved):
        return _approved(state, event)
    if isinstance(event, Decided):
        return _decided(state, event)
    if isinstance(event, Finished):
        return _finished(state, event)
    return state


def _approved(state: State, event: Approved) -> State:
    refused = {**state.refused_protocols, **event.refused}
    kept = {name: hash_ for name, hash_ in {**state.protocols, **event.protocols}.items() if name not in event.refused}
    return _with(state, protocols=kept, refused_protocols=refused, cost=state.cost + event.cost)


def _decided(state: State, event: Decided) -> State:
    """What the decision cost, and the protocol it sets to work."""
    followed = getattr(event.decision.parameters, "protocol", None)
    begun = (*state.followed, followed) if followed else state.followed
    cost = state.cost.model_copy(update={"tokens": state.cost.tokens + event.decision.tokens})
    return _with(state, cost=cost, followed=begun)


def log_entry(step_number: int, reason: str, result: Result) -> LogEntry:
    """A past step in short."""
    return LogEntry(step=step_number, action=result.action, reason=reason, status=result.status, summary=result.summary)


def _with(state: State, **changes: Any) -> State:
    return state.model_copy(update=changes)


def _prepared(state: State, event: Prepared) -> State:
    structures = event.structures if event.afresh else (*state.structures, *event.structures)
    known = {} if event.afresh else state.groups
    groups = {
        name: known.get(name, GroupState(group=name)).model_copy(
            update={"structures": sum(s.request.group == name for s in structures)}
        )
        for name in dict.fromkeys([*known, *(s.request.group for s in structures if s.request.role != "test")])
    }
    return _recounted(_with(state, structures=structures, groups=groups, cost=state.cost + event.cost))


def _finished(state: State, event: Finished) -> State:
    result = event.result
    state = _with(
        state,
        step=event.step,
        cost=state.cost + result.cost,
        test_cost=state.test_cost + result.test_cost,
        log=(*state.log, log_entry(event.step, "", result)),
        consecutive_failures=state.consecutive_failures + 1 if result.status == "failed" else 0,
        verdicts=result.verdicts or state.verdicts,
    )
    for apply in _CHANGES:
        state = apply(state, result)
    return _regroup(state)


def _with_groups(state: State, data: tuple[DataSet, ...]) -> State:
    """The state with a group for imported frames that belong to none of the plan's."""
    new = {name: GroupState(group=name) for dataset in data for name in dataset.groups if name not in state.groups}
    return _with(state, groups={**state.groups, **new})


def _ranges(state: State, result: Result) -> State:
    groups = dict(state.groups)
    for name, ranges in result.ranges.items():
        if name in groups:
            changes = {"ranges": ranges, "reference_done": True, "reference_settled": result.settled.get(name)}
            groups[name] = groups[name].model_copy(update=changes)
    return _with(state, groups=groups)


def _calls(state: State, result: Result) -> State:
    groups = dict(state.groups)
    for name, calls in result.calls_by_group.items():
        if name in groups:
            groups[name] = groups[name].model_copy(update={"calls": groups[name].calls + calls})
    return _with(state, groups=groups)


def _new_data(state: State, result: Result) -> State:
    return _data(state, result.data)


def _data(state: State, data: tuple[DataSet, ...]) -> State:
    new = sum(dataset.n_frames for dataset in data)
    groups = dict(_with_groups(state, data).groups)
    for dataset in data:
        for name, count in dataset.groups.items():
            groups[name] = groups[name].model_copy(update={"labels": groups[name].labels + count})
        for name, errors in dataset.fresh_errors.items():
            if name in groups:
                known = {
                    "fresh": (*groups[name].fresh, errors),
                    "learnt": (*groups[name].learnt, dataset.learnt.get(name, ())),
                    "measured_at": sum(g.labels for g in groups.values()),
                }
                groups[name] = groups[name].model_copy(update=known)
    return _with(
        state, data=(*state.data, *data), labels_since_training=state.labels_since_training + new, groups=groups
    )


def _pool(state: State, result: Result) -> State:
    left = tuple(pool for pool in state.pool if pool.id not in result.drawn)
    return _with(state, pool=(*left, *result.pool))


def _model(state: State, result: Result) -> State:
    if result.model is None:
        return state
    state = _with(state, models=(*state.models, result.model), labels_since_training=0)
    return _with(state, model=result.model, evaluation=None, stability=(), groups=_untried(state, result.model))


def _untried(state: State, model: Model | None) -> dict[str, GroupState]:
    """The groups as they are before this model has run in any."""
    errors = model.train_errors if model else {}
    return {
        name: group.model_copy(update={"train_error": errors.get(name), "stable_K": None, "failures": 0, "walkers": 0})
        for name, group in state.groups.items()
    }


def _evaluation(state: State, result: Result) -> State:
    if result.evaluation is None:
        return state
    evaluations = (*state.evaluations, *result.earlier, result.evaluation)
    if result.evaluation.on == "test":
        return _with(state, evaluations=evaluations)
    groups = {
        name: group.model_copy(update={"held_out": result.evaluation.errors.get(name, group.held_out)})
        for name, group in state.groups.items()
    }
    return _with(state, evaluation=result.evaluation, evaluations=evaluations, groups=groups)


def _stability(state: State, result: Result) -> State:
    return _with(state, stability=(*state.stability, *result.stability))


def _pruning(state: State, result: Result) -> State:
    if result.pruning is None:
        return state
    kept = tuple(pruning for pruning in state.prunings if pruning.id not in result.pruning.restored)
    pruning = result.pruning
    ids = {model.id for model in state.models}
    changed = bool(pruning.frames or pruning.datasets or set(pruning.restored) - ids)
    waiting = max(1, state.labels_since_training) if changed else state.labels_since_training
    state = _recounted(_with(state, prunings=(*kept, pruning), labels_since_training=waiting))
    return _set_aside(state, pruning) if ids & {*pruning.models, *pruning.restored} else state


def _set_aside(state: State, pruning: Pruning) -> State:
    """The last model that is left becomes the current one, with its own last evaluation; its MD has to be run again."""
    aside = [name for name in dict.fromkeys((*state.set_aside, *pruning.models)) if name not in pruning.restored]
    left = [model for model in state.models if model.id not in aside]
    model = left[-1] if left else None
    own = [one for one in state.evaluations if model and one.model == model.id and one.on == "validation"]
    known = set(model.datasets) if model else set()
    return _with(
        state,
        set_aside=tuple(aside),
        model=model,
        evaluation=own[-1] if own else None,
        stability=(),
        labels_since_training=sum(data.n_frames for data in current_data(state) if data.id not in known),
        groups=_untried(state, model),
    )


def _strategy(state: State, result: Result) -> State:
    return state if result.strategy is None else _trained_so(state, result.strategy)


def _end(state: State, result: Result) -> State:
    if result.action != "end" or result.status == "failed":
        return state
    return _with(state, ended=True, outcome=result.summary)


_CHANGES: tuple[Callable[[State, Result], State], ...] = (
    _ranges,
    _calls,
    _new_data,
    _pool,
    _model,
    _evaluation,
    _stability,
    _pruning,
    _strategy,
    _end,
)


def _regroup(state: State) -> State:
    """Counts and stability per group, from what is in use now."""
    runs: dict[str, list[StabilityRun]] = {name: [] for name in state.groups}
    for run in state.stability:
        if run.group in runs:
            runs[run.group].append(run)
    waiting: Counter[str] = Counter()
    for pool in state.pool:
        waiting.update(pool.groups)
    groups = {
        name: group.model_copy(update={**_stability_counts(group, runs[name]), "pool": waiting[name]})
        for name, group in state.groups.items()
    }
    return _with(state, groups=groups)


def _stability_counts(group: GroupState, runs: list[StabilityRun]) -> dict[str, Any]:
    tripped = {run.temperature_K for run in runs if not run.healthy}
    limit = min(tripped, default=float("inf"))
    good = [run.temperature_K for run in runs if run.healthy and run.temperature_K < limit]
    held = group.held_K
    walked = max((run.steps for run in runs), default=group.walked)
    return {
        "held_K": max([*good, *([held] if held and held < limit else [])], default=None),
        "walkers": len(runs),
        "failures": sum(not run.healthy for run in runs),
        "stable_K": max(good, default=None),
        "walked": walked,
        "lasted": walked * fmean(run.done / run.steps for run in runs) if runs else group.lasted,
    }


def _recounted(state: State) -> State:
    """Labels per group counted afresh; where only data are added their own count is added, as logs may be long."""
    counts: Counter[str] = Counter()
    for dataset in current_data(state):
        counts.update(dataset.groups)
    return _with(state, groups={n: g.model_copy(update={"labels": counts[n]}) for n, g in state.groups.items()})
