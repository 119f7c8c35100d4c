"""The reference's own walks beside the potential's: structure, density, diffusion.

Both sides begin at the same atoms with the same seed and are read over the same stretch of time, so that a start that
is not yet in equilibrium counts against neither. A limit holds only where the noise of the walks lies below it: short
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

SHORTEST_PS = 1.0
"""Time below which a mean squared displacement is vibration, not diffusion."""


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
    subject, group = f"{walk['note']['group']}, {walk['plan']['temperature_K']:.0f} K", walk["note"]["group"]
    mine, known = sides
    if walk["plan"]["ensemble"] == "npt":
        picoseconds = walk["plan"]["timestep_fs"] * walk["plan"]["steps"] / 1000
        one = density.compare(f"{subject}, {picoseconds:.2g} ps", mine, known)
        bar = 200 * (one.error_bar or 0.0) / one.reference
        limit = goals.density_percent + bar
        found.properties.append(one.model_copy(update={"limit": limit, "group": group}))
        return
    if known[0].pbc.any():
        measured = RadialDistribution().compare(subject, mine, known)
        found.properties += [_bounded(one, group, goals) for one in measured.properties]
        found.curves.setdefault("rdf", {})[subject] = {
            side: curves[0] for side, curves in measured.curves["rdf"].items()
        }
    interval = walk["plan"]["timestep_fs"] * walk["plan"]["keep_every"] / 1000
    if min(len(mine), len(known)) >= FEWEST and interval * min(len(mine), len(known)) >= SHORTEST_PS:
        _diffusion(subject, group, sides, interval, found)


def _bounded(one: Property, group: str, goals: Goals) -> Property:
    """g(r) with a limit where its own noise lies below the limit; else a figure and no gate."""
    told = one.error_bar is not None and 2 * one.error_bar <= goals.rdf_rmse
    return one.model_copy(update={"limit": goals.rdf_rmse if told else None, "group": group})


def _diffusion(
    subject: str, group: str, sides: tuple[list[Atoms], list[Atoms]], interval_ps: float, found: Measurements
) -> None:
    mine, known = (msd.Trajectory(side[: min(map(len, sides))], interval_ps) for side in sides)
    properties, curves = msd.compare(subject, mine, known)
    found.properties += [one.model_copy(update={"group": group}) for one in properties]
    found.curves.setdefault("msd", {})[subject] = {
        side: next(iter(every.values())) for side, every in curves["msd"].items()
    }
