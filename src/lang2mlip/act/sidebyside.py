"""The reference's own walks beside the potential's: structure, density, diffusion.

Both sides begin at the same atoms with the same seed and are read over the same stretch of time, so that a start that
is not yet in equilibrium counts against neither. A limit holds only where the noise of the walks lies below it: short
walks can contradict a potential, but they cannot prove more than they measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from lang2mlip.act import diffusion, energy
from lang2mlip.act.base import Desk, Done
from lang2mlip.act.bondcount import BondCount
from lang2mlip.act.walks import subject_of
from lang2mlip.contracts import Goals, Json, Property
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.evaluation import density
from lang2mlip.science.evaluation.measured import Measured
from lang2mlip.science.evaluation.rdf import RadialDistribution

if TYPE_CHECKING:
    from lang2mlip.act.evaluate import Measurements

__all__ = ["compare_walks"]

SETTLE = 1 / 3
"""Part of every walk that is left out of averages."""

FEWEST = 24
"""Frames below which no mean squared displacement is read."""


def compare_walks(desk: Desk, done: Sequence[Done], found: Measurements) -> None:
    """Add properties and curves of every repeated walk to `found`."""
    if not done:
        return
    bonds = BondCount(desk)
    for one in done:
        walk = json.loads((desk.run / one.piece.arguments["repeats"]).read_text(encoding="utf-8"))
        mine, known = read_frames(one.folder / "frames.extxyz"), read_frames(desk.run / walk["frames"])
        bonds.add(walk, (mine, one.value["thermo"]), known)
        mine, known = _healthy(mine), _healthy(known)
        energy.compare(walk, one.value["thermo"], len(known[0]) if known else 0, found)
        if walk["plan"]["ensemble"] != "npt" and min(len(mine), len(known)) >= FEWEST:
            diffusion.compare(desk.task, walk, (mine, known), found)
        mine, known = _settled(mine), _settled(known)
        if len(mine) >= 4 and len(known) >= 4:
            _compare(desk.task.goals, walk, (mine, known), found)
    found.properties += bonds.properties()


def _healthy(frames: list[Atoms]) -> list[Atoms]:
    return [atoms for atoms in frames if atoms.info["phase_of_run"] == "stable"]


def _settled(frames: list[Atoms]) -> list[Atoms]:
    return frames[int(SETTLE * len(frames)) :]


def _compare(goals: Goals, walk: dict[str, Json], sides: tuple[list[Atoms], list[Atoms]], found: Measurements) -> None:
    subject, group = subject_of(walk), walk["note"]["group"]
    mine, known = sides
    if walk["plan"]["ensemble"] == "npt":
        picoseconds = walk["plan"]["timestep_fs"] * walk["plan"]["steps"] / 1000
        one = density.compare(f"{subject}, {picoseconds:.2g} ps", mine, known)
        bar = 200 * (one.error_bar or 0.0) / one.reference
        limit = goals.density_percent + bar
        found.properties.append(one.model_copy(update={"limit": limit, "group": group}))
        found.curves.setdefault("density", {})[subject] = {"potential": _series(mine), "reference": _series(known)}
        return
    if known[0].pbc.any():
        _by_layer(subject, (mine, known), (group, goals), found)
        measured = RadialDistribution().compare(subject, mine, known)
        found.properties += [_bounded(one, group, goals) for one in measured.properties]
        _draw(subject, measured, found)


def _draw(subject: str, measured: Measured, found: Measurements) -> None:
    """g(r) of every element pair, the ones that are furthest off first: a page may show the first ones alone."""
    away = {one.name.removeprefix("rdf_"): one.deviation for one in measured.properties}
    sides = {side: {str(one["pair"]): one for one in every} for side, every in measured.curves["rdf"].items()}
    for pair in sorted(away, key=lambda name: -away[name]):
        curve = {side: every[pair] for side, every in sides.items()}
        found.curves.setdefault("rdf", {})[f"{subject}, {pair}"] = curve


def _series(frames: list[Atoms]) -> dict[str, list[float]]:
    """Density against time."""
    times = [float(atoms.info["time_fs"]) / 1000 for atoms in frames]
    return {"t_ps": times, "g_cm3": [density.density([atoms]).value for atoms in frames]}


def _by_layer(
    subject: str, sides: tuple[list[Atoms], list[Atoms]], where: tuple[str, Goals], found: Measurements
) -> None:
    """g(r) within each layer that the builder marked, by the volume of that layer; a gate as that of the whole is."""
    layers = sorted(set(sides[1][0].arrays.get("layer", [])))
    for layer in layers if len(layers) > 1 else []:
        mine, known = ([atoms[atoms.arrays["layer"] == layer] for atoms in side] for side in sides)
        measured = RadialDistribution().compare(f"{subject}, layer {layer + 1}", mine, known)
        share = _share_of_height(known[0])
        found.properties += [_bounded(_times(one, share), *where) for one in measured.properties]


def _share_of_height(atoms: Atoms) -> float:
    """Of the cell's height, what a layer takes: from its lowest to its highest atom, and the room of one atom more."""
    area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
    height = float(atoms.cell.volume) / area
    span = height * float(np.ptp((atoms.positions @ np.linalg.inv(atoms.cell.array))[:, 2]))
    return min(1.0, (span + (area * span / len(atoms)) ** (1 / 3)) / height) if span else 1.0


def _times(one: Property, share: float) -> Property:
    """A difference of g(r), which was taken by the volume of the whole cell, by a share of that volume."""
    bar = None if one.error_bar is None else share * one.error_bar
    return one.model_copy(update={"value": share * one.value, "deviation": share * one.deviation, "error_bar": bar})


def _bounded(one: Property, group: str, goals: Goals) -> Property:
    """g(r) with a limit where its own noise lies below the limit; else a figure and no gate."""
    told = one.error_bar is not None and 2 * one.error_bar <= goals.rdf_rmse
    return one.model_copy(update={"limit": goals.rdf_rmse if told else None, "group": group})
