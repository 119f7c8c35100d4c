"""Who answers a task: the recipes without a model, a model that writes once, a model within the loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, Lang2mlipError, UnknownName, UnsupportedElement
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.author import Free
from lang2mlip.labs.lammps.bench.checkers import judged
from lang2mlip.labs.lammps.bench.task import Task
from lang2mlip.labs.lammps.engine import Limits
from lang2mlip.labs.lammps.simulation import Settings, Simulation, simulate

__all__ = ["ARMS", "Arm", "Outcome", "answered", "arm"]

_MOST_S = 900.0
"""A task is meant to take 20 s on a quiet core; so much more, on a shared one too, is a failure of the arm."""


class Outcome(Noun):
    """What an arm made of a task."""

    executed: bool = Field(description="LAMMPS ran to its end without an error; or the request was refused in words")
    right: bool = Field(description="the number is; of requests of others, which have none, that the grading passed")
    value: float | None = Field(default=None, description="recomputed from raw output")
    reported: float | None = Field(default=None, description="what the arm itself said, where it said a number")
    said: str = ""
    score: float | None = Field(default=None, description="of the rubric, 0 to 100")
    rounds: int = 0
    wall_s: float = Field(default=0.0, description="of the runs of the round that was handed over, LAMMPS alone")
    tokens: int = 0
    folder: str = ""


@dataclass(frozen=True)
class Arm:
    """One way to answer."""

    name: str
    model: bool
    """It needs a language model."""
    rounds: int
    checked: bool = True
    """The script is looked over, tried, graded and mended."""


ARMS = {
    "recipes": Arm("recipes", model=False, rounds=3),
    "direct": Arm("direct", model=True, rounds=1, checked=False),
    "loop": Arm("loop", model=True, rounds=3),
}


def arm(name: str) -> Arm:
    """The arm called so. Raises UnknownName."""
    if name not in ARMS:
        raise UnknownName.of("arm", name, ARMS)
    return ARMS[name]


def answered(task: Task, by: Arm, out: Path, name: str, model: str | None = None) -> Outcome:
    """Put the task's words to the arm, and judge what lies in its folder. Never raises for what the arm did wrong."""
    settings = Settings(
        task.potential, out, name, by.rounds, Manner(Limits(time_s=_MOST_S), checked=by.checked),
        model if by.model else None,
    )  # fmt: skip
    try:
        made = simulate(task.words, settings)
    except (BadInput, UnsupportedElement, UnknownName) as error:
        return _refused(task, str(error))
    except Lang2mlipError as error:
        return Outcome(executed=False, right=False, said=str(error), folder=name)
    return _judged(task, by, made)


def _refused(task: Task, said: str) -> Outcome:
    meant = task.refused is not None and task.refused in said
    return Outcome(executed=meant, right=meant, said=said)


def _judged(task: Task, by: Arm, made: Simulation) -> Outcome:
    ran = next(one for one in made.grade.parts if one.name == "completed").points > 0
    told = {"rounds": len(made.rounds), "score": made.grade.score, "wall_s": made.wall_s, "folder": made.folder.name,
            "tokens": made.tokens, "said": made.grade.sentence()}  # fmt: skip
    if task.refused is not None:
        return Outcome(executed=False, right=False, **{**told, "said": "it was simulated where it had to be refused"})
    if by.model and made.recipe != Free.key:
        return Outcome(executed=False, right=False, **{**told, "said": "the model gave no script; a recipe stood in"})
    if task.open:
        return Outcome(executed=ran, right=ran and made.grade.passed, **told)
    found = judged(task, made.folder)
    reported = next((one.value for one in made.numbers if one.name.startswith(task.quantity)), None)
    return Outcome(executed=ran, right=ran and found.right, value=found.value, reported=reported,
                   **{**told, "said": found.why or told["said"]})  # fmt: skip
