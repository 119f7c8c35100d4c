"""A language model as the researcher, and another conversation with it as the reviewer of each diff.

Where the model fails, the built-in search has the next idea and the journal says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import ModelTrouble
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.looks import Looks
from lang2mlip.labs.research.proposal import Proposal, Proposer
from lang2mlip.labs.research.story import Story
from lang2mlip.labs.research.tell import told
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker

__all__ = ["Approve", "Edit", "Object", "Researcher"]

ROUNDS = 2
"""Objections of the reviewer to one idea after which it is written down as refused."""

PATIENCE = 3
"""Ideas in a row without a usable answer after which the model is not asked any more."""

_PROMPTS = Path(__file__).parent / "prompts"


class Edit(Noun):
    """One idea and its change."""

    hypothesis: str = Field(min_length=1, description="what limits the strategy now, and what removes the limit")
    expected: str = Field(min_length=1, description="which metrics move, and how far, if that is right")
    change: dict[str, Any] = Field(default_factory=dict, description="dotted path in config.yaml → value")
    patch: str = Field(default="", description="unified diff of files below strategy/, or empty")


class Approve(Noun):
    """The change may run."""

    why: str = Field(min_length=1, description="what makes it worth a run")


class Object(Noun):
    """The change should not run."""

    why: str = Field(min_length=1, description="what is wrong, and what to do instead")


class Researcher:
    """A proposer over a model PROVIDER:NAME, or over a recorded transcript."""

    def __init__(self, speaker: Speaker, fallback: Proposer, max_tokens: int | None = None) -> None:
        self.name = f"llm:{speaker.name}"
        self._speaker, self._fallback, self._max_tokens = speaker, fallback, max_tokens
        self._falls = 0

    def propose(self, arena: Arena, story: Story) -> Proposal | None:
        """The model's idea once the reviewer has approved it, or marked as refused; the fallback's where it failed."""
        before = self._speaker.tokens
        try:
            if self._falls >= PATIENCE:
                raise ModelTrouble(f"{self._speaker.name} failed {PATIENCE} times in a row and is not asked any more.")
            found: Proposal | None = self._reviewed(arena, story)
            self._falls = 0
        except ModelTrouble as trouble:
            self._falls += 1
            found = self._fallback.propose(arena, story)
            if found is not None:
                found = found.model_copy(
                    update={"remark": f"{self._fallback.name} proposed, not {self.name}: {trouble}"}
                )
        return found and found.model_copy(update={"tokens": self._speaker.tokens - before})

    def _reviewed(self, arena: Arena, story: Story) -> Proposal:
        objections: list[str] = []
        while True:
            label = f"attempt-{len(story.attempts) + 1:04d}"
            edit = self._ask(arena, story, f"{label} propose {len(objections)}", _situation(arena, story, objections))
            found = Proposal(**edit.model_dump(), origin=self.name)
            opinion = self._opinion(arena, story, f"{label} review {len(objections)}", found)
            if isinstance(opinion, Approve):
                return found.model_copy(update={"remark": f"approved: {opinion.why}"})
            objections.append(opinion.why)
            if len(objections) >= ROUNDS:
                return found.model_copy(update={"refused": f"the reviewer objected {ROUNDS} times: {opinion.why}"})

    def _ask(self, arena: Arena, story: Story, label: str, message: str) -> Edit:
        form = (Form("propose_edit", Edit, "one idea and the change that tests it"),)
        query = Query(
            label, _text("propose.md"), message, form, Looks(arena, story).all(), lambda one: _possible(arena, one)
        )
        found: Edit = self._speaker.ask(query, self._left()).value
        return found

    def _opinion(self, arena: Arena, story: Story, label: str, found: Proposal) -> Approve | Object:
        forms = (Form("approve", Approve, "it may run"), Form("object", Object, "it should not run"))
        change = yaml.safe_dump({"hypothesis": found.hypothesis, "expected": found.expected, "settings": found.change})
        message = f"{_situation(arena, story, [])}\n\nThe change:\n{quoted(change + chr(10) + found.patch)}"
        opinion: Approve | Object = self._speaker.ask(
            Query(label, _text("review.md"), message, forms, Looks(arena, story).all()), self._left()
        ).value
        return opinion

    def _left(self) -> int | None:
        return None if self._max_tokens is None else self._max_tokens - self._speaker.tokens


def _possible(arena: Arena, edit: Edit) -> str | None:
    """Why a well-formed idea is refused at once, or None."""
    if not edit.change and not edit.patch.strip():
        return "it changes nothing: give settings in `change` or a diff in `patch`."
    paths = [line[6:] for line in edit.patch.splitlines() if line.startswith(("--- a/", "+++ b/"))]
    outside = [path for path in paths if not path.startswith("strategy/")]
    return f"{outside[0]} is not below strategy/, and nothing else may be changed." if outside else None


def _situation(arena: Arena, story: Story, objections: list[str]) -> str:
    """What is asked, in one message: the person's program, the rules, where it stands, what was objected."""
    card = yaml.safe_dump({"scorecard": arena.card.model_dump(exclude_none=True), "rules": arena.rules.model_dump()})
    parts = [f"The person's program:\n{quoted(arena.program)}", f"Scorecard and rules:\n{quoted(card)}",
             f"The search so far:\n{quoted(chr(10).join(told(arena)))}"]  # fmt: skip
    if story.misses >= arena.rules.misses:
        parts.append(f"{story.misses} attempts in a row were no better. Now change the structure: the form of the "
                     "potential, the loss, the use of the data; not another value of the same setting.")  # fmt: skip
    parts += [f"The reviewer objected to your last idea: {quoted(one)}" for one in objections]
    return "\n\n".join(parts)


def _text(name: str) -> str:
    return (_PROMPTS / name).read_text(encoding="utf-8")
