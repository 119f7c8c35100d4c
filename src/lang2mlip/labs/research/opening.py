"""Make arenas, find them, and let a search loose in one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lang2mlip.compute.local import Workers
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.labs.research.arena import Arena, create
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.kit import MOLECULES, check_hidden
from lang2mlip.labs.research.made import from_crystal, from_file
from lang2mlip.labs.research.proposal import Proposer
from lang2mlip.labs.research.search import Budget, Search
from lang2mlip.record.lock import held

__all__ = ["COMMAND", "open_new", "opened", "searched"]

COMMAND = (sys.executable, "-m", "lang2mlip.labs.research", "serve")


def open_new(place: Path, name: str, from_run: str | None, data: Path | None, seed: int) -> Arena:
    """Make an arena from an entry of the table. Raises UnknownName or BadInput."""
    known = table("research")
    if name not in known:
        raise UnknownName.of("arena", name, known)
    entry = known[name]
    return create(place, entry, _frames(entry, data, seed), seed)


def _frames(entry: dict[str, Any], data: Path | None, seed: int) -> Any:
    spec = entry["data"]
    if spec["maker"] == "crystal":
        return from_crystal(spec, seed)
    file = data or MOLECULES
    check_hidden(file)
    return from_file(file, spec, seed)


def opened(name: str, out: Path) -> Arena:
    """The arena of that name below `out`, or the folder itself. Raises BadInput."""
    place = Path(name) if (Path(name) / "journal.jsonl").is_file() else out / name
    return Arena.open(place)


def searched(arena: Arena, proposer: Proposer, budget: Budget, say: Callable[[str], None]) -> bool:
    """Search; whether the control keeps every gate at the end. Raises RunFault while another process searches here."""
    if budget.attempts < 0:
        raise BadInput("A search needs a budget of attempts; say --attempts N.")
    with held(arena.place):
        workers = Workers(COMMAND, count=max(1, len(os.sched_getaffinity(0))))
        try:
            story = Search(arena, proposer, workers, budget, say).go()
        finally:
            workers.close()
    runs = [one for one in story.of(story.control) if one["status"] == "scored"]
    return bool(runs) and all(read(arena.card, one["metrics"]).accepted for one in runs)
