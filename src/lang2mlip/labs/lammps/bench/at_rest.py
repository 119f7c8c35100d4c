"""Numbers at 0 K from the ends of minimisations, whoever wrote the script. None of it is shared with the recipes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lang2mlip.contracts import Json
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.bench.raw import Raw, State
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = ["AT_REST"]

_REST_GPa = 0.05
"""Pressure that a relaxed box may keep: of a bulk modulus of 100 GPa it is 0.02 % of the lattice parameter."""

_SMALL = 0.03
"""Strain beyond which stress is not linear in it."""

_STRAINED = 1e-5


def _ground(raw: Raw) -> State:
    """The relaxed crystal: most atoms, no pressure, least energy. Raises PartFailed where nothing was relaxed."""
    states = raw.states()
    most = max(one.atoms for one in states)
    rest = [one for one in states if one.atoms == most and abs(one.pressure_GPa) < _REST_GPa]
    if not rest:
        raise PartFailed(f"No state in {raw.folder} is free of pressure; the box was not relaxed.")
    return min(rest, key=lambda one: one.energy_eV)


def _lattice(raw: Raw, given: dict[str, Json]) -> float:
    """Å, of a cubic cell with given["cell"] atoms."""
    ground = _ground(raw)
    return float((ground.volume_A3 / ground.atoms * given["cell"]) ** (1 / 3))


def _edge(raw: Raw, given: dict[str, Json]) -> float:
    """Å: the edge of the box along x over the whole number of cells that brings it nearest to given["near_A"]."""
    length = float(np.linalg.norm(_ground(raw).box_A[0]))
    return float(length / max(1, round(length / given["near_A"])))


def _energy(raw: Raw, given: dict[str, Json]) -> float:
    """eV/atom."""
    ground = _ground(raw)
    return ground.energy_eV / ground.atoms


def _bulk_modulus(raw: Raw, given: dict[str, Json]) -> float:
    """GPa: V E'' at the minimum of a polynomial in the volume itself, not of Birch's equation."""
    ground = _ground(raw)
    pairs = {round(one.volume_A3 / one.atoms, 5): one.energy_eV / one.atoms for one in raw.states()
             if one.atoms == ground.atoms and abs(one.volume_A3 / ground.volume_A3 - 1) < 0.15}  # fmt: skip
    if len(pairs) < 6:
        raise PartFailed(f"The run in {raw.folder} has {len(pairs)} different volumes, too few for a curve.")
    volume, energy = np.array(list(pairs)), np.array(list(pairs.values()))
    scale = ground.volume_A3 / ground.atoms
    curve = np.polynomial.Polynomial.fit(volume / scale - 1, energy, 4).convert()
    roots = [float(root.real) for root in curve.deriv().roots() if abs(root.imag) < 1e-9]
    at = min(roots, key=abs, default=0.0)
    return float((1 + at) * curve.deriv(2)(at) / scale * EV_PER_A3_IN_GPA)


def _elastic(number: int) -> Callable[[Raw, dict[str, Json]], float]:
    """C11, C12 or C44 (0, 1, 2) of a cubic crystal along its axes, GPa."""

    def constant(raw: Raw, given: dict[str, Json]) -> float:
        ground = _ground(raw)
        back = np.linalg.inv(ground.box_A)
        rows, sides = list[list[float]](), list[float]()
        for one in raw.states():
            moved = back @ one.box_A
            strain = (moved + moved.T) / 2 - np.eye(3)
            if one.atoms == ground.atoms and _STRAINED < np.abs(strain).max() < _SMALL:
                _equations(strain, one.stress_GPa - ground.stress_GPa, rows, sides)
        matrix = np.array(rows)
        if len(rows) == 0 or not np.isfinite(sides).all() or np.linalg.matrix_rank(matrix, tol=1e-6) < 3:
            raise PartFailed(f"The strained states in {raw.folder} do not determine C11, C12 and C44.")
        return float(np.linalg.lstsq(matrix, np.array(sides), rcond=None)[0][number])

    return constant


def _equations(strain: np.ndarray, stress: np.ndarray, rows: list[list[float]], sides: list[float]) -> None:
    """Stress = C strain for the three constants of a cubic crystal; shear strains are twice the tensor's."""
    straight = np.diag(strain)
    for axis in range(3):
        rows.append([straight[axis], straight.sum() - straight[axis], 0.0])
        sides.append(float(stress[axis]))
    for n, (i, j) in enumerate(((1, 2), (0, 2), (0, 1)), 3):
        rows.append([0.0, 0.0, 2 * strain[i, j]])
        sides.append(float(stress[n]))


def _vacancy(raw: Raw, given: dict[str, Json]) -> float:
    """eV: the least energy with one atom fewer, less its share of the least energy of all."""
    states = raw.states()
    most = max(one.atoms for one in states)
    whole = min((one.energy_eV for one in states if one.atoms == most), default=np.nan)
    holed = [one.energy_eV for one in states if one.atoms == most - 1]
    if not holed:
        raise PartFailed(f"No state in {raw.folder} has one atom fewer than the crystal.")
    return float(min(holed) - (most - 1) / most * whole)


def _surface(raw: Raw, given: dict[str, Json]) -> float:
    """J/m²: the least energy in a box that was pulled open along z, less the crystal's, over both its faces."""
    states = raw.states()
    bulk = min(states, key=lambda one: (one.energy_eV / one.atoms))
    open_ = [one for one in states if one.volume_A3 / one.atoms > 1.2 * bulk.volume_A3 / bulk.atoms]
    if not open_:
        raise PartFailed(f"No state in {raw.folder} has a gap above the crystal.")
    slab = min(open_, key=lambda one: one.energy_eV / one.atoms)
    area = float(np.linalg.norm(np.cross(slab.box_A[0], slab.box_A[1])))
    excess = slab.energy_eV - slab.atoms / bulk.atoms * bulk.energy_eV
    return float(excess / (2 * area) * EV_PER_A3_IN_GPA / 10)


AT_REST: dict[str, Callable[[Raw, dict[str, Json]], float]] = {
    "lattice_parameter": _lattice,
    "edge_x": _edge,
    "energy": _energy,
    "bulk_modulus": _bulk_modulus,
    "C11": _elastic(0),
    "C12": _elastic(1),
    "C44": _elastic(2),
    "vacancy_energy": _vacancy,
    "surface_energy": _surface,
}
"""Quantity → how it is recomputed from the raw output of a run."""
