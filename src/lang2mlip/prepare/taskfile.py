"""task.yaml: a task written so that a person can read and edit it, and read back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from lang2mlip.contracts import Task, check
from lang2mlip.errors import BadInput
from lang2mlip.prepare.formulas import ELEMENTS

__all__ = ["save_task", "task_from_file"]


def task_from_file(path: Path | str) -> Task:
    """The task in a YAML file. Raises BadInput naming the file and the line or key, with the nearest right key."""
    file = Path(path)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"There is no task file {str(file)!r}; give the path of a task.yaml.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The task file {str(file)!r} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The task file {str(file)!r} is no sound YAML: {_place(error)}.") from error
    if not isinstance(data, dict):
        raise BadInput(f"The task file {str(file)!r} must hold the fields of a task (prompt, goal, components, …).")
    task = check(Task, data, f"The task file {str(file)!r}")
    strange = [symbol for symbol in task.elements if symbol not in ELEMENTS]
    if strange:
        raise BadInput(f"The task file {str(file)!r}: 'elements' has {strange[0]!r}, which is no chemical symbol.")
    return task


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem


def save_task(task: Task, path: Path | str) -> None:
    """Write `task` as commented YAML, whole or not at all. Raises BadInput when the folder cannot be written."""
    file = Path(path)
    lines = ["# A task: edit it and feed it back with `lang2mlip run task.yaml`.", *_lines(Task, task)]
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadInput(
            f"The task cannot be written to {str(file)!r}: {error.strerror}; choose another folder."
        ) from error


def _lines(kind: type[BaseModel], noun: BaseModel) -> Iterator[str]:
    """A field a paragraph, with its description as a comment; values on one line where they are short."""
    for name, field in kind.model_fields.items():
        value = getattr(noun, name)
        if isinstance(value, BaseModel):
            yield f"{name}:{_comment(field.description)}"
            yield from (f"  {line}" for line in _lines(type(value), value))
        elif value and isinstance(value, tuple) and isinstance(value[0], BaseModel):
            yield f"{name}:{_comment(field.description)}"
            yield from _list(value)
        else:
            yield f"{name}: {_flow(value)}{_comment(field.description)}"


def _list(values: tuple[Any, ...]) -> Iterator[str]:
    """Nouns of a list: the first described, the others bare, and no fields that are empty."""
    for number, noun in enumerate(values):
        said = noun.model_dump(mode="json", exclude_defaults=True)
        for position, (name, value) in enumerate(said.items()):
            described = _comment(type(noun).model_fields[name].description) if number == 0 else ""
            yield f"{'  - ' if position == 0 else '    '}{name}: {_flow(value)}{described}"


def _flow(value: Any) -> str:
    plain = _plain(value)
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").rstrip()


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _comment(description: str | None) -> str:
    return f"  # {description}" if description else ""
