"""From words to a Task in a typed conversation with a language model: it asks, drafts, and the person confirms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lang2mlip.catalogue import find, parts
from lang2mlip.contracts import (
    Assumption,
    Budget,
    Component,
    Goals,
    Json,
    Noun,
    PotentialSpec,
    ReferenceSpec,
    Task,
    check,
)
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker

__all__ = ["Asked", "Conversation", "Draft", "Given", "Questions"]

ROUNDS = 8
"""Rounds of questions and drafts before the conversation is given up."""

CONFIRM = "confirm"
"""The field of the last question: yes takes the draft, anything else is a correction."""

PROMPT = Path(__file__).parent / "prompts" / "conversation.md"

_YES = re.compile(r"\s*(y|yes|ok|okay|right|ja|oui|si|sí|はい|是)?[.!]?\s*", re.IGNORECASE)
_SYMBOL = re.compile(r"[A-Z][a-z]?")


class Asked(Noun):
    """One question to the person."""

    field: str = Field(min_length=1, description="the field of the task that it decides, e.g. temperature_K")
    text: str = Field(min_length=1, description="the question, one short sentence")
    default: str = Field(description="what is taken when there is no answer")
    why: str = Field(default="", description="why that default")


class Questions(Noun):
    """What is missing."""

    questions: tuple[Asked, ...] = Field(min_length=1, max_length=6)


class Draft(Noun):
    """The complete task, in a flat form that a model can fill in."""

    goal: str = Field(min_length=1, description="one sentence: what the potential is for")
    components: tuple[Component, ...] = Field(min_length=1)
    elements: tuple[str, ...] = Field(min_length=1, description="chemical symbols, alphabetical")
    temperature_low_K: float = Field(description="lowest temperature of use, K")
    temperature_high_K: float = Field(description="highest temperature of use, K")
    pressure_low_GPa: float = Field(default=0.0, description="lowest pressure of use, GPa")
    pressure_high_GPa: float = Field(default=0.0, description="highest pressure of use, GPa")
    properties: tuple[str, ...] = Field(description="properties that must come out right, by the names of the task")
    layers: tuple[str, ...] = Field(default=(), description="names of components in the order of a layered system")
    reference: str = Field(description="name of a reference method of the list")
    reference_settings: dict[str, Json] = Field(default_factory=dict)
    reference_reason: str = Field(min_length=1, description="why this reference")
    potential: str = Field(description="name of a potential family of the list")
    potential_settings: dict[str, Json] = Field(default_factory=dict)
    potential_reason: str = Field(min_length=1, description="why this family")
    assumptions: tuple[Assumption, ...] = Field(default=(), description="what the person did not say")
    notes: tuple[str, ...] = Field(default=(), description="words that could not be placed, and other remarks")


@dataclass(frozen=True)
class Given:
    """What a conversation starts from: the words, what was read in them, and what the caller has settled already."""

    prompt: str
    reading: str = ""
    """What the reader without a model understood, as text."""
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

    @property
    def dialogue(self) -> str:
        """What was said, as Markdown, for dialogue.md."""
        return "\n\n".join(["# Dialogue", *self._said]) + "\n"

    def run(self, given: Given) -> Task:
        """The task that the person confirmed. Raises ModelTrouble when the model is no use, BadInput for no words."""
        if not given.prompt.strip():
            raise BadInput("The prompt is empty; say in a few words what is to be simulated.")
        self._say("Person", given.prompt)
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
            check=lambda answer: _fault(given, answer),
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
            self._say("Model", f"{question.text} [{question.default}]" + (f" {question.why}" if question.why else ""))
            self._say("Person", answer)
            lines.append(f"You asked ({question.field}): {question.text}\nAnswer: {answer}")
        return "\n".join(lines)

    def _confirm(self, task: Task) -> str | None:
        """None when the person takes the task; else their correction."""
        text = f"This is the task:\n\n{describe(task)}\n\nIs it right? Say yes, or what to change."
        question = Asked(field=CONFIRM, text=text, default="yes", why="")
        answer = (self._ask((question,)).get(CONFIRM) or "yes").strip()
        self._say("Model", text)
        self._say("Person", answer)
        return None if _YES.fullmatch(answer) else answer

    def _say(self, who: str, text: str) -> None:
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
            f"- Reference: {task.reference.name}. {task.reference.reason}",
            f"- Potential: {task.potential.family}. {task.potential.reason}",
            *(f"- Assumed: {a.field} = {a.value}, because {a.why}" for a in task.assumptions),
            *(f"- Note: {note}" for note in task.notes),
        ]
    )


def _facets(component: Component) -> str:
    shown = ", ".join("(" + " ".join(str(index) for index in facet) + ")" for facet in component.facets)
    return f" {shown}" if shown else ""


def _task(given: Given, draft: Draft) -> Task:
    """The draft as a Task. Raises BadInput with its faults."""
    fields: dict[str, Any] = {
        "prompt": given.prompt,
        "goals": given.goals,
        "budget": given.budget,
        "seed": given.seed,
        "temperature_K": (draft.temperature_low_K, draft.temperature_high_K),
        "pressure_GPa": (draft.pressure_low_GPa, draft.pressure_high_GPa),
        "reference": ReferenceSpec(
            name=draft.reference, settings=draft.reference_settings, reason=draft.reference_reason
        ),
        "potential": PotentialSpec(
            family=draft.potential, settings=draft.potential_settings, reason=draft.potential_reason
        ),
    }
    same = ("goal", "components", "elements", "properties", "layers", "assumptions", "notes")
    return check(Task, fields | {name: getattr(draft, name) for name in same}, "the draft")


def _fault(given: Given, answer: Questions | Draft) -> str | None:
    """Why a draft cannot stand, for the model to mend; None when it can, and for questions."""
    if not isinstance(answer, Draft):
        return None
    try:
        find("reference", answer.reference)
        find("potential", answer.potential)
        task = _task(given, answer)
    except BadInput as error:
        return str(error)
    return _mismatch(task) or given.objection(task)


def _mismatch(task: Task) -> str | None:
    """A contradiction between the parts of a task, in one sentence."""
    in_formulas = {symbol for component in task.components for symbol in _SYMBOL.findall(component.formula)}
    unknown = sorted(in_formulas - _known_symbols())
    if unknown:
        return f"{', '.join(unknown)} is no chemical element; ask the person what is meant."
    if in_formulas != set(task.elements):
        return f"The elements {sorted(task.elements)} are not those of the formulas, {sorted(in_formulas)}."
    names = {component.name for component in task.components}
    strangers = [layer for layer in task.layers if layer not in names]
    if strangers:
        return f"The layers {strangers} are not names of components; known: {', '.join(sorted(names))}."
    return None


def _known_symbols() -> frozenset[str]:
    from ase.data import chemical_symbols

    return frozenset(chemical_symbols[1:])


def _message(given: Given, history: Sequence[str]) -> str:
    known = "\n".join(
        f"- {part.kind} {part.name}: {part.line}{'' if part.installed else ' (not installed here)'}"
        for kind in ("reference", "potential")
        for part in parts(kind)
    )
    message = [
        f"The person's words:\n{quoted(given.prompt)}",
        f"What the simple reader understood:\n{quoted(given.reading or 'Nothing.')}",
        f"Reference methods and potential families:\n{quoted(known)}",
    ]
    if history:
        message.append(f"So far:\n{quoted(chr(10).join(history))}")
    return "\n\n".join([*message, "Ask what is missing, or draft the task."])


def _yaml(draft: Draft) -> str:
    text: str = yaml.safe_dump(draft.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return text
