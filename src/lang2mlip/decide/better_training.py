"""When a search for a better way to train pays: the model is the bottleneck, not the data, and it is no dear addition.

A search takes minutes to an hour of processor time and no reference call. So it is for runs that have cost more than
that already: it may take a share of what the run has cost so far, and nothing where that is less than a search needs.
"""

from __future__ import annotations

from lang2mlip.catalogue import find
from lang2mlip.contracts import GroupState, Research, State
from lang2mlip.data import table
from lang2mlip.decide.choice import Choice
from lang2mlip.decide.curriculum import in_play, stuck, target
from lang2mlip.decide.learn import larger_to_try
from lang2mlip.record.ledger import time_left_s

__all__ = ["affordable_s", "better_training", "limited_by_model", "searchable"]

SHARE = 0.5
"""Of the core-seconds that the run has cost so far, what a search may take."""

SHARE_OF_TIME = 0.3
"""Of the time that the budget leaves, likewise."""

FEWEST_S = 600.0
"""A search with less than this tells little: some ten runs of a minute."""

MOST_S = 3600.0
RUN_S = 60.0
"""What a run of a strategy takes, training and scoring, s; measured on two cores."""

ALIKE = 0.7
"""Share of the error on unknown labels at which the error on known ones is about as large."""


def searchable() -> list[str]:
    """The families that an arena of a run's own data has a strategy for."""
    return sorted(one["baseline"]["family"] for one in table("research").values() if one["data"]["maker"] == "run")


def better_training(state: State) -> Choice | None:
    """Once in a run: where labels do not help any more, the fit misses what it knows, and larger ones did not help."""
    if state.model is None or in_play(state) or not _possible(state) or larger_to_try(state):
        return None
    seconds, names = affordable_s(state), limited_by_model(state)
    if seconds is None or not names:
        return None
    return Choice(
        Research(runs=max(8, min(40, int(seconds / RUN_S))), seconds=seconds),
        f"More labels do not help in {', '.join(names)}, {state.model.id} misses what it was trained on by about as "
        f"much as what it does not know, and a search for a better way to train costs {seconds:.0f} s at most, "
        f"{100 * SHARE:.0f} % of what the run has cost so far.",
        "Settings with lower errors at equal stability, or the proof that it is not a matter of settings.",
    )


def affordable_s(state: State) -> float | None:
    """Seconds that a search may take; None where that is less than it needs."""
    cost = state.cost
    seconds = min(MOST_S, SHARE * (cost.reference_s + cost.training_s + cost.md_s))
    left = time_left_s(state)
    seconds = seconds if left is None else min(seconds, SHARE_OF_TIME * left)
    return round(seconds, 1) if seconds >= FEWEST_S else None


def limited_by_model(state: State) -> list[str]:
    """Groups above their target where labels do not pay any more and the model's error on known ones is as large."""
    return [name for name, group in state.groups.items() if stuck(state, name) and _alike(group, target(state, name))]


def _alike(group: GroupState, goal: float) -> bool:
    known = group.train_error.force_relative if group.train_error else 0.0
    unknown = (group.held_out or group.fresh[-1]).force_relative
    return known > goal and known >= ALIKE * unknown


def _possible(state: State) -> bool:
    tried = state.strategy is not None or any(entry.action == "research" for entry in state.log)
    return not tried and state.task.potential.family in searchable() and find("action", "research").installed
