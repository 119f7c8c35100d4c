"""`lang2mlip bench lammps`: which tasks by which arms, one after the other, each row kept the moment it is there."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.bench.arms import answered, arm
from lang2mlip.labs.lammps.bench.checkers import judged
from lang2mlip.labs.lammps.bench.others import KIND, tasks_in, whole_set
from lang2mlip.labs.lammps.bench.task import Task, chosen_tasks, tasks
from lang2mlip.record.run import write_json

__all__ = ["Rows", "Wish", "bench", "executed_at", "summary"]

Row = dict[str, Any]


class Wish(Noun):
    """What is to be run."""

    files: tuple[Path, ...] = ()
    """Further files of tasks; of folders and JSON files (requests of others) nothing but these is run."""
    language: str = "EN"
    """Of the requests of MD-EvalBench."""
    only: tuple[str, ...] = ()
    """Names of tasks or of kinds; empty: all."""
    arms: tuple[str, ...] = ("recipes",)
    samples: int = 1
    """Attempts at a task by an arm with a model; recipes give the same each time."""
    model: str | None = None
    again: bool = False
    """Run anew what went wrong before."""
    keep: bool = False
    """Keep the folders of all runs, not only of those that went wrong."""


class Rows:
    """The file of results: a row for each task, arm, model and sample; older ones of changed tasks are replaced."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> list[Row]:
        """All rows. Raises BadInput for a file that holds something else."""
        if not self.file.exists():
            return []
        try:
            found: list[Row] = json.loads(self.file.read_text(encoding="utf-8"))["rows"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{self.file} is no results file of the benchmark: {error}.") from error
        return found

    def has(self, row: Row, again: bool = False) -> bool:
        """Whether it is done, and nothing of the task has changed since; `again`: and is right."""
        same = [one for one in self.read() if all(one[key] == row[key] for key in (*_SAME, "key"))]
        return any(one["right"] or not again for one in same)

    def add(self, row: Row) -> None:
        """In place of an older one of the same task, arm, model and sample."""
        kept = [one for one in self.read() if any(one[key] != row[key] for key in _SAME)]
        rows = sorted([*kept, row], key=lambda one: [str(one[key]) for key in _SAME])
        write_json(self.file, {"summary": summary(rows), "rows": rows})


_SAME = ("task", "arm", "model", "sample")


def bench(wish: Wish, rows: Rows, work: Path, tell: Callable[[str], None]) -> list[Row]:
    """Run what is missing; the rows of all that was wished for. Raises BadInput for an arm without its model."""
    wanted = chosen_tasks(_known(wish), wish.only)
    for name in wish.arms:
        if arm(name).model and wish.model is None:
            raise BadInput(f"The arm {name} needs a language model; give one with --model PROVIDER:NAME.")
    for task in wanted.values():
        for name in wish.arms:
            _one(task, name, wish, rows, work, tell)
    return [row for row in rows.read() if row["task"] in wanted and row["arm"] in wish.arms]


def _known(wish: Wish) -> dict[str, Task]:
    """Our own tasks and those of the files; without ours where a whole set of others is named."""
    known = {} if any(whole_set(file) for file in wish.files) else tasks()
    for file in wish.files:
        known |= tasks_in(file, wish.language)
    return known


def _one(task: Task, name: str, wish: Wish, rows: Rows, work: Path, tell: Callable[[str], None]) -> None:
    by = arm(name)
    for sample in range(1, (wish.samples if by.model else 1) + 1):
        row: Row = {"task": task.name, "kind": task.kind, "arm": name, "model": wish.model if by.model else None,
                    "sample": sample, "key": _key(task)}  # fmt: skip
        if rows.has(row, wish.again) or (task.refused is None and task.truth is None and not task.open):
            continue
        begun, folder = time.monotonic(), f"{task.name}-{name}-{sample}"
        shutil.rmtree(work / folder, ignore_errors=True)
        outcome = answered(task, by, work, folder, wish.model)
        told = json.loads(outcome.model_dump_json(exclude_none=True, exclude={"folder"}))
        row |= told | {"s": round(time.monotonic() - begun, 1), "truth": task.truth.value if task.truth else None}
        row["foreign"] = _foreign(task, work / outcome.folder, known=tasks()) if outcome.folder else []
        rows.add(row)
        tell(_said(task, row))
        if outcome.right and not wish.keep:
            shutil.rmtree(work / folder, ignore_errors=True)


def _foreign(task: Task, folder: Path, known: dict[str, Task]) -> list[str]:
    """Tasks with another answer that take this run for theirs: each is a wrong answer let through."""
    others = [one for one in known.values() if one.quantity == task.quantity and one.truth and task.truth]
    return [one.name for one in others if not _alike(task, one) and judged(one, folder).right]


def _alike(task: Task, other: Task) -> bool:
    """Whether what is right for one is right for the other, in the same unit."""
    if task.truth is None or other.truth is None:
        return True
    value = (task.truth.value - task.offset) / task.scale * other.scale + other.offset
    room = other.truth.tolerance + abs(task.truth.tolerance / task.scale * other.scale)
    return abs(value - other.truth.value) <= room


def _key(task: Task) -> str:
    """Of all that decides what is right; a later field that is empty changes no key, so that rows stay."""
    later = {"lj_scale"} if task.lj_scale is None else None
    return hashlib.sha256(task.model_dump_json(exclude=later).encode()).hexdigest()[:12]


def _said(task: Task, row: Row) -> str:
    value = f"{row['value']:.5g}" if "value" in row else row["said"][:90]
    truth = f" (truth {task.truth.value:.5g} ± {task.truth.tolerance:.2g} {task.unit})" if task.truth else ""
    good, bad = ("sound", "UNSOUND") if task.open else ("right", "WRONG")
    return f"{task.name:16} {row['arm']:8} {good if row['right'] else bad} {row['s']:6.1f} s  {value}{truth}"


def executed_at(k: int, counts: Iterable[tuple[int, int]]) -> float:
    """ExecSuccess@k: chance that one of k attempts runs, from (attempts, successes) of each task.

    Unbiased: 1 - C(n - c, k) / C(n, k) (M. Chen et al., arXiv:2107.03374 (2021)); tasks with fewer attempts are left
    out.
    """
    shares = [1 - math.comb(n - c, k) / math.comb(n, k) for n, c in counts if n >= k]
    return sum(shares) / len(shares) if shares else 0.0


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Per arm and model: tasks, ExecSuccess@k, share that is right, mean score, cost."""
    found = {}
    for name, model in sorted({(row["arm"], row["model"] or "") for row in rows}):
        mine = [row for row in rows if row["arm"] == name and (row["model"] or "") == model]
        names = sorted({row["task"] for row in mine})
        each = [[row for row in mine if row["task"] == one] for one in names]
        counts = [(len(one), sum(row["executed"] for row in one)) for one in each]
        scores = [row["score"] for row in mine if row.get("score") is not None]
        most = max(n for n, _ in counts)
        found[f"{name} {model}".strip()] = {
            "tasks": len(names),
            **{f"ExecSuccess@{k}": round(executed_at(k, counts), 4) for k in sorted({1, most})},
            **_shares(each),
            "score": round(sum(scores) / len(scores), 1) if scores else None,
            "s_per_task": round(sum(row["s"] for row in mine) / len(mine), 1),
            "tokens_per_task": round(sum(row.get("tokens", 0) for row in mine) / len(mine)),
            "wrong_answers_let_through": sum(len(row.get("foreign", ())) for row in mine),
            "kinds": _kinds(mine),
        }
    return found


def _shares(each: Sequence[Sequence[Row]]) -> dict[str, float]:
    """Share of right numbers; and of requests of others, which have none, the share that the grading passed."""
    found = {}
    for name, others in (("right", False), ("sound", True)):
        asked = [one for one in each if (one[0]["kind"] == KIND) == others]
        if asked:
            share = sum(sum(row["right"] for row in one) / len(one) for one in asked) / len(asked)
            found[name] = round(share, 4)
    return found


def _kinds(rows: Sequence[Row]) -> dict[str, str]:
    """Kind → right of all."""
    kinds = sorted({row["kind"] for row in rows})
    return {one: f"{sum(row['right'] for row in rows if row['kind'] == one)} of"
                 f" {sum(row['kind'] == one for row in rows)}" for one in kinds}  # fmt: skip
