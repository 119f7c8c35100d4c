"""From simple to composed: which groups to work on now, how accurate each must be, and what each still lacks.

A group is as composed as its structures (data/curriculum): a pure phase is simple, a surface or an interface is made of
phases, a stack of interfaces. A composed group comes into play when the simpler groups that share its elements stand,
nearly stand, cannot be helped, or have had their turn; one that falls back brings itself, not everything, into play.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lang2mlip.contracts import Errors, GroupState, State
from lang2mlip.data import table
from lang2mlip.decide.prospects import Prospect, prospect

__all__ = [
    "SURE",
    "built",
    "failed",
    "good",
    "in_play",
    "outlook",
    "parts",
    "relevant",
    "stale",
    "stuck",
    "target",
    "tier",
]

MARGIN = 0.8
"""A group that carries a wanted property aims at this share of the goal, so that the goal itself is met surely."""

NEAR = 3.0
"""What is made of a group may come into play when the group's error is so many times its target: labels of the whole
teach the parts too, and a part that waits for its last tenth keeps everything else waiting."""

STALE = 1.5
"""A group is measured again when there are so many times the labels of its last measurement: held-out frames may be
tame ones, and what one group learns another can forget (seen: a melt at 10 meV/Å went to 42 while 22 labels of
surfaces came in, and its held-out frames did not show it)."""

SURE = 5
"""Labels, or frames held out, that a group must have met within its target before it stands: an error of two frames is
no error (seen: a melt that stood by two labels of 7 meV/Å, whose test frames had 43)."""

FEWEST_ROUNDS = 3
"""Rounds of labels before a group may be called stuck, and after which what is made of it waits no longer: where MD of
a molecule broke again and again, 90 labels went to it while the liquid of it, at 12 labels, got worse with each."""


def built(state: State) -> dict[str, GroupState]:
    """The groups that have structures of their own: all but imported data."""
    return {name: group for name, group in state.groups.items() if group.structures}


def tier(state: State, name: str) -> int:
    """0 for what has no simpler parts, more for what is made of others."""
    classes = table("curriculum")
    return max((int(classes.get(builder, {}).get("tier", 0)) for builder in _builders(state, name)), default=0)


def parts(state: State, name: str) -> list[str]:
    """The simpler groups whose elements are all among this one's."""
    own, mine = _elements(state, name), tier(state, name)
    simpler = [other for other in built(state) if tier(state, other) < mine]
    return [other for other in simpler if _elements(state, other) <= own]


def relevant(state: State, name: str) -> bool:
    """Whether a property that the person wants rests on this group; all are relevant where none was named."""
    classes, wanted = table("curriculum"), set(state.task.properties)
    carried = {word for builder in _builders(state, name) for word in classes.get(builder, {}).get("carries", ())}
    return (
        not wanted or bool(wanted & carried) or tier(state, name) == max(tier(state, other) for other in built(state))
    )


def target(state: State, name: str) -> float:
    """Force error over the rms force that a group must reach on labels that the model does not know."""
    goal = state.task.goals.force_relative
    return MARGIN * goal if relevant(state, name) else goal


def stale(state: State, name: str) -> bool:
    """Measured when there were far fewer labels: those of other groups have since drawn the potential to themselves."""
    labels, measured_at = sum(group.labels for group in state.groups.values()), state.groups[name].measured_at
    return bool(state.groups[name].fresh) and measured_at > 0 and labels > STALE * measured_at


def good(state: State, name: str) -> bool:
    """Within its target on fresh labels, held at the hottest use, nothing broke, and not forgotten since."""
    return _stood(state, name) and not stale(state, name)


def _near(state: State, name: str) -> bool:
    """Good enough to build on: its MD held, and its error is not far from its target."""
    return _held(state, name) and state.groups[name].fresh[-1].force_relative <= NEAR * target(state, name)


def _had_its_turn(state: State, name: str) -> bool:
    """Several rounds of labels have met a model: labels of the whole teach it as well from now on."""
    return len(state.groups[name].fresh) >= FEWEST_ROUNDS


