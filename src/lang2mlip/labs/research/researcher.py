"""A language model as the researcher, and another conversation with it as the reviewer of each diff.

Where the model fails, the built-in search has the next idea and the journal says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import ModelTrouble
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.proposal import Proposal, Proposer
from lang2mlip.labs.research.story import Story
from lang2mlip.labs.research.tell import explained, told
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker

__all__ = ["Approve", "Edit", "Object", "Researcher"]

ROUNDS = 2
"""Objections of the reviewer to one idea after which it is written down as refused."""

PATIENCE = 3
"""Ideas in a row without a usable answer after which the model is not asked any more."""

LONGEST = 12_000
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
            label, _text("propose.md"), message, form, _tools(arena, story), lambda one: _possible(arena, one)
        )
        found: Edit = self._speaker.ask(query, self._left()).value
        return found

    def _opinion(self, arena: Arena, story: Story, label: str, found: Proposal) -> Approve | Object:
        forms = (Form("approve", Approve, "it may run"), Form("object", Object, "it should not run"))
        change = yaml.safe_dump({"hypothesis": found.hypothesis, "expected": found.expected, "settings": found.change})
        message = f"{_situation(arena, story, [])}\n\nThe change:\n{quoted(change + chr(10) + found.patch)}"
        opinion: Approve | Object = self._speaker.ask(
            Query(label, _text("review.md"), message, forms, _tools(arena, story)), self._left()
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


def _tools(arena: Arena, story: Story) -> tuple[Callable[..., str], ...]:
    """Read-only looks at the strategy and at what was tried; name, docstring and signature are what the model sees."""

    def read_file(path: str) -> str:
        """A file of the strategy as it stands: strategy/train.py or strategy/config.yaml."""
        if path not in ("strategy/train.py", "strategy/config.yaml"):
            return quoted("Only strategy/train.py and strategy/config.yaml can be read.")
        return quoted(arena.history.text(story.control, path))

    def attempt(number: int) -> str:
        """One attempt: hypothesis, prediction, runs with all metrics, verdict, and its diff."""
        if not 1 <= number <= len(story.attempts):
            return quoted(f"There are attempts 1 to {len(story.attempts)}.")
        lines = [*explained(arena, number), story.attempts[number - 1].proposal["diff"]]
        return quoted("\n".join(lines)[:LONGEST])

    def log(number: int) -> str:
        """What the training of an attempt printed, its loss over time included; 0: that of the baseline."""
        known = {one.number: one.proposal["commit"] for one in story.attempts} | {0: story.baseline}
        runs = story.of(known[number]) if number in known else []
        return quoted("\n".join(str(one.get("tail") or one["words"]) for one in runs)[-LONGEST:] or "There is no run.")

    def worst_frames(number: int) -> str:
        """Frames of the deciding set by their largest force error (eV/Å, one atom), for an attempt; 0: the baseline."""
        known = {one.number: one.proposal["commit"] for one in story.attempts} | {0: story.baseline}
        runs = [one for one in story.of(known.get(number, "")) if "frames" in one]
        worst = sorted(enumerate(runs[0]["frames"]["worst"]), key=lambda one: -one[1])[:10] if runs else []
        return quoted("\n".join(f"frame {index}: {value:.3f}" for index, value in worst) or "There is no run.")

    return read_file, attempt, log, worst_frames


def _text(name: str) -> str:
    return (_PROMPTS / name).read_text(encoding="utf-8")
