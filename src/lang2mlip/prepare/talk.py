"""A conversation as data: everything that a dialogue knows, in a form that can be saved after every turn."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from lang2mlip.contracts import Noun, Task
from lang2mlip.prepare.draft import Draft
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.task import Options

__all__ = ["CONFIRM", "PERSON", "PROGRAM", "ROUNDS", "Asked", "Line", "Objection", "Talk", "Turn", "agrees", "numbered"]

Objection = Callable[[Task], str | None]
"""Why a task cannot be carried out (a reference that lacks an element …), or None."""

ROUNDS = 12
"""Replies after which a conversation is ended with what it has."""

PERSON, PROGRAM = "Person", "lang2mlip"

CONFIRM = "confirm"
"""The field of the last question: yes takes the task, anything else is a correction."""

_AGREE = {
    "yes", "y", "yep", "yeah", "ok", "okay", "correct", "right", "accurate", "confirm", "confirmed", "good", "fine",
    "perfect", "agreed", "exactly", "sure", "great", "ja", "oui", "si", "sí", "sim", "da", "tak", "hai",
    "はい", "是", "是的", "对", "好",
}  # fmt: skip
_AROUND = {
    "it", "is", "it's", "its", "that", "that's", "this", "looks", "all", "and", "complete", "the", "summary", "i", "go",
    "ahead", "please", "thanks", "thank", "you", "so", "very", "now", "to", "me", "as", "described", "task", "genau",
    "stimmt", "absolutely", "of", "course", "everything", "like", "start", "proceed",
}  # fmt: skip


class Asked(Noun):
    """One question to the person."""

    field: str = Field(min_length=1, description="the field of the task that it decides, e.g. temperature_K")
    text: str = Field(min_length=1, description="the question, one short sentence")
    default: str = Field(description="what is taken when there is no answer")
    why: str = Field(default="", description="why that default")
    topic: str = Field(default="", description="questions of one topic are asked together")
    options: tuple[str, ...] = Field(default=(), description="answers to choose from; empty when it is open")
    needed: bool = Field(default=False, description="no default can stand for the answer")


class Line(Noun):
    """One utterance."""

    who: Literal["Person", "lang2mlip"]
    text: str


class Turn(Noun):
    """What the person is shown: a message in Markdown, and the questions that wait for an answer in plain words."""

    message: str
    questions: tuple[Asked, ...] = ()
    done: bool = False


class Talk(Noun):
    """The whole state of a dialogue."""

    prompt: str
    options: Options = Options()
    lines: tuple[Line, ...] = ()
    reading: Reading | None = Field(default=None, description="what the words say so far; None when nothing was sound")
    turn: Turn = Turn(message="")
    stage: Literal["asking", "confirming", "done"] = "asking"
    asked: dict[str, int] = Field(default_factory=dict, description="topic → how often it was asked")
    settled: tuple[str, ...] = Field(default=(), description="fields that are not asked about again")
    rounds: int = Field(default=0, description="replies of the person")
    model: str = Field(default="", description="the language model that leads the conversation; empty: none")
    history: tuple[str, ...] = Field(default=(), description="what the model is told of earlier turns")
    draft: Draft | None = Field(default=None, description="the model's draft that waits for confirmation")
    task: Task | None = Field(default=None, description="the task that waits for confirmation, or was confirmed")
    tokens: int = 0
    trouble: str = Field(default="", description="why the model no longer leads")

    @property
    def words(self) -> str:
        """Everything that the person said."""
        return "\n".join([self.prompt, *(line.text for line in self.lines if line.who == PERSON)])

    def heard(self, text: str) -> Talk:
        """With one more reply of the person."""
        line = Line(who=PERSON, text=text.strip() or "(the defaults)")
        return self.model_copy(update={"lines": (*self.lines, line), "rounds": self.rounds + 1})

    def says(self, turn: Turn) -> Talk:
        """With one more turn of the program."""
        text = "\n\n".join(part for part in (turn.message, numbered(turn.questions)) if part)
        lines = (*self.lines, Line(who=PROGRAM, text=text)) if text else self.lines
        return self.model_copy(update={"turn": turn, "lines": lines})


def numbered(questions: tuple[Asked, ...]) -> str:
    """Questions as they are written down: a number where there are several, the default in brackets."""
    lines = []
    for number, one in enumerate(questions, 1):
        lead = f"{number}. " if len(questions) > 1 else ""
        default = f" [{one.default}{f': {one.why}' if one.why else ''}]" if one.default else ""
        lines.append(f"{lead}{one.text}{default}")
    return "\n".join(lines)


def agrees(text: str) -> bool:
    """The words say yes and nothing else: `yes, it is correct`."""
    words = re.findall(r"[^\W_]+(?:['’][a-z]+)?", text.lower().replace("’", "'"))
    return any(word in _AGREE for word in words) and all(word in _AGREE | _AROUND for word in words)
