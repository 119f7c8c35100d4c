"""Tasks of the benchmark: words, what is asked for, and the truth with its tolerance, from open YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lang2mlip.contracts import Json, Noun, check
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["Task", "Truth", "chosen_tasks", "read_tasks", "tasks"]


class Truth(Noun):
    """The number that a right answer comes near."""

    value: float
    tolerance: float = Field(gt=0, description="largest deviation that is right, in the unit of the task")
    why: str = Field(min_length=1, description="why this tolerance: what it allows for, and what it must not let pass")
    source: str = Field(min_length=1, description="the paper, or the independent computation, that it comes from")


class Task(Noun):
    """One request in words whose answer is a number, or a refusal."""

    name: str
    kind: str = Field(description="class of tasks, e.g. elastic")
    words: str = Field(min_length=1, description="what is put to an arm, and nothing else")
    potential: str | None = Field(default=None, description="file that every arm must use; None: free")
    quantity: str = Field(default="", description="name of the checker that recomputes the number from raw output")
    unit: str = ""
    scale: float = Field(default=1.0, description="turns the checker's number into `unit`; then `offset` is added")
    offset: float = 0.0
    lj_scale: float | None = Field(default=None, description="in place of `scale` for a run in LAMMPS' units lj")
    given: dict[str, Json] = Field(default_factory=dict, description="what the checker must know, e.g. atoms in a cell")
    truth: Truth | None = Field(default=None, description="None for a request that must be refused")
    refused: str | None = Field(default=None, description="words that the refusal must hold; empty: any clear sentence")
    wrong: dict[float, str] = Field(
        default_factory=dict, description="wrong answer → the mistake that gives it; none may pass"
    )
    source: str = Field(min_length=1, description="who worded it, and when where it was worded blind")

    @property
    def open(self) -> bool:
        """Nothing says what is right: of its answer only the rules of the grading are asked."""
        return self.truth is None and self.refused is None and not self.quantity

    def right(self, value: float) -> bool:
        """Whether a value is the answer."""
        return self.truth is not None and abs(value - self.truth.value) <= self.truth.tolerance * (1 + 1e-9)


def tasks() -> dict[str, Task]:
    """Name → task of the built-in set; the numbers of computed truths come from their own table."""
    known = table("benchtruths")
    return {name: _task(name, entry, known) for name, entry in table("benchlammps").items()}


def read_tasks(file: Path) -> dict[str, Task]:
    """The tasks of a YAML file of the same form. Raises BadInput naming the entry that is not."""
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(f"{file} cannot be read as tasks: {error}") from error
    if not isinstance(told, dict):
        raise BadInput(f"{file} must map the name of each task to its fields.")
    return {name: _task(name, entry, {}) for name, entry in told.items()}


def chosen_tasks(among: dict[str, Task], wanted: tuple[str, ...]) -> dict[str, Task]:
    """Those called so, or of a kind called so; all where none is named. Raises UnknownName."""
    for one in wanted:
        if one not in among and one not in {task.kind for task in among.values()}:
            raise UnknownName.of("task or kind", one, [*among, *sorted({task.kind for task in among.values()})])
    return {name: task for name, task in among.items() if not wanted or name in wanted or task.kind in wanted}


def _task(name: str, entry: dict[str, Any], known: dict[str, dict[str, Any]]) -> Task:
    told = {key: value for key, value in entry.items() if key != "computed"}
    if "computed" in entry and name in known:
        how, found = entry["computed"], known[name]
        room = how["tolerance"] if "tolerance" in how else how["relative"] * abs(found["value"])
        told["truth"] = {"value": found["value"], "source": found["source"], "tolerance": room, "why": how["why"]}
    return check(Task, {"name": name, **told}, f"The task {name}")
