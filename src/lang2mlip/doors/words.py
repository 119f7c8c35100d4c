"""Words → Task: by conversation with a model when one is configured, else by the reader and short questions."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.prompt import Prompt

from lang2mlip.contracts import ReferenceSpec, Task
from lang2mlip.errors import BadInput
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import complete

__all__ = ["task_from_words"]

console = Console(stderr=True, highlight=False)


def task_from_words(
    prompt: str, yes: bool, model: str | None, reference: ReferenceSpec | None
) -> tuple[Task, str]:
    """The task and the dialogue that led to it (Markdown). Raises BadInput when the words cannot become a task."""
    if not prompt.strip():
        raise BadInput('The prompt is empty. Say what you want to simulate, e.g. lang2mlip run "liquid water at 300 K"')
    name = model or os.environ.get("LANG2MLIP_MODEL")
    if name and not yes:
        return _conversation(prompt, name, reference)
    return _reading(prompt, yes or not sys.stdin.isatty(), reference)
