"""Make arenas, find them, and let a search loose in one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lang2mlip.act.research import held_out
from lang2mlip.compute.local import Workers
from lang2mlip.compute.plan import Worker
from lang2mlip.compute.pool import Pool
from lang2mlip.compute.profile import Profile
from lang2mlip.data import table
from lang2mlip.errors import UnknownName
from lang2mlip.labs.research.arena import Arena, create
from lang2mlip.labs.research.builtin import BuiltIn
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.kit import MOLECULES, check_hidden
from lang2mlip.labs.research.made import from_crystal, from_file
from lang2mlip.labs.research.ownrun import entry_of, own_of, split, view_of
from lang2mlip.labs.research.page import write_page
from lang2mlip.labs.research.proposal import Proposer
from lang2mlip.labs.research.researcher import Researcher
from lang2mlip.labs.research.search import Budget, Search
from lang2mlip.language.speaker import Speaker
from lang2mlip.record.lock import held

__all__ = ["COMMAND", "open_new", "opened", "pool_of", "proposer_of", "searched"]

COMMAND = (sys.executable, "-m", "lang2mlip.labs.research", "serve")


def open_new(place: Path, name: str, from_run: str | None, data: Path | None, seed: int) -> Arena:
    """Make an arena from an entry of the table. Raises UnknownName or BadInput."""
    if from_run is not None:
        view = view_of(from_run)
        frames = split(view.training_frames(), held_out(view))
        return create(place, entry_of(own_of(view), frames), frames, seed)
    known = {key: entry for key, entry in table("research").items() if entry["data"]["maker"] != "run"}
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


def searched(arena: Arena, proposer: Proposer, budget: Budget, pool: Pool, say: Callable[[str], None]) -> bool:
    """Search; whether the control keeps every gate at the end. Raises RunFault while another process searches here."""
    with held(arena.place):
        try:
            story = Search(arena, proposer, pool, budget, say).go()
        finally:
            pool.close()
            write_page(arena)
    runs = [one for one in story.of(story.control) if one["status"] == "scored"]
    return bool(runs) and all(read(arena.card, one["metrics"]).accepted for one in runs)


def proposer_of(arena: Arena, model: str | None, max_tokens: int) -> Proposer:
    """The built-in search, or a language model with it as its fallback; what is said is kept in transcript/."""
    if model is None:
        return BuiltIn()
    speaker = Speaker.live(model, arena.place / "transcript")
    return Researcher(speaker, BuiltIn(), max_tokens)


def pool_of(profile: Profile, place: Path) -> Pool:
    """Where the runs are done: warm workers here, or jobs of a cluster."""
    if profile.kind == "slurm":
        from lang2mlip.compute.slurm import SlurmPool

        return SlurmPool(Worker(COMMAND), profile, place / "compute")
    if profile.kind == "parsl":
        from lang2mlip.compute.parsl_swarm import ParslPool

        return ParslPool(Worker(COMMAND), profile, place / "compute")
    return Workers(COMMAND, count=profile.cores or max(1, len(os.sched_getaffinity(0))))