def _held(state: State, name: str) -> bool:
    """Measured on fresh labels, and its MD held at the hottest use."""
    group = state.groups[name]
    return bool(group.fresh) and not group.failures and (group.held_K or 0.0) >= state.task.temperature_K[1]


def _stood(state: State, name: str) -> bool:
    """Good by what was last measured, however long ago."""
    if not _held(state, name) or name in failed(state):
        return False
    return _met(state, name) >= SURE and not forgotten(state, name)


def _met(state: State, name: str) -> int:
    """Labels within the target that have met a model one round after the other, up to now, and held-out frames."""
    goal, held_out, count = target(state, name), state.groups[name].held_out, 0
    for errors in reversed(state.groups[name].fresh):
        if not _within(errors, state, goal):
            break
        count += errors.n_frames
    if count and held_out is not None and not forgotten(state, name):
        count += held_out.n_frames
    return count


def failed(state: State) -> list[str]:
    """Groups with a gate that does not hold in the evaluation of the current model.

    Where only errors over all groups are too large it is the group with the largest force error: to blame nobody would
    leave nothing to mend.
    """
    missed = [gate for gate in state.evaluation.gates if not gate.passed] if state.evaluation else []
    named = [gate.group for gate in missed if gate.group in state.groups]
    names = [name for name in dict.fromkeys(named) if name is not None]
    return names or (_worst(state) if any("error" in gate.name for gate in missed) else [])


def _worst(state: State) -> list[str]:
    errors = state.evaluation.errors if state.evaluation else {}
    known = [name for name in errors if name in built(state)]
    return [max(known, key=lambda name: errors[name].force_rmse_meV_A)] if known else []


def forgotten(state: State, name: str) -> bool:
    """The last model that was measured misses the goal on held-out frames."""
    group = state.groups[name]
    return group.held_out is not None and not _within(group.held_out, state, state.task.goals.force_relative)


def stuck(state: State, name: str) -> bool:
    """Round after round, and more labels of this kind are not predicted to bring it to its target."""
    group = state.groups[name]
    expected = outlook(state, name)
    tried = len(group.fresh) >= FEWEST_ROUNDS and not group.failures
    return tried and expected is not None and not expected.pays


def outlook(state: State, name: str) -> Prospect | None:
    """What further labels are predicted to do for a group; None where it was never measured."""
    expected = prospect(state.groups[name], target(state, name), state.task.goals.element_limit)
    if expected is None or expected.labels != 0:
        return expected
    return replace(expected, labels=max(0, SURE - _met(state, name)))


def in_play(state: State) -> list[str]:
    """The groups to work on now: neither good nor stuck, and their parts carry them; and those to be measured again."""
    closed = {name for name in built(state) if _stood(state, name) or stuck(state, name)}
    again = {name for name in closed if stale(state, name) and not stuck(state, name)}
    open_ = [name for name in built(state) if name not in closed - again]
    carry = closed | {name for name in open_ if _near(state, name) or _had_its_turn(state, name)}
    ready = [name for name in open_ if set(parts(state, name)) <= carry]
    return sorted(ready, key=lambda name: (tier(state, name), list(state.groups).index(name)))


def _within(errors: Errors, state: State, relative: float) -> bool:
    """The forces over all, those of every element by their own scale, and the energies."""
    goals = state.task.goals
    worst = max(errors.element_relative.values(), default=0.0)
    return (
        errors.force_relative <= relative
        and worst <= goals.element_limit
        and errors.energy_rmse_meV_atom <= goals.energy_rmse_meV_atom
    )


def _builders(state: State, name: str) -> set[str]:
    return {one.request.builder for one in state.structures if one.request.group == name and one.request.role != "test"}


def _elements(state: State, name: str) -> set[str]:
    formulas = [one.formula for one in state.structures if one.request.group == name]
    return {symbol for formula in formulas for symbol in re.findall(r"[A-Z][a-z]?", formula)}
