"""Rules that bring data: the reference's own MD, first data, MD with the potential, labels for what it found."""

from __future__ import annotations

import re

from lang2mlip.contracts import Explore, GroupState, ReferenceRun, Sample, Select, State
from lang2mlip.decide.choice import Choice
from lang2mlip.decide.curriculum import SURE, built, failed, good, in_play, outlook, relevant
from lang2mlip.decide.needs import affordable_steps, broken, listed
from lang2mlip.record.ledger import calls_to_spend, labels_left

__all__ = ["explore_where_empty", "reference_at_last", "reference_first", "sample_in_play", "select_from_pool"]

SHORTEST = 30
"""Calls that the shortest reference MD of a group takes: ten steps at two temperatures and at constant pressure."""

DEAR, DEAREST = 0.15, 0.5
"""Shares of the calls left from which the shortest reference MD waits until the potential stands, and beyond which
nothing is kept for it."""

EXPLORE_SHARE = 0.3
"""Share of the label budget that the first data may take; the rest goes where the potential itself shows need."""

FIRST_BATCH = 10
"""Labels of a group whose error on fresh labels nobody knows yet."""

ROUNDS = 16
"""Rounds that a label budget is spread over at least: small batches learn from each other, and a fit is cheap
beside labels that are worth a budget."""

SMALLEST = 6
"""Labels of a round, where the budget allows them."""

WALKERS, STRAIN = 2, 0.04
"""Of each structure one walk in its own cell and one in a strained cell: heat, pressure and every simulation at
constant pressure change the density, and a potential that knows one density only is wrong at others."""

FIRST_WALK, LONGEST_WALK, SHORTEST_WALK = 300, 2400, 100
"""MD steps of the first round, each round twice as many, and at most; and of a group that breaks at once. Frames near
where a walk broke are worth labels, and so are those on the way there; a longer walk has no more of them. Where walks
hold, short ones would prove little: a surface of which 600 steps were seen was taken for learnt too soon."""

GROWTH = 0.15
"""A batch is at least this share of the labels that there are: a fit costs time and must be worth it."""


def reference_first(state: State) -> Choice | None:
    """Without the reference's own MD there is nothing to compare with, and no normal range; a dear one waits."""
    return None if _dear(state) else _reference(state)


def reference_at_last(state: State) -> Choice | None:
    """The reference MD that was too dear to begin with: due when no labels are wanted or none can be paid."""
    return None if state.model is None else _reference(state)


