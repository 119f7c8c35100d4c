"""`lang2mlip bench develop`: which pieces, one after the other, each kept the moment it is done."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.labs.develop.arms import Piece, arm, develop_run
from lang2mlip.labs.develop.curve import area, core_seconds, curve, first_within
from lang2mlip.labs.develop.survival import survival
from lang2mlip.labs.develop.systems import system, systems
from lang2mlip.labs.develop.truth import Known, truth_of
from lang2mlip.record.run import write_json

__all__ = ["TIERS", "Results", "Tier", "Wish", "bench", "pieces"]


class Tier(Noun):
    """A size of the benchmark."""

    cheap: tuple[str, ...]
    """Arms on the systems with a cheap reference."""
    expensive: tuple[str, ...] = ()
    seeds: tuple[int, ...]
    tuning_only: bool = False


_LOOPS = ("rules", "random", "fixed")
_ALL = (*_LOOPS, "trust-band", "one-shot", "hand-made")

TIERS = {
    "quick": Tier(cheap=(*_LOOPS, "one-shot"), seeds=(1,), tuning_only=True),
    "standard": Tier(cheap=_ALL, expensive=_LOOPS, seeds=(1, 2, 3)),
    "full": Tier(cheap=_ALL, expensive=_ALL, seeds=(1, 2, 3, 4, 5)),
}


class Wish(Noun):
    """What is to be run. Empty: what the tier says."""

    tier: str = "quick"
    systems: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    model: str | None = None
    again: bool = False


class Results:
    """The file of results: the facts of every system, and a row per piece. Two processes may write to it at once."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> dict[str, Any]:
        """All there is."""
        if not self.file.exists():
            return {"systems": {}, "rows": []}
        try:
            found: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInput(f"{self.file} is no results file of the benchmark: {error}.") from error
        return found

    def has(self, piece: Piece) -> bool:
        """The piece is done, and nothing that is fixed beforehand has changed since."""
        wanted = (piece.system.name, piece.label, piece.seed, piece.key())
        return any((r["system"], r["arm"], r["seed"], r["key"]) == wanted for r in self.read()["rows"])

    def drop(self, piece: Piece) -> None:
        """Forget the row of the piece."""
        with _alone(self.file.with_name(f".{self.file.name}.lock"), wait=True):
            told = self.read()
            mine = (piece.system.name, piece.label, piece.seed)
            told["rows"] = [one for one in told["rows"] if (one["system"], one["arm"], one["seed"]) != mine]
            write_json(self.file, told)

    def add(self, known: Known, row: dict[str, Any] | None = None) -> None:
        """The facts of the system, and the row in place of an older one of the same piece."""
        with _alone(self.file.with_name(f".{self.file.name}.lock"), wait=True):
            told = self.read()
            told["systems"][known.facts["system"]] = known.facts
            if row is not None:
                same = ("system", "arm", "seed")
                told["rows"] = [one for one in told["rows"] if any(one[key] != row[key] for key in same)] + [row]
            told["rows"].sort(key=lambda one: (one["system"], one["arm"], one["seed"]))
            write_json(self.file, told)


def pieces(wish: Wish) -> list[Piece]:
    """In order: all arms of one system and seed, then the next. Raises UnknownName."""
    if wish.tier not in TIERS:
        raise BadInput(f"There is no tier {wish.tier!r}; take {', '.join(TIERS)}.")
    tier = TIERS[wish.tier]
    names = wish.systems or tuple(
        name for name, one in systems().items()
        if not (tier.tuning_only and one.half != "tuning") and (tier.expensive or not one.expensive)
    )  # fmt: skip
    found = []
    for one in map(system, names):
        for seed in wish.seeds or tier.seeds:
            for name in wish.arms or (tier.expensive if one.expensive else tier.cheap):
                chosen = arm(name)
                found.append(Piece(one, chosen, seed, wish.model if chosen.decider == "llm" else None))
    return found


def bench(wish: Wish, results: Results, work: Path, tell: Callable[[str], None]) -> int:
    """Run what is missing; the number of pieces that failed. A piece that another process has at work is left to it."""
    failed, wanted = 0, pieces(wish)
    for piece in wanted if wish.again else ():
        _forget(piece, results, work)
    for piece in wanted:
        if results.has(piece):
            continue
        with _alone(work / "locks" / f"{piece.name}.lock") as mine:
            if not mine or results.has(piece):
                continue
            try:
                row = _row(piece, results, work, tell)
            except Lang2mlipError as error:
                failed += 1
                tell(f"! {piece.name}: {error}")
                continue
            tell(_said(row))
    return failed


def _forget(piece: Piece, results: Results, work: Path) -> None:
    """Drop the row, and the run with every call that it paid for; the truth stays."""
    with _alone(work / "locks" / f"{piece.name}.lock") as mine:
        if mine:
            results.drop(piece)
            for folder in (piece.name, f".{piece.name}.cache"):
                shutil.rmtree(work / "runs" / folder, ignore_errors=True)


def _row(piece: Piece, results: Results, work: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    with _alone(work / "locks" / f"truth-{piece.system.name}.lock", wait=True):
        known = truth_of(piece.system, work)
    results.add(known)
    tell(f"{piece.name} …")
    begun, before = time.monotonic(), sum(os.times()[:4])
    run = develop_run(piece, known, work)
    spent, wall = sum(os.times()[:4]) - before, time.monotonic() - begun
    points = curve(piece.system, run, known, work)
    if not points:
        raise BadInput(f"{piece.name} trained no potential; see {run.folder}/bench.log.")
    budget = int(piece.system.task["budget"]["max_calls"])
    within = first_within(points, known.target)
    row = {
        "system": piece.system.name,
        "arm": piece.label,
        "seed": piece.seed,
        "half": piece.system.half,
        "key": piece.key(),
        "commit": _commit(),
        "budget": piece.system.task["budget"],
        "target_force_meV_A": known.target,
        "calls_to_target": within.calls if within else None,
        "opening_calls": points[0].calls if piece.arm.opening else 0,
        "core_s_to_target": round(within.core_s, 1) if within else None,
        "labels_to_target": within.labels if within else None,
        "area": round(area(points, known, budget), 4),
        "survival": survival(piece.system, run, known),
        "calls": run.state.cost.calls,
        "labels": run.state.cost.labels,
        "core_s": round(core_seconds(run.state.cost), 1),
        "steps": run.state.step,
        "outcome": run.state.outcome,
        "wall_s": round(wall, 1),
        "cpu_s": round(spent, 1),
        "scoring_s": round(time.monotonic() - begun - wall, 1),
        "curve": [point.row() for point in points],
    }
    results.add(known, row)
    return row


def _said(row: dict[str, Any]) -> str:
    reached = row["calls_to_target"]
    last = row["curve"][-1]["force_meV_A"]
    return (
        f"{row['system']} {row['arm']} {row['seed']}: {f'{reached} calls' if reached else 'never'} to target "
        f"({row['target_force_meV_A']:.1f} meV/Å), last {last:.1f} meV/Å, area {row['area']:.2f}, "
        f"MD {row['survival']:.0%}, {row['wall_s']:.0f} s + {row['scoring_s']:.0f} s of scoring"
    )


def _commit() -> str:
    """The commit of the code that ran, + where files differ from it; empty outside of a repository."""
    here = Path(__file__).parent
    told = [
        subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no", "--", "."])
    ]
    return told[0] + ("+" if told[1] else "")


@contextmanager
def _alone(file: Path, wait: bool = False) -> Iterator[bool]:
    """Whether this process alone holds the file; it lets go of it however it ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
