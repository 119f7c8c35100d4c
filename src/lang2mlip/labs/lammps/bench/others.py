"""Requests of others (MD-EvalBench, any folder of JSON tasks) as tasks: they have no number to check."""

from __future__ import annotations

import re
from pathlib import Path

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.bench.task import Task, read_tasks
from lang2mlip.labs.lammps.exam import read_exam

__all__ = ["KIND", "tasks_in", "whole_set"]

KIND = "request"


def whole_set(place: Path) -> bool:
    """Whether the place is a set of its own, of which nothing else is run, and no file of tasks beside ours."""
    return place.is_dir() or place.suffix in (".json", ".jsonl")


def tasks_in(place: Path, language: str = "EN") -> dict[str, Task]:
    """Name → task of a YAML file of our form, or of the simulation requests of a folder or file of JSON.

    Raises BadInput where there is none.
    """
    if not whole_set(place):
        return read_tasks(place)
    exam = read_exam(place, language)
    if not exam.requests:
        raise BadInput(
            f"{place} holds {len(exam.questions)} questions and no request for a simulation; questions are put by"
            f" `lang2mlip bench questions {place}`."
        )
    found = dict[str, Task]()
    for one in exam.requests:
        name = _name(one.name, found)
        found[name] = Task(name=name, kind=KIND, words=one.words, source=f"{one.name} of {place}")
    return found


def _name(said: str, taken: dict[str, Task]) -> str:
    """Of letters that a folder may have, and not taken yet."""
    plain = re.sub(r"[^\w-]+", "-", said).strip("-").lower()
    names = (plain, *(f"{plain}-{n}" for n in range(2, 10_000)))
    return next(one for one in names if one not in taken)
