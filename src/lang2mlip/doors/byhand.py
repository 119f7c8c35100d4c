"""One action by hand: the options are the fields of the action's own parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from lang2mlip.contracts import ACTIONS, ActionName, Decision, check
from lang2mlip.decide.guards import refuse
from lang2mlip.doors.farewell import write_pages
from lang2mlip.doors.narrator import Narrator
from lang2mlip.doors.preparing import ready
from lang2mlip.doors.wire import check_compute, open_run, performer
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["act_by_hand"]


def act_by_hand(name: str, action: str, words: list[str], out: Path | None, compute: str | None = None) -> int:
    """Perform one action as a person's decision; 0 when it was done. Raises BadInput for wrong options."""
    if action not in ACTIONS:
        raise UnknownName.of("action", action, ACTIONS)
    if "--help" in words:
        print(_help(action))
        return 0
    run = open_run(name, out)
    options = {"action": action, **_options(words, action)}
    parameters: Any = check(ACTIONS[action], options, f"options of {action}")
    check_compute(compute)
    decision = Decision(parameters=parameters, reason="A person asked for it.", expectation="", decider="person")
    with run.driving():
        if run.unfinished() is not None:
            raise BadInput(f"{run.name} was cut off in the middle of an action. First: lang2mlip resume {run.name}")
        refusal = refuse(ready(run).state, parameters)
        if refusal is not None:
            raise BadInput(f"{action} cannot be done now: {refusal}")
        tool = performer(run, compute)
        try:
            result = run.finished(Narrator(tool)(run.decided(decision), run))
        finally:
            tool.workers.close()
    if run.state.ended:
        write_pages(run)
    return 0 if result.status == "done" else 3


def _options(words: list[str], action: ActionName) -> dict[str, Any]:
    """`--steps 100 --groups=a,b` → {"steps": 100, "groups": ["a", "b"]}; values are read as YAML."""
    pairs = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    if len(pairs) % 2 or any(not word.startswith("--") for word in pairs[::2]):
        raise BadInput(
            f"Options come in pairs, --name value; got: {' '.join(words)}. See: lang2mlip act NAME {action} --help"
        )
    fields = {key[2:].replace("-", "_"): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}
    return {field: _value(text, _several(action, field)) for field, text in fields.items()}


def _several(action: ActionName, field: str) -> bool:
    info = ACTIONS[action].model_fields.get(field)
    return info is not None and get_origin(info.annotation) is tuple


def _value(text: str, several: bool) -> Any:
    """What the text says in YAML; a list, parted by commas, where the field holds several."""
    if several and not text.lstrip().startswith("["):
        text = f"[{text}]"
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"The value {text!r} cannot be read; write a number, a word, a,b or {{key: value}}.") from error


def _help(action: ActionName) -> str:
    """The action and its options, from the one class that also checks them."""
    lines = [f"lang2mlip act NAME {action} [--option value …]", "", f"{ACTIONS[action].__doc__}", ""]
    for field, info in ACTIONS[action].model_fields.items():
        if field != "action":
            option = f"--{field.replace('_', '-')}"
            lines.append(f"  {option:<18} {info.description or ''}{_choices(info.annotation)}{_default(info)}")
    return "\n".join([*lines, "", "Several values are separated by commas; settings are written {key: value}."])


def _choices(annotation: Any) -> str:
    return f" ({' | '.join(get_args(annotation))})" if get_origin(annotation) is Literal else ""


def _default(info: FieldInfo) -> str:
    value = info.get_default(call_default_factory=True) if not info.is_required() else None
    return "" if value is None or value in ((), {}, "") else f" [default: {value}]"
