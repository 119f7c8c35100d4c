"""What everything cost: a row per step, and the budget that is left.

A part of the reference calls is kept for the statics of the next evaluation: without them nobody knows how good the
potential is, and calls that are spent to the last one on data buy a verdict with holes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lang2mlip.contracts import Cost, State
from lang2mlip.record.view import View

__all__ = [
    "STATICS", "Row", "calls_left", "calls_to_spend", "labels_left", "must_stop", "reserve", "rows", "spent",
    "time_left_s",
]  # fmt: skip

STATICS = {
    "lattice": 60,
    "elastic": 60,
    "vacancy": 150,
    "surface_energy": 150,
    "geometry": 200,
    "phonons": 120,
    "thermal_expansion": 250,
    "dimers": 0,
}
"""Reference calls that a property may take: cubic crystals need about 10, low symmetry and relaxing more."""

MOST_KEPT = 0.2
"""Share of the call budget that is kept for statics at most."""

_ALWAYS = ("lattice", "elastic")
_WHERE = {
    "vacancy": "bulk",
    "phonons": "bulk",
    "thermal_expansion": "bulk",
    "surface_energy": "surface",
    "geometry": "molecule",
}
"""Property that a task may want → builder of the structures that it is measured on."""


@dataclass(frozen=True)
class Row:
    """The cost of one step."""

    step: int
    action: str
    cost: Cost
    total_calls: int


def rows(view: View) -> tuple[Row, ...]:
    """Preparation (step 0) and every finished step, with the running total of reference calls."""
    entries = [(0, "prepare", event.cost) for event in view.preparation]
    entries += [(s.number, s.decision.action, s.result.cost) for s in view.steps() if s.result is not None]
    total, table = 0, []
    for number, action, cost in entries:
        total += cost.calls
        table.append(Row(number, action, cost, total))
    return tuple(table)


def calls_left(state: State) -> int | None:
    """Reference calls that the budget still allows; None without a limit."""
    limit = state.task.budget.max_calls
    return None if limit is None else max(0, limit - state.cost.calls)


def reserve(state: State) -> int:
    """Calls kept for the statics of the next evaluation: what each group's may take, within a share of the budget.

    None are kept before there is a model: without data there would be nothing to evaluate.
    """
    limit = state.task.budget.max_calls
    if limit is None or state.model is None:
        return 0
    held_out = [one.request for one in state.structures if one.request.role == "validation"]
    count = Counter(builder for builder, _ in {(one.builder, one.group) for one in held_out})
    wanted = count["bulk"] * sum(STATICS[name] for name in _ALWAYS)
    wanted += sum(STATICS[name] * count[where] for name, where in _WHERE.items() if name in state.task.properties)
    return min(wanted, int(MOST_KEPT * limit))


def calls_to_spend(state: State) -> int | None:
    """Reference calls that may go into new data and reference MD; None without a limit."""
    left = calls_left(state)
    return None if left is None else max(0, left - reserve(state))


def labels_left(state: State) -> int | None:
    """Labels that the budget still allows; None without a limit."""
    limit = state.task.budget.max_labels
    return None if limit is None else max(0, limit - state.cost.labels)


def time_left_s(state: State) -> float | None:
    """Recorded seconds that the budget still allows; None without a limit."""
    limit = state.task.budget.max_time_s
    return None if limit is None else max(0.0, limit - state.cost.wall_s)


def spent(state: State) -> str | None:
    """The first budget that is used up, in words; None while there is some of each left."""
    if calls_to_spend(state) == 0:
        return f"all {state.task.budget.max_calls} reference calls are spent or kept for the next evaluation"
    return must_stop(state)


def must_stop(state: State) -> str | None:
    """The first budget that allows no work at all any more, in words: time or tokens.

    When the reference calls are spent, training and evaluating what is there cost none, and are still worth doing.
    """
    budget = state.task.budget
    if time_left_s(state) == 0:
        return f"all {budget.max_time_s:.0f} s are spent"
    if budget.max_tokens is not None and state.cost.tokens >= budget.max_tokens:
        return f"all {budget.max_tokens} language-model tokens are spent"
    return None
