"""What earlier selections teach: which doubt went with which true error, per group, and the bounds that follow.

Each selection leaves `doubt.json` in its job folder: one row for each frame that was doubted, labelled, and scored with
the model that had not seen it. The next one reads those of all before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.contracts import Goals, Json
from lang2mlip.record.run import write_json
from lang2mlip.record.view import View
from lang2mlip.science.selection.calibrate import FEWEST, Band, Point, band, fit

__all__ = ["Bounds", "calibrated", "remember", "remembered"]

MOST = 300
"""Rows looked at, the latest ones: a potential that has changed doubts otherwise than it did."""


class Bounds(NamedTuple):
    """Bounds of doubt per group, and how they came about."""

    bands: dict[str, tuple[float, float]]
    words: str


def remember(desk: Desk, frames: Sequence[Atoms]) -> None:
    """Write down doubt and true error of the frames of this selection that have both."""
    file = desk.job / "fresh" / "residuals.json"
    if not file.exists():
        return
    errors = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        {
            "id": atoms.info["id"],
            "group": atoms.info["group"],
            "measure": atoms.info["doubt_is"],
            "doubt": atoms.info["doubt"],
            "error_meV_A": 1000.0 * errors[atoms.info["id"]][0],
            "rms_meV_A": 1000.0 * float(np.sqrt(np.mean(np.square(atoms.get_forces())))),
        }
        for atoms in frames
        if "doubt" in atoms.info and atoms.info["id"] in errors
    ]
    write_json(desk.job / "doubt.json", rows)


def remembered(view: View, measure: str) -> list[Json]:
    """The latest rows of earlier selections that doubted in this measure, oldest first."""
    rows: list[Json] = []
    for step in view.steps():
        file = view.path(f"jobs/{step.number:04d}-select/doubt.json")
        if step.decision.action == "select" and step.result is not None and file.exists():
            rows += [row for row in json.loads(file.read_text(encoding="utf-8")) if row["measure"] == measure]
    return rows[-MOST:]


def calibrated(rows: Sequence[Json], groups: Sequence[str], goals: Goals, measure: str, usual: float = 0.0) -> Bounds:
    """Bounds for these groups from their own rows, from all where a group has too few, or none where all are too few.

    Doubt begins where a quarter of the frames miss the goal of the error, at the latest with the more doubtful half of
    the rows; it ends where errors are as large as forces, or at the `usual` bound where no row tells.
    """
    everyone = _bounds(rows, goals, usual)
    found, words = {}, []
    for name in groups:
        own = [row for row in rows if row["group"] == name]
        mine = _bounds(own, goals, usual) if len(own) >= FEWEST else None
        chosen, count = (mine, len(own)) if mine else (everyone, len(rows))
        if chosen is not None:
            found[name] = (chosen.low, chosen.high)
            words.append(f"{name} {chosen.low:.3g} to {chosen.high:.3g} (from {count} {'own ' if mine else ''}picks)")
    if words:
        return Bounds(found, f" Bounds of doubt ({measure}) from earlier picks: {', '.join(words)}.")
    why = f"only {len(rows)} earlier picks" if len(rows) < FEWEST else "doubt did not go with error in earlier picks"
    return Bounds({}, f" Usual bounds of doubt ({measure}): {why}." if rows else "")


def _bounds(rows: Sequence[Mapping[str, Json]], goals: Goals, usual: float) -> Band | None:
    points = [Point(row["doubt"], row["error_meV_A"]) for row in rows]
    law = fit(points)
    if law is None:
        return None
    rms = float(np.sqrt(np.mean([row["rms_meV_A"] ** 2 for row in rows])))
    goal = min(goals.force_rmse_meV_A, goals.force_relative * rms) if rms else goals.force_rmse_meV_A
    return band(points, law, goal, max(rms, 2.0 * goal), usual)
