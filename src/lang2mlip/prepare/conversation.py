"""From words to a Task in a typed conversation with a language model: it asks, drafts, and the person confirms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import Field

from lang2mlip.catalogue import parts
from lang2mlip.contracts import Budget, Component, Goals, Noun, Task
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker
from lang2mlip.prepare.draft import Draft, as_task, invented
from lang2mlip.prepare.reader import read

__all__ = ["Asked", "Conversation", "Given", "Questions"]

ROUNDS = 8
"""Rounds of questions and drafts before the conversation is given up."""

CONFIRM = "confirm"
"""The field of the last question: yes takes the draft, anything else is a correction."""

PERSON, MODEL = "Person", "Model"

PROMPT = Path(__file__).parent / "prompts" / "conversation.md"

_YES = re.compile(r"\s*(y|yes|ok|okay|right|ja|oui|si|sí|はい|是)?[.!]?\s*", re.IGNORECASE)


class Asked(Noun):
    """One question to the person."""

    field: str = Field(min_length=1, description="the field of the task that it decides, e.g. temperature_K")
    text: str = Field(min_length=1, description="the question, one short sentence")
    default: str = Field(description="what is taken when there is no answer")
    why: str = Field(default="", description="why that default")


class Questions(Noun):
    """What is missing."""

    questions: tuple[Asked, ...] = Field(min_length=1, max_length=6)


@dataclass(frozen=True)
class Given:
    """What a conversation starts from: the words, and what the caller has settled already."""

    prompt: str
    goals: Goals = Goals()
    budget: Budget = Budget()
    seed: int = 0
    objection: Callable[[Task], str | None] = field(default=lambda task: None)
    """Why a task cannot be carried out (a reference that lacks an element …), or None."""


class Conversation:
    """One conversation. `dialogue` is its text so far, also when it was cut off."""

    def __init__(self, speaker: Speaker, ask: Callable[[Sequence[Asked]], Mapping[str, str]]) -> None:
        """`ask` puts questions to the person and returns field → answer; a missing one means the default."""
        self._speaker = speaker
        self._ask = ask
        self._said: list[str] = []
        self._words: list[str] = []

    @property
    def tokens(self) -> int:
        """Tokens that the conversation took so far."""
        return self._speaker.tokens

    @property
    def dialogue(self) -> str:
        """What was said, as Markdown, for dialogue.md."""
        return "\n\n".join(["# Dialogue", *self._said]) + "\n"

    def run(self, given: Given) -> Task:
        """The task that the person confirmed. Raises ModelTrouble when the model is no use, BadInput for no words."""
        if not given.prompt.strip():
            raise BadInput("The prompt is empty; say in a few words what is to be simulated.")
        self._say(PERSON, given.prompt)
        history: list[str] = []
        for turn in range(1, ROUNDS + 1):
            answer = self._turn(given, history, turn)
            if isinstance(answer, Questions):
                history.append(self._questions(answer))
                continue
            task = _task(given, answer)
            correction = self._confirm(task)
            if correction is None:
                return task
            history.append(f"You drafted:\n{_yaml(answer)}\nThe person corrects: {correction}")
        raise ModelTrouble(
            f"{self._speaker.name} and the person found no task in {ROUNDS} rounds; use prepare without it."
        )

    def _turn(self, given: Given, history: Sequence[str], turn: int) -> Questions | Draft:
        query = Query(
            label=f"prepare {turn}",
            instructions=PROMPT.read_text(encoding="utf-8"),
            message=_message(given, history),
            forms=(
                Form("ask", Questions, "Ask the person what is missing."),
                Form("draft", Draft, "The complete task, for the person to confirm."),
            ),
            check=lambda answer: _fault(given, answer, " ".join(self._words)),
        )
        left = None if given.budget.max_tokens is None else given.budget.max_tokens - self._speaker.tokens
        value = self._speaker.ask(query, left).value
        if not isinstance(value, Questions | Draft):
            raise ModelTrouble(
                f"{self._speaker.name} answered with a {type(value).__name__}, not with questions or a draft."
            )
        return value

    def _questions(self, asked: Questions) -> str:
        """Put them to the person; the text of questions and answers for the next turn."""
        answers = self._ask(asked.questions)
        lines = []
        for question in asked.questions:
            given = (answers.get(question.field) or "").strip()
            answer = given or f"{question.default} (the default; no answer was given)"
            self._say(MODEL, f"{question.text} [{question.default}]" + (f" {question.why}" if question.why else ""))
            self._say(PERSON if given else MODEL, answer)
            lines.append(f"You asked ({question.field}): {question.text}\nAnswer: {answer}")
        return "\n".join(lines)

    def _confirm(self, task: Task) -> str | None:
        """None when the person takes the task; else their correction."""
        text = f"This is the task:\n\n{describe(task)}\n\nIs it right? Say yes, or what to change."
        question = Asked(field=CONFIRM, text=text, default="yes", why="")
        answer = (self._ask((question,)).get(CONFIRM) or "yes").strip()
        self._say(MODEL, text)
        self._say(PERSON, answer)
        return None if _YES.fullmatch(answer) else answer

    def _say(self, who: str, text: str) -> None:
        if who == PERSON:
            self._words.append(text)
        self._said.append(f"**{who}:** {text.strip()}")


def describe(task: Task) -> str:
    """A task in a few Markdown lines, for a person to confirm."""
    components = [f"- {c.name} ({c.formula}): {', '.join(c.phases)}{_facets(c)}" for c in task.components]
    low, high = task.temperature_K
    return "\n".join(
        [
            f"- {task.goal}",
            *components,
            f"- {low:g} to {high:g} K, {task.pressure_GPa[0]:g} to {task.pressure_GPa[1]:g} GPa",
            f"- Properties: {', '.join(task.properties) or 'none named'}",
            f"- Reference: {task.reference.name}{_settings(task.reference.settings)}. {task.reference.reason}",
            f"- Potential: {task.potential.family}{_settings(task.potential.settings)}. {task.potential.reason}",
            *(f"- Assumed: {a.field} = {a.value}, because {a.why}" for a in task.assumptions),
            *(f"- Note: {note}" for note in task.notes),
        ]
    )


def _settings(settings: Mapping[str, object]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in settings.items())})" if settings else ""


def _facets(component: Component) -> str:
    shown = ", ".join("(" + " ".join(str(index) for index in facet) + ")" for facet in component.facets)
    return f" {shown}" if shown else ""


def _task(given: Given, draft: Draft) -> Task:
    """The draft as a Task. Raises BadInput with its fault."""
    settled = {"prompt": given.prompt, "goals": given.goals, "budget": given.budget, "seed": given.seed}
    return as_task(draft, settled)


def _fault(given: Given, answer: Questions | Draft, words: str) -> str | None:
    """Why a draft cannot stand, for the model to mend; None when it can, and for questions."""
    if not isinstance(answer, Draft):
        return None
    try:
        return invented(answer, words) or given.objection(_task(given, answer))
    except BadInput as error:
        return str(error)


def _understood(prompt: str) -> str:
    """What the reader without a model makes of the words, as YAML; or why it makes nothing of them."""
    try:
        return _yaml(read(prompt))
    except BadInput as error:
        return f"Nothing. {error}"


def _message(given: Given, history: Sequence[str]) -> str:
    known = "\n".join(
        f"- {part.kind} {part.name}: {part.line}{'' if part.installed else ' (not installed here)'}"
        for kind in ("reference", "potential")
        for part in parts(kind)
    )
    message = [
        f"The person's words:\n{quoted(given.prompt)}",
        f"What the simple reader understood:\n{quoted(_understood(given.prompt))}",
        f"Reference methods and potential families:\n{quoted(known)}",
    ]
    if history:
        message.append(f"So far:\n{quoted(chr(10).join(history))}")
    return "\n\n".join([*message, "Ask what is missing, or draft the task."])


def _yaml(noun: Noun) -> str:
    text: str = yaml.safe_dump(noun.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True)
    return text
