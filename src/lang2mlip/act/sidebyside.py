"""The reference's own walks beside the potential's: structure, density, diffusion.

Both sides begin at the same atoms with the same seed and are read over the same stretch of time, so that a start that
is not yet in equilibrium counts against neither. A limit is widened to twice the error bar where that is larger: short
walks can contradict a potential, but they cannot prove more than they measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ase import Atoms

from lang2mlip.act.base import Desk, Done
from lang2mlip.contracts import Goals, Json, Property
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.evaluation import density, msd
from lang2mlip.science.evaluation.rdf import RadialDistribution

if TYPE_CHECKING:
    from lang2mlip.act.evaluate import Measurements

__all__ = ["compare_walks"]

SETTLE = 1 / 3
"""Part of every walk that is left out of averages."""

FEWEST = 24
"""Frames below which no diffusion is read."""


def compare_walks(desk: Desk, done: Sequence[Done], found: Measurements) -> None:
    """Add properties and curves of every repeated walk to `found`."""
    for one in done:
        walk = json.loads((desk.run / one.piece.arguments["repeats"]).read_text(encoding="utf-8"))
        mine = _settled(read_frames(one.folder / "frames.extxyz"))
        known = _settled(read_frames(desk.run / walk["frames"]))
        if len(mine) >= 4 and len(known) >= 4:
            _compare(desk.task.goals, walk, (mine, known), found)


def _settled(frames: list[Atoms]) -> list[Atoms]:
    healthy = [atoms for atoms in frames if atoms.info["phase_of_run"] == "stable"]
    return healthy[int(SETTLE * len(healthy)) :]


def _compare(goals: Goals, walk: dict[str, Json], sides: tuple[list[Atoms], list[Atoms]], found: Measurements) -> None:
    subject, group = walk["name"], walk["note"]["group"]
    mine, known = sides
    if walk["plan"]["ensemble"] == "npt":
        one = density.compare(group, mine, known)
        bar = 200 * (one.error_bar or 0.0) / one.reference
        found.properties.append(one.model_copy(update={"limit": max(goals.density_percent, bar)}))
        return
    if known[0].pbc.any():
        measured = RadialDistribution().compare(subject, mine, known)
        found.properties += [_bounded(one, group, goals) for one in measured.properties]
        found.curves.setdefault("rdf", {})[subject] = {
            side: curves[0] for side, curves in measured.curves["rdf"].items()
        }
    if min(len(mine), len(known)) >= FEWEST:
        _diffusion(walk, sides, found)


def _bounded(one: Property, group: str, goals: Goals) -> Property:
    """g(r) with a limit where its own noise is known."""
    limit = None if one.error_bar is None else max(goals.rdf_rmse, 2 * one.error_bar)
    return one.model_copy(update={"limit": limit, "subject": group})


def _diffusion(walk: dict[str, Json], sides: tuple[list[Atoms], list[Atoms]], found: Measurements) -> None:
    interval = walk["plan"]["timestep_fs"] * walk["plan"]["keep_every"] / 1000
    mine, known = (msd.Trajectory(side[: min(map(len, sides))], interval) for side in sides)
    properties, curves = msd.compare(walk["note"]["group"], mine, known)
    found.properties += properties
    first = {side: next(iter(every.values())) for side, every in curves["msd"].items()}
    found.curves.setdefault("msd", {})[walk["name"]] = first
