"""One decision explained: what was seen, what else was possible, why this, what was expected, what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lang2mlip.contracts import ACTIONS, Decision, Errors, GroupState, Result, State
from lang2mlip.decide.curriculum import built, good, in_play, outlook, parts, stale, stuck, target
from lang2mlip.decide.prospects import curve
from lang2mlip.decide.rules import weighed
from lang2mlip.errors import BadInput
from lang2mlip.record.events import Created, Decided, Event, Finished
from lang2mlip.record.state import step as fold_one
from lang2mlip.record.view import Step, View
from lang2mlip.report.figures import standing
from lang2mlip.report.words import several

__all__ = ["Explanation", "explain", "story"]

WORDS = (
    "label: a configuration with the energy and the forces of the reference; what a potential is trained on",
    "pool: configurations from MD with the potential that wait to be chosen for labels",
    "labels unknown to the model: new ones, on which it was tried before it was trained on them; an honest error",
    "held-out: configurations of the reference's own MD that are never trained on",
    "target: the goal of the task, or 80 % of it where a property that was asked for rests on the group",
)
"""What the sentences take for known."""


@dataclass(frozen=True)
class Explanation:
    """A step for people: (heading, lines) in order, and one figure (SVG) or None."""

    number: int
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    figure: str | None

    def text(self) -> str:
        """As Markdown."""
        blocks = [f"# {self.title}"]
        blocks += [f"## {head}\n\n" + "\n".join(f"- {line}" for line in lines) for head, lines in self.parts if lines]
        return "\n\n".join(blocks) + "\n"


def explain(view: View, number: int) -> Explanation:
    """Step `number` of a run. Raises BadInput when there is none."""
    step = next((one for one in view.steps() if one.number == number), None)
    if step is None:
        known = len(view.steps())
        raise BadInput(f"{view.folder.name} has no step {number}; it has {known}: name one from 1 to {known}.")
    before, after = _around(view.events, number)
    decision = step.decision
    return Explanation(
        number,
        f"Step {number}: {decision.action}{_where(decision)}, decided by {decision.decider}",
        (
            ("What was done", _order(decision)),
            ("What was seen", (f"{decision.seen}.", *_standing(before))),
            ("What else was weighed", _others(before, decision)),
            ("Why this", (decision.reason, *(f"On the way: {remark}" for remark in decision.remarks))),
            ("What was expected", (decision.expectation,)),
            ("What happened", _happened(step, before, after)),
            ("What came next", _next(view, number)),
            ("Words", tuple(WORDS)),
        ),
        standing(_bars(before), _bars(after), "force error on unknown labels / target"),
    )


def story(view: View) -> list[str]:
    """The whole run, a line for each step."""
    lines = []
    for step in view.steps():
        came = step.result.summary if step.result else "still running"
        lines.append(f"{step.number:>3} {step.decision.action:<9} {step.decision.reason} → {came}")
    return lines


def _around(events: tuple[Event, ...], number: int) -> tuple[State, State]:
    """The state that the decision saw, and the one that it led to (the last known where it still runs)."""
    state: State | None = None
    seen: State | None = None
    for event in events:
        if isinstance(event, Decided) and event.step == number:
            seen = state
        state = fold_one(state, event)
        if isinstance(event, Finished) and event.step == number:
            break
    assert state is not None and isinstance(events[0], Created)
    return seen or state, state


def _order(decision: Decision) -> tuple[str, ...]:
    """What the action is, and the parameters that are not as usual, each with what it means."""
    kind = ACTIONS[decision.action]
    told = decision.parameters.model_dump(mode="json", exclude_defaults=True)
    own = [
        f"{name.replace('_', ' ')} {_plain(value)}: {kind.model_fields[name].description}"
        for name, value in told.items()
        if name not in ("action", "groups")
    ]
    return (f"{decision.action}: {(kind.__doc__ or '').strip()}", *own)


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _next(view: View, number: int) -> tuple[str, ...]:
    """The decision after this one."""
    later = next((one for one in view.steps() if one.number == number + 1), None)
    return (f"Step {later.number}, {later.decision.action}: {later.decision.reason}",) if later else ()


def _where(decision: Decision) -> str:
    groups = getattr(decision.parameters, "groups", ())
    return f" in {several(groups)}" if groups else ""


def _standing(state: State) -> Iterator[str]:
    """How each group stood, in words."""
    playing = in_play(state)
    for name, group in built(state).items():
        yield f"{name}: {_measured(state, name, group)}; {_stage(state, name, playing)}."


def _measured(state: State, name: str, group: GroupState) -> str:
    words = [f"{group.labels} labels"]
    if group.fresh:
        error = 100 * group.fresh[-1].force_relative
        goal = 100 * target(state, name)
        told = f"target {goal:.1f} %{_before(group)}"
        words.append(f"force error {error:.1f} % of the rms force on labels unknown to the model ({told})")
        words += _energies(state, group.fresh[-1])
    if group.walkers:
        lasted = f"{group.lasted:.0f} of {group.walked} steps on average"
        broke = f"MD broke in {group.failures} of {group.walkers} walks ({lasted})"
        words.append(broke if group.failures else f"MD held for {group.walked} steps")
    if group.pool:
        words.append(f"{group.pool} frames in the pool")
    return ", ".join(words)


def _energies(state: State, errors: Errors) -> list[str]:
    """The energy error where it is what keeps a group from its target."""
    limit = state.task.goals.energy_rmse_meV_atom
    error = errors.energy_rmse_meV_atom
    return [f"energy error {error:.1f} meV/atom on the same (goal {limit:g})"] if error > limit else []


def _before(group: GroupState) -> str:
    """The model before the last on the same labels: what the labels between them brought."""
    models = group.learnt[-1] if group.learnt else ()
    if len(models) < 2:
        return ""
    older, newer = models[-2:]
    return (
        f"; with {older.labels} labels instead of {newer.labels} it had been"
        f" {100 * older.errors.force_relative:.1f} % on the same ones"
    )


def _stage(state: State, name: str, playing: list[str]) -> str:
    if good(state, name):
        return "within its target and its MD held: nothing to do here now"
    if stuck(state, name):
        return "more labels are not predicted to help"
    if name not in playing:
        return f"it waits for its parts: {several(parts(state, name))}"
    expected = outlook(state, name)
    if expected is not None and expected.labels == 0 and stale(state, name):
        return "measured again now, as the labels of other groups have grown since"
    if expected is None or not expected.labels:
        return "worked on now"
    return f"worked on now; about {expected.labels} more labels are predicted to be needed"


def _others(state: State, decision: Decision) -> tuple[str, ...]:
    """What the built-in expert would have done at that moment, in its order; for its own decision, what came next."""
    found = weighed(state)
    if decision.decider == "rules":
        found = found[1:]
        lead = "Had this not been needed, next in line was"
    else:
        lead = "The built-in rules would have chosen"
    lines = [f"{choice.parameters.action}: {choice.reason}" for choice in found if choice.parameters.action != "end"]
    return tuple(f"{lead} {line}" if number == 0 else f"then {line}" for number, line in enumerate(lines[:3]))


def _happened(step: Step, before: State, after: State) -> tuple[str, ...]:
    if step.result is None:
        return ("It is still running, or was cut off before it ended.",)
    cost = step.result.cost
    spent = f"It took {cost.calls} reference calls, {cost.labels} labels and {cost.wall_s:.0f} s."
    faults = (f"Fault: {fault}" for fault in step.result.faults)
    return (step.result.summary, spent, *_changes(before, after), *_trips(step.result), *faults)


def _trips(result: Result) -> Iterator[str]:
    """Why walks broke, the first of each group."""
    broken = {run.group: run for run in reversed(result.stability) if not run.healthy}
    for group, run in reversed(broken.items()):
        yield f"{group}: MD at {run.temperature_K:.0f} K broke after {run.done} of {run.steps} steps: {run.trip}."


def _changes(before: State, after: State) -> Iterator[str]:
    """What the step changed, group by group."""
    for name, group in after.groups.items():
        old = before.groups.get(name, GroupState(group=name))
        words = []
        if group.labels != old.labels:
            words.append(f"labels {old.labels} → {group.labels}")
        if len(group.fresh) > len(old.fresh):
            words.append(f"error on labels that were new {_percent(old.fresh)} → {_percent(group.fresh)}")
        if group.held_out != old.held_out and group.held_out is not None:
            words.append(f"held-out error {_percent([old.held_out])} → {_percent([group.held_out])}")
        if group.walkers > old.walkers:
            words.append(f"{group.failures} of {group.walkers} walks broke")
        if words:
            yield f"{name}: {', '.join(words)}."


def _percent(errors: Any) -> str:
    known = [one for one in errors if one is not None]
    return f"{100 * known[-1].force_relative:.1f} %" if known else "not measured"


def _bars(state: State) -> dict[str, float]:
    """Group → its last error on unknown labels over its target."""
    return {name: curve(group)[-1][1] / target(state, name) for name, group in built(state).items() if curve(group)}
