"""What a proposer gives: a hypothesis, what it predicts, and the change; and what it sees of the search."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.story import Story

__all__ = ["Proposal", "Proposer", "flat", "merged"]


class Proposal(Noun):
    """One idea. Either settings are changed, or a patch is applied to the strategy's files."""

    hypothesis: str
    expected: str = Field(description="the effect that it predicts")
    change: dict[str, Any] = Field(default_factory=dict, description="dotted path in config.yaml → value")
    patch: str = Field(default="", description="unified diff against the strategy's files")
    origin: str = Field(description="recipe, step, tpe, structural, llm, …")
    tokens: int = Field(default=0, description="of a language model, spent on it")
    source: str = ""
    remark: str = Field(default="", description="of a reviewer, or why it is not the model's own")
    refused: str = Field(default="", description="why it is not run; empty: it is")


class Proposer(Protocol):
    """Has ideas. `None`: it has none left."""

    name: str

    def propose(self, arena: Arena, story: Story) -> Proposal | None:
        """The next idea, from all that has happened."""
        ...


def flat(config: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Dotted path → value of a nested mapping."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        path = f"{above}{key}"
        found |= flat(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def merged(config: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A copy of the configuration with dotted paths set; a value of None at a path that was not there is left out."""
    made: dict[str, Any] = {
        key: merged(value, {}) if isinstance(value, dict) else value for key, value in config.items()
    }
    for path, value in change.items():
        *folders, last = path.split(".")
        inner = made
        for name in folders:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return made
