"""Fixed orders of actions: the baselines that every claim about deciding has to beat. Their steps are data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lang2mlip.contracts import ACTIONS, Decision, End, Select, State, check
from lang2mlip.decide.guards import refuse
from lang2mlip.decide.needs import facts
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.ledger import calls_to_spend, labels_left

__all__ = ["Schedule", "schedules"]

_MOST_STEPS = 200
"""Of a schedule that repeats: no run has more."""

_NEW_DATA = ("reference", "explore", "sample", "select")


@cache
def schedules() -> dict[str, list[dict[str, Any]]]:
    """Name → the actions in order, each a mapping with `action` and its parameters."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("schedules.yaml").read_text())
    return loaded


class Schedule:
    """Does one step after the other, whatever the state says; what the budget forbids is passed over.

    `name` is a built-in schedule or a YAML file: a list of steps, or a mapping with `first` (done once, and taken for
    done where the run has begun with it) and `repeat` (done again and again until the labels or calls are spent).
    """

    def __init__(self, name: str) -> None:
        self.name = f"schedule:{name}"
        first, again = _own(Path(name)) if name.endswith((".yaml", ".yml")) else (_built_in(name), [])
        self._repeats = bool(again)
        rounds = _MOST_STEPS // len(again) if again else 0
        self._steps = [
            check(ACTIONS[step["action"]], step, f"step {number} of {self.name}")
            for number, step in enumerate([*first, *(again * rounds)], start=1)
        ]

    def decide(self, state: State, view: Any) -> Decision:
        """The step that is due; the end when there is none left."""
        due = self._due(state)
        number, parameters = (due, self._steps[due]) if due is not None else (len(self._steps), _end(state))
        wanted: Any = _within(parameters, state)
        of = "over and over again" if self._repeats else f"of {len(self._steps) + 1}"
        return Decision(
            parameters=wanted,
            reason=f"Step {number + 1} {of} of {self.name}.",
            expectation="Whatever comes.",
            decider=self.name,
            seen=facts(state),
        )

    def _due(self, state: State) -> int | None:
        """The first step after those in the log that can be done; None past the last."""
        position = 0
        for entry in state.log:
            while position < len(self._steps) and _action(self._steps[position]) != entry.action:
                position += 1
            position += 1
        left = range(position, len(self._steps))
        return next((number for number in left if self._can(state, self._steps[number])), None)

    def _can(self, state: State, step: Any) -> bool:
        """Possible; and in a schedule that repeats, of any use: no data when none can be labelled, no fit of old ones.

        A fit of what failed to grow is passed over too, or a run that cannot go on would never end.
        """
        if self._repeats and _action(step) in _NEW_DATA and 0 in (calls_to_spend(state), labels_left(state)):
            return False
        if self._repeats and _action(step) == "train" and state.labels_since_training == 0:
            return False
        return refuse(state, step) is None


def _built_in(name: str) -> list[dict[str, Any]]:
    if name not in schedules():
        raise UnknownName.of("schedule", name, schedules())
    return schedules()[name]


def _own(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A person's schedule: the steps done once, and those repeated."""
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"The schedule {file} cannot be read: {error}") from error
    parts = (told.get("first") or [], told.get("repeat") or []) if isinstance(told, dict) else (told, [])
    if isinstance(told, dict) and (set(told) - {"first", "repeat"} or not any(parts)):
        raise BadInput(f"{file} must be a list of steps, or have `first` and `repeat`, each a list of steps.")
    if not all(isinstance(part, list) and all(map(_is_step, part)) for part in parts):
        raise BadInput(f"{file} must be a list of steps, each with an action of: {', '.join(ACTIONS)}.")
    return parts


def _is_step(step: Any) -> bool:
    return isinstance(step, dict) and step.get("action") in ACTIONS


def _action(parameters: Any) -> str:
    return str(parameters.action)


def _end(state: State) -> End:
    passed = state.evaluation is not None and state.evaluation.passed
    spent = 0 in (calls_to_spend(state), labels_left(state))
    return End(outcome="success" if passed else "budget" if spent else "failure")


def _within(parameters: Any, state: State) -> Any:
    """A selection no larger than the labels left: the one thing that a budget changes in a schedule."""
    left = labels_left(state)
    if isinstance(parameters, Select) and left is not None and 0 < left < parameters.count:
        return parameters.model_copy(update={"count": left})
    return parameters
