"""What everything cost: a row per step, and the budget that is left."""

from __future__ import annotations

from dataclasses import dataclass

from lang2mlip.contracts import Cost, State
from lang2mlip.record.view import View

__all__ = ["Row", "calls_left", "labels_left", "must_stop", "rows", "spent", "time_left_s"]


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
    if calls_left(state) == 0:
        return f"all {state.task.budget.max_calls} reference calls are spent"
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
