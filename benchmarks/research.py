"""Auto-research measured: from a gate-violating baseline to an accepted model, against plain hyper-parameter search.

Each piece (arena, arm, repeat) is one search of --runs runs; it adds a row to research.json when it is done, and a
piece that was stopped is gone on with. `plain` is Optuna's estimator alone over the same space from the same baseline:
no recipes, no replicates, no early end; its winner is the best objective on one seed. Equal cost is equal runs; seconds
are beside it. Both winners are scored on frames that neither saw.

    python benchmarks/research.py --part copper --repeats 3
    python benchmarks/research.py --part tampering
    python benchmarks/research.py --table
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "labs" / "research"))

from lang2mlip.compute.local import Workers
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.builtin import BuiltIn, distributions, objective, study_of
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.opening import COMMAND, open_new
from lang2mlip.labs.research.proposal import merged
from lang2mlip.labs.research.search import Budget, Search
from lang2mlip.labs.research.story import story_of
from lang2mlip.labs.research.trial import Asked, perform

FILE = Path(__file__).with_suffix(".json")


def rows() -> list[dict[str, Any]]:
    """What was measured so far."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []


def add(row: dict[str, Any]) -> None:
    """Add a row and show it."""
    found = [*rows(), {"when": time.strftime("%Y-%m-%d"), "load": round(os.getloadavg()[0], 1), **row}]
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found[-1]), flush=True)


def final(arena: Arena, commit: str, folder: Path) -> dict[str, Any]:
    """The card's reading on frames that no decision saw."""
    found = perform(Asked(place=str(arena.place), commit=commit, seed=0, role="final"), folder)
    return (
        read(arena.card, found["metrics"]).model_dump() if found["status"] == "scored" else {"failed": found["words"]}
    )


def search(arena: Arena, runs: int) -> dict[str, Any]:
    """The arena's own search."""
    story = story_of(arena.journal)
    if story.ended is None:
        workers = Workers(COMMAND, count=1)
        try:
            story = Search(arena, BuiltIn(), workers, Budget(runs=runs, attempts=runs), print).go()
        finally:
            workers.close()
    finals = {one["of"]: one["reading"] for one in arena.journal.of("final")}
    return {"winner": finals.get("winner"), "baseline": finals.get("baseline"), **costs(arena)}


def plain(arena: Arena, runs: int) -> dict[str, Any]:
    """Optuna's estimator over the same space; each trial is one run with seed 0, written into the arena's journal."""
    while len(arena.journal.of("run")) < runs:
        story = story_of(arena.journal)
        number = len(story.attempts)
        config = arena.config(story.baseline)
        if number or story.runs:
            asked = study_of(arena, story).ask(distributions(arena.spec["space"])).params
            config = merged(config, asked)
        arena.history.back_to(story.baseline)
        arena.write_config(config)
        commit = arena.history.commit(f"trial {number}") if story.runs else story.baseline
        arena.history.tag(f"trial-{number:04d}", commit)
        if story.runs:
            facts = {"commit": commit, "parent": story.baseline, "diff": "-", "hypothesis": "", "expected": ""}
            arena.journal.append("proposal", number=number + 1, tokens=0, origin="plain", source="", **facts)
        asked_run = Asked(place=str(arena.place), commit=commit, seed=0)
        result = perform(asked_run, arena.place / "attempts" / commit[:10])
        arena.journal.append("run", commit=commit, seed=0, role="screen", result=result)
        if story.runs:
            arena.journal.append("verdict", number=number + 1, keep=False, control=story.baseline, why="", lesson="")
        print(number, result["status"], objective(arena, result), flush=True)
    story = story_of(arena.journal)
    best = min(story.runs, key=lambda key: objective(arena, story.runs[key]))[0]
    finals = {"winner": best, "baseline": story.baseline}
    told = {name: final(arena, commit, arena.place / "attempts" / f"final-{name}") for name, commit in finals.items()}
    return {**told, **costs(arena)}


def costs(arena: Arena) -> dict[str, Any]:
    """Runs, seconds, and after how many of both the first model kept every gate."""
    spent, first = [0.0, 0.0, 0.0], None
    runs = [entry["result"] for entry in arena.journal.of("run") if entry["role"] == "screen"]
    for number, one in enumerate(runs, 1):
        for index, key in enumerate(("wall_s", "train_cpu_s", "score_cpu_s")):
            spent[index] += one.get(key) or 0.0
        if first is None and one["status"] == "scored" and read(arena.card, one["metrics"]).accepted:
            first = {"runs": number, "wall_s": round(spent[0])}
    names = ("wall_s", "train_cpu_s", "score_cpu_s")
    longest = {f"longest_{name}": max((one.get(name) or 0.0) for one in runs) for name in names}
    return {"runs": len(runs), "first_accepted": first, **dict(zip(names, map(round, spent), strict=True)), **longest}


