"""An arm: who decides in a run, and what it begins with. Every arm is a real run, by the command line."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lang2mlip.contracts import Explore, Json, Noun, check
from lang2mlip.data import table
from lang2mlip.errors import BadInput, PartFailed, UnknownName
from lang2mlip.labs.develop.systems import System, plan_of, task_of
from lang2mlip.labs.develop.truth import Known
from lang2mlip.prepare.planfile import plan_text
from lang2mlip.prepare.task import save_task
from lang2mlip.record.events import Created
from lang2mlip.record.run import Run, write_text

__all__ = ["Arm", "Piece", "arm", "arms", "develop_run"]

PROGRAM = (sys.executable, "-m", "lang2mlip.doors.cli")

TRIES = 3
"""Times that a run is taken up again when the command line fails."""


class Arm(Noun):
    """One way of deciding."""

    name: str
    line: str
    source: str
    opening: bool = Field(description="begins with the system's opening")
    bare: bool = Field(default=False, description="of the opening all but the reference's own MD")
    decider: str | None = Field(default=None, description="as --decider takes it; else the schedule below")
    repeat: tuple[dict[str, Json], ...] = ()
    once: str | None = Field(default=None, description="`plain`: the system's own exploration, filled up to the budget")
    simple: bool = Field(default=False, description="the plainest structure of each group alone")


@dataclass(frozen=True)
class Piece:
    """One arm on one system with one seed: the unit that is run, scored and kept."""

    system: System
    arm: Arm
    seed: int
    model: str | None = None

    @property
    def name(self) -> str:
        """A folder's name; a language model's is part of it, and so is all that is fixed beforehand."""
        model = "" if self.model is None else "-" + "".join(c if c.isalnum() else "-" for c in self.model)
        return f"{self.system.name}-{self.arm.name}{model}-{self.seed}-{self.key()}"

    def key(self) -> str:
        """Changes with everything about the system and the arm: rows with different keys cannot be compared."""
        told = [self.system.model_dump(mode="json"), self.arm.model_dump(mode="json")]
        for part in told:
            part.pop("line"), part.pop("source")
            if not part.get("bare", True):
                part.pop("bare")  # rows that were made before there was such a thing
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]

    def opening(self) -> tuple[dict[str, Json], ...]:
        """The actions that the arm begins with."""
        if not self.arm.opening:
            return ()
        return tuple(step for step in self.system.opening if not (self.arm.bare and step["action"] == "reference"))

    @property
    def label(self) -> str:
        """The arm's name in tables."""
        return self.arm.name if self.model is None else f"{self.arm.name}:{self.model}"


def arms() -> dict[str, Arm]:
    """All arms by name."""
    return {key: check(Arm, {"name": key, **told}, f"The arm {key}") for key, told in table("arms").items()}


def arm(name: str) -> Arm:
    """One of them. Raises UnknownName."""
    known = arms()
    if name not in known:
        raise UnknownName.of("arm", name, known)
    return known[name]


def develop_run(piece: Piece, known: Known, work: Path) -> Run:
    """The run of the piece, begun or gone on with, to its end. Raises PartFailed when it cannot be ended.

    One that was stopped within its opening begins anew, and pays again; a later one goes on under its own decider.
    """
    folder = work / "runs" / piece.name
    if _within_opening(piece, folder):
        shutil.rmtree(folder)
        shutil.rmtree(_cache(folder), ignore_errors=True)
    if not (folder / "run.db").exists():
        _begin(piece, known, folder)
    for step in piece.opening()[Run(folder).state.step :]:
        _command(piece, folder, ["act", piece.name, *_words(step)])
    for _ in range(TRIES):
        if Run(folder).state.ended:
            return Run(folder)
        _command(piece, folder, ["run", piece.name, "--yes", *_decider(piece, folder)])
    raise PartFailed(f"The run {folder} did not come to its end in {TRIES} tries; see {folder}/bench.log.")


def _within_opening(piece: Piece, folder: Path) -> bool:
    if not piece.opening() or not (folder / "run.db").exists():
        return False
    return sum(step.result is not None for step in Run(folder).view().steps()) < len(piece.opening())


def _cache(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.cache"


def _begin(piece: Piece, known: Known, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    task = task_of(piece.system, piece.seed, known.floor)
    texts = {"plan.yaml": plan_text(plan_of(piece.system, piece.seed, piece.arm.simple))}
    run = Run.create(folder, Created(task=task, command="bench develop"), texts)
    save_task(task, run.folder / "task.yaml")


def _command(piece: Piece, folder: Path, words: list[str]) -> None:
    """The command line in a process of its own, with a label cache of the piece's own, so that every call is paid."""
    environment = {**os.environ, "LANG2MLIP_CACHE": str(_cache(folder))}
    environment.pop("LANG2MLIP_MODEL", None)
    with (folder / "bench.log").open("a", encoding="utf-8") as log:
        done = subprocess.run(
            [*PROGRAM, *words, "--out", str(folder.parent)],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode not in (0, 3):
        raise PartFailed(f"`lang2mlip {' '.join(words)}` ended with code {done.returncode}; see {folder}/bench.log.")


def _decider(piece: Piece, folder: Path) -> list[str]:
    if piece.arm.decider == "llm":
        if piece.model is None:
            raise BadInput("The arm llm needs a language model: --model PROVIDER:NAME.")
        return ["--decider", "llm", "--model", piece.model]
    if piece.arm.decider is not None:
        return ["--decider", piece.arm.decider]
    file = write_text(folder / "schedule.yaml", yaml.safe_dump(_schedule(piece), sort_keys=False))
    return ["--decider", f"schedule:{file}"]


def _schedule(piece: Piece) -> dict[str, Any]:
    if piece.arm.once is not None:
        return {"first": [_plain(piece), {"action": "train"}]}
    own, steps = piece.system.round, piece.system.round["steps"]
    numbers = {"round_steps": steps, "round_labels": own["labels"], "spread": max(10, steps // 40)}
    rounds = [{key: numbers.get(str(value), value) for key, value in step.items()} for step in piece.arm.repeat]
    return {"first": list(piece.opening()), "repeat": rounds}


def _plain(piece: Piece) -> dict[str, Json]:
    """The exploration of the one-shot arms: MD that spends the calls of the budget, frames as the labels allow."""
    wish = check(Explore, piece.system.plain, f"The exploration of {piece.system.name}")
    groups, budget = piece.system.groups.values(), piece.system.task["budget"]
    structures = sum(1 if piece.arm.simple else len(group.train) for group in groups)
    walks = 2 * structures
    cells = structures * (wish.strained + wish.rattled)
    steps = max(10, (int(budget["max_calls"]) - cells) // walks)
    frames = max(2, (int(budget["max_labels"]) - cells) // walks)
    more = {"steps": steps, "keep_every": max(1, steps // frames)}
    return {"action": "explore", **piece.system.plain, **more}


def _words(step: dict[str, Json]) -> list[str]:
    options = [(f"--{key.replace('_', '-')}", json.dumps(value)) for key, value in step.items() if key != "action"]
    return [str(step["action"]), *(word for pair in options for word in pair)]
