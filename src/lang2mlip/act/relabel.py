"""Frames of the potential's own long MD, labelled: whether it is as right where it went as where it was trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece, run_pieces
from lang2mlip.act.gathering import cost_of, faults_of, frames_of, unique
from lang2mlip.act.score import score_frames
from lang2mlip.contracts import Cost, Json, Model, Property
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.statistics import line

__all__ = ["Relabelled", "growth", "relabel"]

BATCH = 8
"""Frames per labelling piece."""

STABILITY = "stable-"
"""How the pieces of the long walks begin."""


@dataclass(frozen=True)
class Relabelled:
    """What came of it; nothing where no frame could be had."""

    properties: tuple[Property, ...] = ()
    curve: dict[str, list[float]] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    faults: tuple[str, ...] = ()


def relabel(desk: Desk, model: Model, done: Sequence[Done], count: int) -> Relabelled:
    """Label `count` frames, spread evenly over the healthy long walks, score the model on them; never training data."""
    walks = [one for one in done if one.piece.name.startswith(STABILITY) and one.fault is None]
    frames = _spread(walks, min(count, desk.calls_left()))
    if not frames:
        return Relabelled()
    labelled = run_pieces(desk, [_piece(desk, frames, start) for start in range(0, len(frames), BATCH)], "relabel")
    known = unique(frames_of(labelled))
    cost, faults = cost_of(labelled), faults_of(labelled)
    if not known:
        return Relabelled(cost=cost, faults=faults)
    scores = score_frames(desk, model, known, "relabelled")
    residuals = json.loads((desk.job / "relabelled" / "residuals.json").read_text(encoding="utf-8"))
    times = [float(atoms.info["time_fs"]) / 1000 for atoms in known]
    errors = [1000 * residuals[str(atoms.info["id"])][0] for atoms in known]
    found = (_error(desk, scores.errors["all"].force_rmse_meV_A, len(known)), *growth(times, errors))
    curve = {"time_ps": times, "force_rmse_meV_A": errors}
    return Relabelled(found, curve, cost + scores.cost, faults)


def growth(times_ps: Sequence[float], errors_meV_A: Sequence[float]) -> tuple[Property, ...]:
    """How much the error grows from the first to the last frame by a straight line; it fails where that is significant.

    Significant: more than twice its own error, and more than half of the mean error. Nothing from fewer than 5 frames.
    """
    if len(times_ps) < 5 or np.ptp(times_ps) == 0:
        return ()
    fitted, span = line(times_ps, errors_meV_A), float(np.ptp(times_ps))
    bar, mean = fitted.slope_error * span, float(np.mean(errors_meV_A))
    grown = fitted.slope * span
    return (
        Property(name="error_growth_in_MD", subject=f"{span:.2g} ps of the potential's own MD", unit="meV/Å",
                 value=grown, reference=0.0, error_bar=bar, limit=max(2 * bar, mean / 2),
                 deviation=max(0.0, grown), deviation_unit="meV/Å"),
    )  # fmt: skip


def _error(desk: Desk, value: float, count: int) -> Property:
    goal = desk.task.goals.force_rmse_meV_A
    return Property(name="force_error_in_MD", subject=f"{count} frames of the potential's own MD", unit="meV/Å",
                    value=value, reference=0.0, limit=goal, deviation=value, deviation_unit="meV/Å")  # fmt: skip


def _spread(walks: Sequence[Done], count: int) -> list[Atoms]:
    """Frames of the healthy part beyond the start, by turns from every walk, evenly over its time."""
    each = [[atoms for atoms in frames_of([one]) if _counts(atoms)] for one in walks]
    each = [frames for frames in each if frames]
    if not each or count < 1:
        return []
    share = -(-count // len(each))
    picked = [[frames[round(k)] for k in np.linspace(0, len(frames) - 1, min(share, len(frames)))] for frames in each]
    return unique([atoms for frames in picked for atoms in frames])[:count]


def _counts(atoms: Atoms) -> bool:
    return bool(atoms.info["phase_of_run"] == "stable" and atoms.info["step"] > 0)


def _piece(desk: Desk, frames: Sequence[Atoms], start: int) -> Piece:
    file = desk.job / f"relabel-{start // BATCH:03d}.extxyz"
    write_frames(file, list(frames[start : start + BATCH]))
    arguments: dict[str, Json] = {
        "reference": desk.task.reference.model_dump(mode="json"),
        "frames": str(file.relative_to(desk.run)),
    }
    return Piece(f"relabel-{start // BATCH:03d}", "lang2mlip.act.select:label", arguments)
