"""What an arm had to show for its calls: each model of a run, its data fitted again the standard way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.contracts import Cost
from lang2mlip.errors import PartFailed
from lang2mlip.labs.develop.fits import Error, standard_fit
from lang2mlip.labs.develop.systems import System
from lang2mlip.labs.develop.truth import Known
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

__all__ = ["Point", "area", "curve", "first_within", "snapshots"]


@dataclass(frozen=True)
class Point:
    """A model of a run: what had been spent when it was trained, and the error of its data on the test set."""

    step: int
    calls: int
    core_s: float
    labels: int
    error: Error

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "step": self.step,
            "calls": self.calls,
            "core_s": round(self.core_s, 1),
            "labels": self.labels,
            **self.error.row(),
        }


Snapshot = tuple[int, Cost, list[Atoms]]


def snapshots(run: Run) -> Iterator[Snapshot]:
    """(step, all that had been spent, the frames that the model knows) of every model that was trained."""
    view = run.view()
    spent = sum((event.cost for event in view.preparation), Cost())
    for step in view.steps():
        if step.result is None:
            continue
        spent += step.result.cost
        if step.result.model is not None:
            yield step.number, spent, read_frames(_job(run.folder, step.number) / "training.extxyz")


def curve(one: System, run: Run, known: Known, work: Path) -> list[Point]:
    """A point per model that knows a tenth more than the one before, and the last; what has no fit is left out."""
    test, points = known.test(), []
    for number, spent, frames in _apart(list(snapshots(run))):
        try:
            error = standard_fit(one, frames, test, work)
        except PartFailed:
            continue
        points.append(Point(number, spent.calls, core_seconds(spent), len(frames), error))
    return points


_MORE = 1.1
"""Frames of a model over those of the one before it on the curve: a fit costs more than such a step could tell."""


def _apart(every: list[Snapshot]) -> Iterator[Snapshot]:
    """Those with so many more frames than the one before, and the last."""
    known = 0
    for one in every:
        if len(one[2]) >= _MORE * known or one is every[-1]:
            known = len(one[2])
            yield one


def core_seconds(cost: Cost) -> float:
    """Of the reference, of training, and of MD with the potential."""
    return cost.reference_s + cost.training_s + cost.md_s


def first_within(points: Sequence[Point], target: float) -> Point | None:
    """The first point whose force error is within the target."""
    return next((point for point in points if point.error.force_meV_A <= target), None)


def area(points: Sequence[Point], known: Known, budget: int) -> float:
    """Mean over the calls of the budget of ln(force error / floor); smaller is better.

    The error is that of the newest model; before the first it is the rms force, which is the error of no potential.
    """
    floor = known.floor["force_meV_A"]
    marks = [(0, float(known.facts["rms_force_meV_A"]))]
    marks += [(min(point.calls, budget), point.error.force_meV_A) for point in points]
    spans = pairwise([*marks, (budget, marks[-1][1])])
    return sum((later - now) * log(error / floor) for (now, error), (later, _) in spans) / budget


def _job(folder: Path, number: int) -> Path:
    return folder / "jobs" / f"{number:04d}-train"
