"""Words → Task: by conversation with a model when one is configured, else by the reader and short questions."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from lang2mlip.contracts import Task
from lang2mlip.doors.terminal import open_console, paragraph
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import Options, complete

__all__ = ["task_from_words"]

console = open_console()


def task_from_words(prompt: str, yes: bool, model: str | None, options: Options) -> tuple[Task, str]:
    """The task and the dialogue that led to it (Markdown). Raises BadInput when the words cannot become a task."""
    if not prompt.strip():
        raise BadInput('The prompt is empty. Name a substance, its phases and a temperature: lang2mlip run "…"')
    name = model or os.environ.get("LANG2MLIP_MODEL")
    if name:
        try:
            return _conversation(prompt, name, yes, options)
        except ModelTrouble as error:
            paragraph(console, "! ", f"{error} Going on with the built-in reader.", style="yellow")
    return _reading(prompt, yes or not sys.stdin.isatty(), options)


def _reading(prompt: str, yes: bool, options: Options) -> tuple[Task, str]:
    reading = read(prompt)
    asked = questions(reading)
    answers = {} if yes else _ask(asked)
    task = complete(reading, answers, options)
    said = [f"**{one.text}** {answers.get(one.field, f'{one.default} (the default: {one.why})')}" for one in asked]
    return task, "\n\n".join(["# Dialogue", f"**Person:** {prompt}", *said]) + "\n"


def _conversation(prompt: str, name: str, yes: bool, options: Options) -> tuple[Task, str]:
    from lang2mlip.language.speaker import Speaker
    from lang2mlip.prepare.conversation import Conversation, Given

    talk = Conversation(Speaker.live(name), _defaults if yes else _ask)
    given = Given(prompt, budget=options.budget, seed=options.seed)
    return talk.run(given), talk.dialogue


def _defaults(asked: Sequence[Any]) -> Mapping[str, str]:
    """Every default: what `--yes` means."""
    return {}


def _ask(asked: Sequence[Any]) -> Mapping[str, str]:
    """Each question at the terminal; an empty line takes the default."""
    answers = {}
    for question in asked:
        paragraph(console, f"{question.text} ", f"[return: {question.default} ({question.why})]", 2)
        line = sys.stdin.readline().strip()
        if line:
            answers[question.field] = line
    return answers
