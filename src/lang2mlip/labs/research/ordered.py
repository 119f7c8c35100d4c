"""A search that a run has ordered: `python -m lang2mlip.labs.research order FOLDER`.

FOLDER holds order.json; the arena is made in FOLDER/arena, searched with the built-in search, and found.json says what
came of it. A search that was cut off goes on from its journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field

from lang2mlip.compute.local import Workers
from lang2mlip.contracts import Strategy, check
from lang2mlip.errors import BadInput
from lang2mlip.labs.research.arena import Arena, create
from lang2mlip.labs.research.builtin import BuiltIn
from lang2mlip.labs.research.opening import COMMAND, searched
from lang2mlip.labs.research.ownrun import Own, entry_of, split
from lang2mlip.labs.research.search import Budget
from lang2mlip.labs.research.story import Story, story_of
from lang2mlip.labs.research.winner import proven, strategy_of
from lang2mlip.science.atoms.frames import read_frames

__all__ = ["Order", "carry_out"]


class Order(Own):
    """What a run asks for."""

    training: Path = Field(description="file of its labelled frames")
    held_out: Path = Field(description="file of its validation frames; may be empty")
    seed: int = Field(default=0, ge=0)
    runs: int = Field(ge=1, description="of a strategy, at most")
    seconds: float = Field(gt=0, description="of runs, at most")
    cores: int = Field(default=1, ge=1, description="runs side by side")


def carry_out(folder: Path, say: Callable[[str], None]) -> None:
    """Search as ordered, and write found.json. Raises BadInput for data that are too few."""
    order = check(Order, json.loads((folder / "order.json").read_text(encoding="utf-8")), str(folder / "order.json"))
    arena = _arena(folder / "arena", order)
    budget = Budget(runs=order.runs, seconds=order.seconds, attempts=order.runs)
    searched(arena, BuiltIn(), budget, Workers(COMMAND, count=order.cores), say)
    file = folder / "found.json"
    file.with_suffix(".tmp").write_text(json.dumps(found(Arena.open(arena.place))), encoding="utf-8")
    file.with_suffix(".tmp").replace(file)


def _arena(place: Path, order: Order) -> Arena:
    if (place / "journal.jsonl").is_file():
        return Arena.open(place)
    held_out = read_frames(order.held_out) if order.held_out.stat().st_size else []
    frames = split(read_frames(order.training), held_out)
    own = Own(**{name: getattr(order, name) for name in Own.model_fields})
    return create(place, entry_of(own, frames), frames, order.seed)


def found(arena: Arena) -> dict[str, Any]:
    """What came of a search: the strategy where one was proven better, why, and what it cost."""
    story = story_of(arena.journal)
    strategy, why = _strategy(arena, story)
    results = story.runs.values()
    return {
        "strategy": strategy.model_dump(mode="json") if strategy else None,
        "why": why,
        "runs": len(story.runs),
        "attempts": len(story.attempts),
        "seconds": round(story.seconds, 1),
        "training_cpu_s": round(sum(one.get("train_cpu_s", 0.0) for one in results), 2),
        "scoring_cpu_s": round(sum(one.get("score_cpu_s", 0.0) for one in results), 2),
    }


def _strategy(arena: Arena, story: Story) -> tuple[Strategy | None, str]:
    if story.control == story.baseline:
        return None, "nothing was better beyond the noise"
    try:
        strategy = strategy_of(arena)
    except BadInput as error:
        return None, str(error)
    if not proven(arena):
        return None, f"what was kept was no better {strategy.evidence}"
    kept = [one.proposal["hypothesis"] for one in story.attempts if one.kept]
    return strategy, f"kept: {'; '.join(kept)}"