def piece(part: str, arm: str, repeat: int, told: argparse.Namespace) -> None:
    """One search, from its arena to its row."""
    if any((row["part"], row.get("arm"), row.get("repeat")) == (part, arm, repeat) for row in rows()):
        return
    place = told.work / f"{part}-{arm}-{repeat}"
    arena = Arena.open(place) if place.is_dir() else open_new(place, part, None, told.data, repeat)
    found = {"search": search, "plain": plain}[arm](arena, told.runs)
    add({"part": part, "arm": arm, "repeat": repeat, "asked_runs": told.runs, **found})


def tampering(told: argparse.Namespace) -> None:
    """Each attempt on its own in a tiny arena: did it change, see or gain anything?"""
    from arenas import tiny
    from strategies import TAMPERING, tampering

    place = told.work / "tampering"
    arena = Arena.open(place) if place.is_dir() else tiny(place, train_s=20)
    start = arena.journal.entries[0]["commit"]
    honest = _once(told.work / "honest.json", lambda: perform(_asked(place, start), told.work / "honest"))
    ended = {}
    for name in TAMPERING:
        arena.history.back_to(start)
        canary, run = told.work / f"canary-{name}", told.work / f"run-{name}"
        (place / "game" / "strategy" / "train.py").write_text(tampering([name], place, canary), encoding="utf-8")
        commit = arena.history.commit(name)
        found = _once(run.with_suffix(".json"), lambda commit=commit, run=run: perform(_asked(place, commit), run))
        harm = (run / "work" / "loot").exists() or canary.exists() or arena.tampered() or _better(found, honest)
        ended[name] = "GAINED" if harm else found["status"]
        print(name, ended[name], found["words"][:100], flush=True)
    gained = [name for name, word in ended.items() if word == "GAINED"]
    add({"part": "tampering", "attempts": len(TAMPERING), "gained": gained, "ended": ended})


def _asked(place: Path, commit: str) -> Asked:
    return Asked(place=str(place), commit=commit, seed=0)


def _once(file: Path, work: Any) -> dict[str, Any]:
    """What `work` gives, from the file where it was done before."""
    if not file.is_file():
        file.write_text(json.dumps(work()), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def _better(found: dict[str, Any], honest: dict[str, Any]) -> bool:
    """Errors other than the honest model's, or a training that seems to have cost nothing."""
    if found["status"] != "scored":
        return False
    ours, theirs = found["metrics"], honest["metrics"]
    same = all(math.isclose(ours[key], theirs[key], rel_tol=1e-6) for key in ("force_rmse_meV_A", "tail_meV_A"))
    return not same or ours["train_cpu_s"] < 0.2 * theirs["train_cpu_s"]


def table() -> None:
    """The rows, a line each."""
    for row in rows():
        if row["part"] == "tampering":
            print(f"tampering: {row['attempts']} attempts, {len(row['gained'])} gained anything")
            continue
        winner = row["winner"] or {}
        outside = sum(winner.get("violated", {}).values())
        print(f"{row['part']:10s} {row['arm']:7s} {row['repeat']}  {row['runs']:3d} runs {row['wall_s']:6d} s  "
              f"first accepted {row['first_accepted']}  final score {winner.get('score', math.nan):.3f} "
              f"outside of its gates {outside:.2f} {sorted(winner.get('violated', {}))}")  # fmt: skip


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("copper", "molecules", "tampering"))
    parser.add_argument("--arms", default="search,plain")
    parser.add_argument("--repeats", type=int, default=3, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first repeat; it is the seed of its data")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--work", type=Path, default=Path("research-bench"))
    parser.add_argument("--data", type=Path, help="another file of molecules")
    parser.add_argument("--table", action="store_true")
    told = parser.parse_args()
    told.work.mkdir(parents=True, exist_ok=True)
    told.work = told.work.resolve()
    if told.table:
        table()
    elif told.part == "tampering":
        tampering(told)
    else:
        for repeat in range(told.first, told.first + told.repeats):
            for arm in told.arms.split(","):
                piece(told.part, arm, repeat, told)


if __name__ == "__main__":
    main()
