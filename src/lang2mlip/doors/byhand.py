"""One action by hand: the options are the fields of the action's own parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lang2mlip.contracts import ACTIONS, Decision, check
from lang2mlip.decide.guards import refuse
from lang2mlip.doors.narrator import Narrator
from lang2mlip.doors.wire import open_run, performer
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["act_by_hand"]


def act_by_hand(name: str, action: str, words: list[str], out: Path | None) -> int:
    """Perform one action as a person's decision; 0 when it was done. Raises BadInput for wrong options."""
    if action not in ACTIONS:
        raise UnknownName.of("action", action, ACTIONS)
    if "--help" in words:
        print(_help(action))
        return 0
    run = open_run(name, out)
    parameters: Any = check(ACTIONS[action], {"action": action, **_options(words)}, f"options of {action}")
    refusal = refuse(run.state, parameters)
    if refusal is not None:
        raise BadInput(f"{action} cannot be done now: {refusal}")
    tool = performer()
    decision = Decision(parameters=parameters, reason="A person asked for it.", expectation="", decider="person")
    with run.driving():
        if run.unfinished() is not None:
            raise BadInput(f"{run.name} was cut off in the middle of an action. First: lang2mlip resume {run.name}")
        try:
            result = run.finished(Narrator(tool)(run.decided(decision), run))
        finally:
            tool.workers.close()
    return 0 if result.status == "done" else 3


def _options(words: list[str]) -> dict[str, Any]:
    """`--steps 100 --groups a,b` → {"steps": 100, "groups": ["a", "b"]}; values are read as YAML."""
    if len(words) % 2 or any(not word.startswith("--") for word in words[::2]):
        raise BadInput(f"Options come in pairs, --name value; got: {' '.join(words)}")
    return {key[2:].replace("-", "_"): _value(value) for key, value in zip(words[::2], words[1::2], strict=True)}


def _value(text: str) -> Any:
    value = yaml.safe_load(text)
    return [_value(part) for part in text.split(",")] if isinstance(value, str) and "," in text else value


def _help(action: str) -> str:
    lines = [f"{action}: {ACTIONS[action].__doc__}", ""]  # type: ignore[index]
    for field, info in ACTIONS[action].model_fields.items():  # type: ignore[index]
        if field != "action":
            lines.append(f"  --{field.replace('_', '-'):<18} {info.description or ''} [default: {info.default}]")
    return "\n".join(lines)
