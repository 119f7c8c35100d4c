"""Fixed orders of actions: the baselines that every claim about deciding has to beat. Their steps are data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lang2mlip.contracts import ACTIONS, Decision, End, Noun, Select, State, check
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.ledger import labels_left

__all__ = ["Schedule", "schedules"]


@cache
def schedules() -> dict[str, list[dict[str, Any]]]:
    """Name → the actions in order, each a mapping with `action` and its parameters."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("schedules.yaml").read_text())
    return loaded


class Schedule:
    """Does one step after the other, whatever the state says; `name` is a built-in schedule or a YAML file."""

    def __init__(self, name: str) -> None:
        self.name = f"schedule:{name}"
        self._steps = _own(Path(name)) if name.endswith((".yaml", ".yml")) else _built_in(name)

    def decide(self, state: State, view: Any) -> Decision:
        """The step that is due; the end when there is none left."""
        due = state.step
        reason = f"Step {due + 1} of {len(self._steps)} of {self.name}."
        parameters: Any = self._parameters(due) if due < len(self._steps) else self._end(state)
        return Decision(
            parameters=_within(parameters, state), reason=reason, expectation="Whatever comes.", decider=self.name
        )

    def _parameters(self, due: int) -> Noun:
        step = self._steps[due]
        return check(ACTIONS[step["action"]], step, f"step {due + 1} of {self.name}")

    @staticmethod
    def _end(state: State) -> End:
        passed = state.evaluation is not None and state.evaluation.passed
        return End(outcome="success" if passed else "failure")


def _built_in(name: str) -> list[dict[str, Any]]:
    if name not in schedules():
        raise UnknownName.of("schedule", name, schedules())
    return schedules()[name]


def _own(file: Path) -> list[dict[str, Any]]:
    """A person's schedule: a YAML list of actions with their parameters."""
    try:
        steps = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(f"The schedule {file} cannot be read: {error}") from error
    if not isinstance(steps, list) or not all(
        isinstance(step, dict) and step.get("action") in ACTIONS for step in steps
    ):
        raise BadInput(f"{file} must be a list of steps, each with an action of: {', '.join(ACTIONS)}.")
    return steps


def _within(parameters: Any, state: State) -> Any:
    """A selection no larger than the labels left: the one thing that a budget changes in a schedule."""
    left = labels_left(state)
    if isinstance(parameters, Select) and left is not None and 0 < left < parameters.count:
        return parameters.model_copy(update={"count": left})
    return parameters
