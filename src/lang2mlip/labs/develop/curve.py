"""What an arm had to show for its calls: each model of a run, its data fitted again the standard way.

Where the run has fitted them in that very way itself, its own model is scored. On silicon carbide 22 of 22 such models
have the error of the fit made again: 19 to every digit kept, three of at most ten labels to five.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, NamedTuple

from ase import Atoms

from lang2mlip.contracts import Cost, Model
from lang2mlip.errors import PartFailed
from lang2mlip.labs.develop.fits import Error, own_fit, standard_fit
from lang2mlip.labs.develop.systems import System
from lang2mlip.labs.develop.truth import Known
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.identity import structure_id

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


class Snapshot(NamedTuple):
    """A model that was trained: in which step, when how much had been spent, on what, and how long its fit took."""

    step: int
    spent: Cost
    model: Model
    frames: list[Atoms]
    fit_core_s: float

    @property
    def ids(self) -> list[str]:
        """Of its frames, in order."""
        return sorted(structure_id(atoms) for atoms in self.frames)


def snapshots(run: Run) -> Iterator[Snapshot]:
    """Every model that was trained, oldest first."""
    view = run.view()
    spent = sum((event.cost for event in view.preparation), Cost())
    for step in view.steps():
        if step.result is None:
            continue
        spent += step.result.cost
        if step.result.model is not None:
            file = run.folder / "jobs" / f"{step.number:04d}-train" / "training.extxyz"
            yield Snapshot(step.number, spent, step.result.model, read_frames(file), step.result.cost.training_s)


def curve(one: System, run: Run, known: Known, work: Path) -> list[Point]:
    """A point per model that knows a tenth more than the one before, and the last; what has no fit is left out."""
    test, points, every = known.test(), [], list(snapshots(run))
    for snap in _apart(every):
        alike = (other for other in every if other.ids == snap.ids)
        own = (own_fit(one, other.model, run.folder / other.model.folder, other.fit_core_s, test) for other in alike)
        try:
            error = next(filter(None, own), None) or standard_fit(one, snap.frames, test, work)
        except PartFailed:
            continue
        points.append(Point(snap.step, snap.spent.calls, core_seconds(snap.spent), len(snap.frames), error))
    return points


_MORE = 1.1
"""Frames of a model over those of the one before it on the curve: a fit costs more than such a step could tell."""


def _apart(every: list[Snapshot]) -> Iterator[Snapshot]:
    """Those with so many more frames than the one before, and the last."""
    known = 0
    for one in every:
        if len(one.frames) >= _MORE * known or one is every[-1]:
            known = len(one.frames)
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
