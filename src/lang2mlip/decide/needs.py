"""What a state says to an expert's eye: which groups are good, what broke, what is missed, in words."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import State
from lang2mlip.data import table
from lang2mlip.decide.curriculum import built, good
from lang2mlip.record.ledger import calls_to_spend, labels_left

__all__ = [
    "advice",
    "affordable_steps",
    "broken",
    "converged",
    "facts",
    "listed",
    "protocol_to_follow",
    "pruned_already",
]

SAMPLE_CORE_S = 120.0
"""Core-seconds that one round of sampling may take, by the family's tabulated speed."""


def facts(state: State) -> str:
    """The state in one line."""
    labels = sum(group.labels for group in state.groups.values())
    model = state.model.id if state.model else "none"
    return (
        f"{labels} labels in {len(state.groups)} groups, {state.labels_since_training} new since training; "
        f"model {model}; {sum(g.pool for g in state.groups.values())} frames in the pool; "
        f"{state.cost.calls} calls spent"
    )


def converged(state: State) -> bool:
    """Every group is good: within its target on labels that the model did not know, and its MD held."""
    return all(good(state, name) for name in built(state))


def protocol_to_follow(state: State) -> str | None:
    """The first approved protocol that was never followed, once the model of the moment holds in plain MD."""
    if state.model is None or state.model.effort == "accurate" or not converged(state):
        return None
    if labels_left(state) == 0 or calls_to_spend(state) == 0:
        return None  # what it would find could not be learnt
    return next((name for name in state.protocols if name not in state.followed), None)


def pruned_already(state: State) -> bool:
    """Pruned since the last new data."""
    for entry in reversed(state.log):
        if entry.action in ("prune", "explore", "select"):
            return entry.action == "prune"
    return False


def broken(state: State) -> str:
    groups = sorted({run.group for run in state.stability if not run.healthy})
    return f"; MD broke in {listed(groups)}" if groups else ""


def advice(state: State) -> str:
    failed = [gate.name for gate in state.evaluation.gates if not gate.passed] if state.evaluation else []
    if failed:
        missed = listed(list(dict.fromkeys(failed)))
        return (
            f"Missed on held-out configurations, up to 15 % hotter than the use: {missed}. More labels and calls"
            " (budget in task.yaml) or a larger potential would mend that."
        )
    return ""


def listed(names: Any) -> str:
    words = [str(name) for name in names]
    return ", ".join(words[:6]) + (f" and {len(words) - 6} more" if len(words) > 6 else "")


def affordable_steps(state: State, groups: tuple[str, ...], walkers: int = 1) -> int:
    """MD steps with the potential that a round of sampling in these groups (empty: all) can afford; 100 at least."""
    fields = table("speeds").get(state.task.potential.family)
    if fields is None:
        return 10**6
    atoms = sum(
        one.n_atoms
        for one in state.structures
        if one.request.role == "train" and (not groups or one.request.group in groups)
    )
    return max(100, int(SAMPLE_CORE_S * fields["atom_steps_per_s"] / max(1, atoms * walkers)))
