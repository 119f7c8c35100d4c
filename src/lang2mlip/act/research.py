"""research: search for a better way to train, in an arena made from the run's own data.

The search is a lab, which stands above the actions: it is reached by its command line, as a job in a folder. Its runs
are trainings, so the piece has the cores of one, here or on a cluster; what it finds lies in found.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.gathering import cost_of, faults_of
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json, Research, Result, Strategy
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import PartFailed
from lang2mlip.record.run import write_json
from lang2mlip.record.view import View
from lang2mlip.science.atoms.frames import read_frames, write_frames

__all__ = ["ResearchAction", "held_out", "search", "to_beat", "train_limit_s"]

LAB = ("-m", "lang2mlip.labs.research", "order")
OVER = 0.8
"""Share of the time that the budget leaves in which the search must begin its last run."""

SHORTEST_S, USUAL_S, LONGEST_S = 60, 90, 600
"""Bounds of what a run of a strategy may train, CPU seconds; the middle one where the run has trained nothing."""


class ResearchAction:
    """One search in one worker."""

    def pieces(self, desk: Desk, parameters: Research) -> Sequence[Piece]:
        """The data of the arena, written out, and the order to the lab."""
        files = {"training": desk.view.training_frames(), "held_out": held_out(desk.view)}
        for name, frames in files.items():
            write_frames(desk.job / f"{name}.extxyz", frames)
        task = desk.task
        order = {
            "title": f"the data of {desk.run.name} at step {int(desk.number[:4])}",
            **{name: str((desk.job / f"{name}.extxyz").relative_to(desk.run)) for name in files},
            "temperature_K": task.temperature_K[1],
            "family": task.potential.family,
            **to_beat(desk.view),
            "fixed": sorted(task.potential.settings),
            "train_s": train_limit_s(desk.view),
            "seed": desk.seed("research"),
            "runs": parameters.runs,
            "seconds": parameters.seconds,
            "cores": desk.workers.cores,
        }
        return [Piece("search", "lang2mlip.act.research:search", {"order": order})]

    def gather(self, desk: Desk, parameters: Research, done: Sequence[Done]) -> Result:
        """The strategy, where one was proven better."""
        one = done[0]
        if one.fault is not None:
            return Result(action="research", status="failed", summary=f"The search failed: {one.fault}",
                          cost=cost_of(done), faults=faults_of(done))  # fmt: skip
        found = one.value["found"]
        strategy = Strategy(**found["strategy"]) if found["strategy"] else None
        if strategy is not None:
            strategy = strategy.model_copy(update={"arena": str((one.folder / "arena").relative_to(desk.run))})
        return Result(action="research", status="done", summary=_summary(found, strategy), cost=cost_of(done),
                      strategy=strategy)  # fmt: skip


def held_out(view: View) -> list[Atoms]:
    """The validation frames of every group; none where the reference has not run there. The test set stays unseen."""
    return [atoms for file in sorted((view.folder / "validation").glob("*.extxyz")) for atoms in read_frames(file)]


def to_beat(view: View) -> dict[str, dict[str, Any]]:
    """`settings` of a quick fit as the run would make it now, and of these what the family itself has `suggested`.

    Many quick fits are compared, and what won is trained to the end afterwards; so where the current model is no quick
    one, only those of its settings count that were not suggested for its effort.
    """
    spec, model = view.task.potential, view.state.model
    trainer: Any = load("potential", spec.family)()
    count = model.n_frames if model else 1
    quick, usual = (trainer.suggest(view.task.elements, count, one) for one in ("quick", model.effort if model else ""))
    own = {name: value for name, value in (model.settings if model else {}).items() if usual.get(name) != value}
    return {"settings": {**quick, **own, **spec.settings}, "suggested": quick}


def train_limit_s(view: View) -> int:
    """CPU seconds that a run of a strategy may train: three times what the last quick fit of the run took."""
    results = [step.result for step in view.steps() if step.result is not None]
    took = [(one.model.effort, one.cost.training_s) for one in results if one.model is not None]
    quick = [seconds for effort, seconds in took if effort == "quick"] or [seconds for _, seconds in took]
    return int(min(LONGEST_S, max(SHORTEST_S, 30.0 + 3.0 * quick[-1]))) if quick else USUAL_S


def _summary(found: dict[str, Any], strategy: Strategy | None) -> str:
    spent = f"{found['runs']} runs of {found['attempts']} ideas, {found['seconds']:.0f} s"
    if strategy is None:
        return f"{spent}: {found['why']}; trainings go on as before."
    return f"{spent}: {found['why']} ({strategy.evidence}). Every further training uses it."


def search(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Let the lab search in `folder`, or go on where it was cut off. Arguments: order. Raises PartFailed."""
    run, until = Path(arguments["run"]), arguments["until"]
    order = dict(arguments["order"])
    order |= {name: str((run / order[name]).resolve()) for name in ("training", "held_out")}
    if until is not None:
        order["seconds"] = min(order["seconds"], max(1.0, OVER * (until - time.monotonic())))
    write_json(folder / "order.json", order)
    last = _follow(folder, order["runs"], progress)
    file = folder / "found.json"
    if not file.is_file():
        raise PartFailed(f"The search for a strategy ended without a result: {last}")
    found = json.loads(file.read_text(encoding="utf-8"))
    return {"found": found, "cost": Cost(training_s=found["training_cpu_s"], md_s=found["scoring_cpu_s"]).model_dump()}


def _follow(folder: Path, runs: int, progress: Progress) -> str:
    """Run the lab to its end; the last line that it said."""
    last = "it said nothing"
    environment = {**os.environ, "LANG2MLIP_PARENT": str(os.getpid())}
    with (
        (folder / "said").open("a", encoding="utf-8") as said,
        subprocess.Popen([sys.executable, *LAB, str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, env=environment) as lab,
    ):  # fmt: skip
        for line in lab.stdout or ():
            said.write(line)
            said.flush()
            last = line.strip() or last
            done = len(list(folder.glob("arena/attempts/*/result.json")))
            progress(min(0.99, done / runs), last)
    return last
