"""Where a search stands: a fold over its journal, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lang2mlip.labs.research.journal import Journal

__all__ = ["Attempt", "Story", "story_of"]

Key = tuple[str, int, str]


@dataclass
class Attempt:
    """A proposal and what came of it."""

    number: int
    proposal: dict[str, Any]
    verdict: dict[str, Any] | None = None
    void: bool = False
    """Nothing started then, see nostart: it does not count as tried."""

    @property
    def kept(self) -> bool:
        """It became the control."""
        return bool(self.verdict and self.verdict["keep"])


@dataclass
class Story:
    """Baseline, control, attempts, runs and what they cost."""

    baseline: str
    control: str
    seed: int
    attempts: list[Attempt] = field(default_factory=list)
    runs: dict[Key, dict[str, Any]] = field(default_factory=dict)
    """(commit, seed, role) → result."""
    misses: int = 0
    seconds: float = 0.0
    tokens: int = 0
    final: dict[str, Any] | None = None
    ended: str | None = None
    ablations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pending(self) -> Attempt | None:
        """The attempt that has no verdict yet."""
        return self.attempts[-1] if self.attempts and self.attempts[-1].verdict is None else None

    def of(self, commit: str, role: str = "screen") -> list[dict[str, Any]]:
        """Results of a commit, by seed."""
        return [self.runs[key] for key in sorted(self.runs) if key[0] == commit and key[2] == role]


def story_of(journal: Journal) -> Story:
    """Read the whole journal."""
    first = journal.entries[0]
    story = Story(first["commit"], first["commit"], first["seed"])
    for entry in journal.entries[1:]:
        _take(story, entry)
    return story


def _take(story: Story, entry: dict[str, Any]) -> None:
    kind = entry["kind"]
    if kind == "proposal":
        story.attempts.append(Attempt(entry["number"], entry))
        story.tokens += entry["tokens"]
    elif kind == "run":
        story.runs[(entry["commit"], entry["seed"], entry["role"])] = entry["result"]
        story.seconds += entry["result"].get("wall_s", 0.0)
    elif kind == "verdict":
        story.attempts[-1].verdict = entry
        story.misses = 0 if entry["keep"] else story.misses + 1
        story.control = entry["control"]
    elif kind == "ablation":
        story.ablations.append(entry)
        story.control = entry["control"]
    elif kind == "final":
        story.final = entry
    elif kind == "halted":
        _forget(story, entry["words"])
    elif kind in ("ended", "begun"):
        story.ended = entry.get("why") if kind == "ended" else None


def _forget(story: Story, words: str) -> None:
    """Runs that did not start are made anew, and what was tried in them may be tried again."""
    story.runs = {key: run for key, run in story.runs.items() if run["words"] != words}
    story.misses = 0
    for attempt in story.attempts:
        attempt.void = attempt.void or (attempt.verdict is not None and attempt.verdict["why"] == words)