def _reference(state: State) -> Choice | None:
    missing = _without_reference(state)
    if not missing or calls_to_spend(state) == 0:
        return None
    tried = _tried(state)
    left, waited = calls_to_spend(state), _dear(state)
    cost, share = ReferenceRun().steps * len(missing), DEAREST if waited else 0.3
    steps = ReferenceRun().steps if left is None or cost <= share * left else int(share * left / len(missing))
    steps = max(SHORTEST if waited else 20, steps)
    longest = 1.0 if left is None else min(3.0, max(1.0, 0.3 * left / max(1, steps * len(missing))))
    return Choice(
        ReferenceRun(
            groups=missing if tried else (), steps=steps, keep_every=max(1, steps // 90), longest=round(longest, 1)
        ),
        f"No reference MD yet for {listed(missing)}; it gives the frames to judge by and the normal ranges"
        + ("; it is dear, so labels came first." if waited else "."),
        f"Ranges and held-out frames for {len(missing)} groups at about {steps * len(missing)} reference calls.",
    )


def _tried(state: State) -> int:
    return sum(entry.action == "reference" for entry in state.log)


def _without_reference(state: State) -> tuple[str, ...]:
    """Groups whose reference MD is still to come; what failed twice is neither asked for nor paid again."""
    return tuple(name for name, group in built(state).items() if not group.reference_done and _tried(state) < 2)


def _dear(state: State) -> bool:
    """Whether even the shortest reference MD takes much of what is left: labels teach more, a call each."""
    left = calls_to_spend(state)
    return left is not None and SHORTEST * len(_without_reference(state)) > DEAR * left


def _calls_for_data(state: State) -> int | None:
    """Calls that labels may take: those for reference MD that waits are kept, where both can be paid."""
    left, limit = calls_to_spend(state), state.task.budget.max_calls
    kept = SHORTEST * len(_without_reference(state))
    if left is None or limit is None or kept > DEAREST * limit:
        return left
    return max(0, left - kept)


def explore_where_empty(state: State) -> Choice | None:
    """Groups in play that no model can enter: without labels, and of elements that have none, or where it breaks."""
    empty = tuple(name for name in in_play(state) if state.groups[name].labels == 0 and _closed_to_md(state, name))
    tried = sum(entry.action == "explore" for entry in state.log)
    if not empty or tried > 2 * len(built(state)) or 0 in (calls_to_spend(state), labels_left(state)):
        return None
    structures = max(1, sum(state.groups[name].structures for name in empty))
    parameters = _explore(state, empty, structures)
    return Choice(
        parameters,
        f"No labels yet for {listed(empty)}, and no model that could run MD there.",
        f"First data at about {structures * (parameters.strained + parameters.rattled)} calls, enough for a first fit.",
    )


def _closed_to_md(state: State, name: str) -> bool:
    """No model, or one that never saw an element of the group, or that broke in all its walks at once."""
    if state.model is None or not _elements(state, [name]) <= _elements(state, _labelled(state)):
        return True
    group = state.groups[name]
    return group.walkers > 0 and group.failures == group.walkers and group.pool == 0


def _labelled(state: State) -> list[str]:
    return [name for name, group in state.groups.items() if group.labels]


def _elements(state: State, names: list[str]) -> set[str]:
    formulas = [one.formula for one in state.structures if one.request.group in names]
    return {symbol for formula in formulas for symbol in re.findall(r"[A-Z][a-z]?", formula)}


def _explore(state: State, groups: tuple[str, ...], structures: int) -> Explore:
    """Strained and rattled cells: a call each, where a frame of the reference's MD costs as many as it has steps.

    What has no cell, a molecule, cannot be strained: it is rattled as often instead.
    """
    labels = labels_left(state)
    per_structure = 12 if labels is None else max(4, min(12, int(EXPLORE_SHARE * labels / structures)))
    cells = any(one.periodic for one in state.structures if one.request.group in groups and one.request.role == "train")
    strained = per_structure // 2 if cells else 0
    return Explore(groups=groups, steps=0, strained=strained, rattled=per_structure - strained)


def select_from_pool(state: State) -> Choice | None:
    """Frames of groups in play wait in the pool and there are labels to spend: first where MD broke, if it did."""
    polished = state.model is not None and state.model.effort == "accurate"
    playing = list(dict.fromkeys([*in_play(state), *(failed(state) if polished else ())]))
    pool = {name: state.groups[name].pool for name in playing if state.groups[name].pool}
    pool = {name: count for name, count in pool.items() if state.groups[name].failures} or pool
    left, calls = labels_left(state), _calls_for_data(state)
    if not pool or left == 0 or calls == 0:
        return None
    wanted, limit = sum(_wanted(state, name) for name in pool), state.task.budget.max_labels
    most = None if limit is None else max(SMALLEST, limit // ROUNDS)
    bounds = [bound for bound in (wanted, most, sum(pool.values()), left, calls) if bound is not None]
    names = tuple(pool) if len(pool) < len(state.groups) else ()
    return Choice(
        Select(groups=names, count=max(1, min(bounds))),
        f"{sum(pool.values())} frames wait in the pool ({listed(pool)}); the old model is scored on the picks.",
        "Labels where the potential extrapolates, and an honest error of the model as it is.",
    )


def _wanted(state: State, name: str) -> int:
    """Labels for a group now: half of what its curve predicts to be needed, more where it matters or where MD broke."""
    group, expected = state.groups[name], outlook(state, name)
    needed = FIRST_BATCH if expected is None else (expected.labels or FIRST_BATCH) // 2
    if group.failures:
        needed = max(needed, FIRST_BATCH) * 3 // 2
    least = max(SURE, int(GROWTH * group.labels))
    most = max(FIRST_BATCH, group.labels) if relevant(state, name) else max(FIRST_BATCH, group.labels // 2)
    return min(max(needed, least), most)


def sample_in_play(state: State) -> Choice | None:
    """A group in play that this model has not run, or in which its MD broke, needs sampling."""
    if state.model is None or state.model.effort == "accurate":
        return None
    if labels_left(state) == 0 or _calls_for_data(state) == 0:
        return None
    weak = tuple(name for name in in_play(state) if state.groups[name].walkers == 0)
    if not weak:
        return None
    rounds = sum(entry.action == "sample" for entry in state.log)
    usual = min(LONGEST_WALK, FIRST_WALK * 2**rounds, affordable_steps(state, weak, WALKERS))
    asked = {name: _walk_steps(state.groups[name], usual) for name in weak}
    steps = max(asked.values())
    return Choice(
        Sample(
            groups=weak if len(weak) < len(state.groups) else (),
            temperatures_K=_warm_up(state, weak),
            steps=steps,
            steps_of={name: fewer for name, fewer in asked.items() if fewer < steps},
            keep_every=max(10, steps // 20),
            walkers=WALKERS,
            strain=STRAIN,
        ),
        f"{state.model.id} has not been run in {listed(weak)}{broken(state)}.{_standing(state)}",
        f"MD of {steps} steps holds, or shows where the potential is weak.",
    )


def _walk_steps(group: GroupState, usual: int) -> int:
    """Those of this round; where walks broke, no more than twice what they lasted."""
    if group.lasted >= group.walked:
        return usual
    return max(SHORTEST_WALK, min(usual, 2 * round(group.lasted)))


def _warm_up(state: State, names: tuple[str, ...]) -> tuple[float, ...]:
    """Cooler walks too for groups that broke wherever they were run; hot ones alone (empty) for the others."""
    low, high = state.task.temperature_K
    never = any(state.groups[name].fresh and state.groups[name].held_K is None for name in names)
    return tuple(dict.fromkeys((round(0.5 * (low + high), 1), high))) if never else ()


def _standing(state: State) -> str:
    done = [name for name in built(state) if good(state, name)]
    return f" {listed(done)} stand{'s' if len(done) == 1 else ''}." if done else ""
