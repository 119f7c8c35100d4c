"""Quantity → checker; and the judgement of a folder against a task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import Lang2mlipError, UnknownName
from lang2mlip.labs.lammps.bench.at_rest import AT_REST
from lang2mlip.labs.lammps.bench.done_to import DONE_TO
from lang2mlip.labs.lammps.bench.moving import MOVING
from lang2mlip.labs.lammps.bench.raw import Raw
from lang2mlip.labs.lammps.bench.task import Task
from lang2mlip.labs.lammps.bench.transport import TRANSPORT

__all__ = ["CHECKERS", "Judgement", "judged"]

CHECKERS: dict[str, Callable[[Raw, dict[str, Json]], float]] = {**AT_REST, **MOVING, **TRANSPORT, **DONE_TO}


class Judgement(Noun):
    """What a folder is worth for a task."""

    right: bool
    value: float | None = Field(default=None, description="recomputed from raw output, in the unit of the task")
    why: str = Field(default="", description="why there is no value")


def judged(task: Task, folder: Path) -> Judgement:
    """The number recomputed from the folder's raw output, and whether it is right. Raises UnknownName."""
    if task.quantity not in CHECKERS:
        raise UnknownName.of("checker", task.quantity, CHECKERS)
    try:
        raw = Raw(folder)
        reduced = task.lj_scale is not None and raw.units.name == "lj"
        scale = task.lj_scale if reduced and task.lj_scale is not None else task.scale
        value = CHECKERS[task.quantity](raw, task.given) * scale + task.offset
    except (Lang2mlipError, ValueError, KeyError) as error:
        return Judgement(right=False, why=" ".join(str(error).split())[:300])
    return Judgement(right=task.right(value), value=value)
