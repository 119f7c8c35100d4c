"""Read-only looks at a search: what a language model may see before it proposes, or reviews, a change.

Name, docstring and signature of each method are what the model sees. Nothing here runs anything or opens a file of the
judge; what is told of its frames are errors, and of its MD the rows that the judge has kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.story import Story
from lang2mlip.labs.research.tell import explained
from lang2mlip.language.quoting import quoted

__all__ = ["Looks"]

LONGEST = 12_000
"""Characters of one reply."""

FILES = ("strategy/train.py", "strategy/config.yaml")
_LOSS = re.compile(r"^loss (\S+) s (\S+)$", re.MULTILINE)


class Looks:
    """The tools over one arena and where its search stands."""

    def __init__(self, arena: Arena, story: Story) -> None:
        self._arena, self._story = arena, story

    def all(self) -> tuple[Callable[..., str], ...]:
        """Every tool, in the order in which the model sees them."""
        return self.read_file, self.attempt, self.log, self.worst_frames, self.curves, self.walks, self.walk

    def read_file(self, path: str) -> str:
        """A file of the strategy as it stands: strategy/train.py or strategy/config.yaml."""
        if path not in FILES:
            return quoted(f"Only {' and '.join(FILES)} can be read.")
        return quoted(self._arena.history.text(self._story.control, path))

    def attempt(self, number: int) -> str:
        """One attempt: hypothesis, prediction, runs with all metrics, verdict, and its diff."""
        attempts = self._story.attempts
        if not 1 <= number <= len(attempts):
            return quoted(f"There are attempts 1 to {len(attempts)}.")
        lines = [*explained(self._arena, number), attempts[number - 1].proposal["diff"]]
        return quoted("\n".join(lines)[:LONGEST])

    def log(self, number: int) -> str:
        """What the training of an attempt printed, its loss over time included; 0: that of the baseline."""
        said = [str(one.get("tail") or one["words"]) for one in self._runs(number)]
        return quoted("\n".join(said)[-LONGEST:] or "There is no run.")

    def worst_frames(self, number: int) -> str:
        """Frames of the deciding set by their largest force error (eV/Å, one atom), for an attempt; 0: the baseline."""
        runs = [one for one in self._runs(number) if "frames" in one]
        worst = sorted(enumerate(runs[0]["frames"]["worst"]), key=lambda one: -one[1])[:10] if runs else []
        return quoted("\n".join(f"frame {index}: {value:.3f}" for index, value in worst) or "There is no run.")

    def curves(self, number: int) -> str:
        """Curves of an attempt (0: the baseline): loss over CPU seconds, and energy over volume beside the reference.

        Energies in meV/atom above the reference's lowest, volumes in Å³/atom.
        """
        parts = []
        for one in self._runs(number):
            loss = _LOSS.findall(str(one.get("tail", "")))
            if loss:
                columns = {"seconds": [seconds for seconds, _ in loss], "loss": [value for _, value in loss]}
                parts.append(f"Seed {one['seed']}, loss:\n{_columns(columns)}")
            if one.get("seen", {}).get("curve"):
                parts.append(f"Seed {one['seed']}, energy over volume:\n{_columns(one['seen']['curve'])}")
        return quoted("\n\n".join(parts)[:LONGEST] or "There are no curves.")

    def walks(self, number: int) -> str:
        """MD runs with the model of an attempt (0: the baseline): K, steps done and asked for, and what ended each."""
        lines = [f"{name}: {walk['ensemble']} {walk['temperature_K']:g} K, {walk['atoms']} atoms, {walk['done']} of "
                 f"{walk['steps']} steps of {walk['timestep_fs']:g} fs{_ended(walk)}"
                 for name, walk in self._walks(number).items()]  # fmt: skip
        return quoted("\n".join(lines)[:LONGEST] or "There are no MD runs.")

    def walk(self, number: int, name: str) -> str:
        """How one of those MD runs went: time, temperature, potential and conserved energy, both from their start."""
        known = self._walks(number)
        if name not in known:
            return quoted(f"There is no MD run {name!r}; there are: {', '.join(known) or 'none'}.")
        return quoted(f"{_columns(known[name]['series'])}\n{known[name]['trip'] or 'It went to its end.'}")

    def _runs(self, number: int) -> list[dict[str, Any]]:
        """Runs of an attempt, or of the baseline, on the deciding set, by seed."""
        known = {one.number: one.proposal["commit"] for one in self._story.attempts if one.proposal["diff"]}
        known[0] = self._story.baseline
        return self._story.of(known[number]) if number in known else []

    def _walks(self, number: int) -> dict[str, dict[str, Any]]:
        """Name with the run's seed → walk."""
        return {
            f"{walk['name']} of seed {one['seed']}": walk
            for one in self._runs(number)
            for walk in one.get("seen", {}).get("walks", ())
        }


def _ended(walk: Mapping[str, Any]) -> str:
    return "" if walk["whole"] else f"; BROKE: {walk['trip']}"


def _columns(columns: Mapping[str, Sequence[Any]]) -> str:
    """Named columns as rows of text."""
    rows = zip(*columns.values(), strict=True)
    return "\n".join(
        [" ".join(columns), *(" ".join("-" if cell is None else str(cell) for cell in row) for row in rows)]
    )
