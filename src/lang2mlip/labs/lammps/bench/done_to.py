"""Numbers of what is done to a system: a sphere pressed into it, atoms dropped on it, a bias on a pair."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lang2mlip.contracts import Json
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.bench.raw import Raw
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["DONE_TO"]

Floats = NDArray[np.float64]

_NN = 1.602176634
"""1 eV/Å in nN."""

_BOUND = 1.5


def _hardness(raw: Raw, given: dict[str, Json]) -> float:
    """GPa: load at the deepest twentieth over the projected area of a sphere of given["radius_A"]."""
    table = raw.production()
    force = next((one for one in table.columns if re.fullmatch(r"f_\w+\[3\]", one)), None)
    if force is None or "v_depth" not in table.columns:
        raise PartFailed(f"The thermo output in {raw.folder} has no load and depth of an indenter.")
    load, depth = raw.column(table, force) * raw.units.energy_eV * _NN, raw.column(table, "v_depth")
    deep = slice(-max(1, len(depth) // 20), None)
    at = depth[deep].mean()
    return float(100 * load[deep].mean() / (np.pi * (2 * given["radius_A"] - at) * at))


def _sticking(raw: Raw, given: dict[str, Json]) -> float:
    """Share of the atoms that came during the last stretch and have a neighbour at its end."""
    frames, _ = raw.frames()
    before, last = len(frames[0]), frames[-1]
    came = len(last) - before
    if came < 1:
        raise PartFailed(f"No atom came in {raw.folder}.")
    first = raw.states()[0]
    reach = _BOUND * (first.volume_A3 / first.atoms) ** (1 / 3)
    apart = last.positions[before:, None] - last.positions[None]
    inside = apart @ np.linalg.inv(last.cell.array)
    near = np.linalg.norm((inside - np.round(inside)) @ last.cell.array, axis=2)
    near[np.arange(came), before + np.arange(came)] = np.inf
    return float(np.mean(near.min(axis=1) < reach))


def _barrier(raw: Raw, given: dict[str, Json]) -> float:
    """eV: from the first well of w(r) to the maximum behind it, w from the hills that colvars wrote one by one."""
    files = sorted(raw.folder.glob("*hills.traj"))
    told = raw.folder / "colvars.in"
    more = re.search(r"biasTemperature\s+(\S+)", told.read_text()) if told.is_file() else None
    if not files or more is None:
        raise PartFailed(f"{raw.folder} has no hills of a well-tempered bias.")
    tables = [np.loadtxt(file, comments="#") for file in files]
    kelvin, added = float(raw.column(raw.production(), "Temp").mean()), float(more[1])
    far = np.concatenate([table[:, 1] for table in tables])
    r = np.arange(np.quantile(far, 0.02), np.quantile(far, 0.98), 0.05)
    free = 2 * BOLTZMANN_EV_PER_K * kelvin * np.log(r)
    for _, centre, width, height in np.concatenate([table[:, :4] for table in tables]):
        hill = height * raw.units.energy_eV * np.exp(-0.5 * ((r - centre) / width) ** 2)
        free -= (kelvin + added) / added * hill / len(tables)
    well = int(np.argmin(free[: len(r) // 2]))
    return float(free[well:].max() - free[well])


DONE_TO: dict[str, Callable[[Raw, dict[str, Json]], float]] = {
    "hardness": _hardness,
    "sticking": _sticking,
    "barrier": _barrier,
}
"""Quantity → how it is recomputed from the raw output of a run."""
