"""Labelled frames as rows of a weighted least-squares problem, and their normal equations.

Rows of a frame, as in `jacobian`: energy, forces, virial. The loss is, summed over frames and in (eV/Å)²,
    weight * [ energy_weight dE²/n + sum |dF|² + stress_weight |dW|²/n ]
with n atoms and the virial W = stress x volume. The Jacobian of a few frames at a time is made and thrown away, so
memory grows only with the neighbour lists: about 6 bytes per pair and 0.1 kB per atom.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError

from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.mtp.jacobian import frame_jacobian
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.mtp.tables import Parameters, System, Tables, parameters, system, tables

__all__ = ["FitData", "Normal", "Row", "nearest", "shortest", "thinned"]

_DEFAULT_CUTOFF_A = 5.2
"""Where neither the person nor a trial has chosen one."""
_LONELY = 0.01
"""Weight of frames in which no atom has a neighbour: an atom in vacuum must not bend the fit of matter."""
_CHUNK = 8
"""Frames whose Jacobians are added at once; fixed, so that sums do not depend on the number of threads."""


class Row(NamedTuple):
    """A frame ready for the fit."""

    system: System
    target: np.ndarray
    weight: np.ndarray
    """Square roots of the weights; 0 where there is no label."""


class Normal(NamedTuple):
    """J^T J, J^T y and y^T y of weighted rows."""

    matrix: np.ndarray
    vector: np.ndarray
    square: float


@dataclass
class FitData:
    """All frames, with the baseline (eV per atom of each species) that was taken off the energies."""

    rows: list[Row]
    baseline: np.ndarray

    @classmethod
    def of(
        cls,
        frames: Sequence[Atoms],
        species: tuple[str, ...],
        settings: MTPSettings,
        baseline: np.ndarray | None = None,
    ) -> FitData:
        """Labels, weights and neighbour lists. Raises PartFailed for a label that is not finite."""
        rows = [_row(number, atoms, species, settings) for number, atoms in enumerate(frames)]
        counts = np.array([np.bincount(row.system.types, minlength=len(species)) for row in rows], dtype=float)
        if baseline is None:
            baseline = _baseline(rows, counts)
        for row, offset in zip(rows, counts @ baseline, strict=True):
            row.target[0] -= offset
        return cls(rows, baseline)

    @property
    def n_atoms(self) -> int:
        """Atoms in all frames."""
        return sum(row.system.types.size for row in self.rows)

    @property
    def n_rows(self) -> int:
        """Labels in all frames."""
        return sum(int(np.count_nonzero(row.weight)) for row in self.rows)

    def loss(self, potential: Potential) -> float:
        """The loss of a potential, (eV/Å)²."""
        normal = self.normal(tables(potential.basis), parameters(potential), with_radial=False)
        x = np.concatenate([potential.linear, potential.shift])
        return float(normal.square - 2.0 * x @ normal.vector + x @ normal.matrix @ x)

    def normal(self, t: Tables, p: Parameters, with_radial: bool) -> Normal:
        """Normal equations for the linear part (y = targets), or for all parameters (y = residuals)."""
        size = p.linear.size + p.shift.size
        now = np.concatenate([p.linear, p.shift])
        matrix, vector, square = None, None, 0.0
        for rows, part in self._jacobians(t, p, with_radial):
            y = np.concatenate([row.target * row.weight for row in rows])
            if with_radial:
                y = y - now @ part[:size]
            matrix = part @ part.T if matrix is None else matrix + part @ part.T
            vector = part @ y if vector is None else vector + part @ y
            square += float(y @ y)
        if matrix is None or vector is None or not (np.isfinite(matrix).all() and np.isfinite(square)):
            raise PartFailed("The fit of the moment tensor potential gave values that are not finite; check the data.")
        return Normal(matrix, vector, square)

    def _jacobians(self, t: Tables, p: Parameters, with_radial: bool) -> Iterator[tuple[list[Row], np.ndarray]]:
        """Weighted, transposed Jacobians of a few frames at a time, in order; the kernels release the interpreter."""
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for start in range(0, len(self.rows), _CHUNK):
                rows = self.rows[start : start + _CHUNK]
                parts = pool.map(lambda row: frame_jacobian(t, p, row.system, with_radial) * row.weight, rows)
                yield rows, np.concatenate(list(parts), axis=1)


def thinned(data: FitData, n_atoms: int) -> FitData:
    """Evenly spread frames with about `n_atoms` atoms in all."""
    step = max(1, -(-data.n_atoms // n_atoms))
    return data if step == 1 else FitData(data.rows[::step], data.baseline)


def shortest(data: FitData, n_species: int) -> np.ndarray:
    """Smallest distance of each pair of species, shape (n_species, n_species), Å; inf where no pair is near."""
    found = np.full((n_species, n_species), np.inf)
    for row in data.rows:
        s = row.system
        centre = _centres(s)
        np.minimum.at(found, (s.types[centre], s.types[s.partner]), _distances(s))
    return np.asarray(np.minimum(found, found.T))


def nearest(system: System) -> np.ndarray:
    """Distance of each atom to its nearest neighbour, Å; inf where the list has none."""
    found = np.full(len(system.types), np.inf)
    np.minimum.at(found, _centres(system), _distances(system))
    return found


def _centres(system: System) -> np.ndarray:
    return np.repeat(np.arange(len(system.types)), np.diff(system.first))


def _distances(system: System) -> np.ndarray:
    """Length of every pair of the list, Å."""
    vectors = system.positions[system.partner] - system.positions[_centres(system)] + system.offset[system.image]
    return np.asarray(np.sqrt((vectors**2).sum(axis=1)))


def _baseline(rows: list[Row], counts: np.ndarray) -> np.ndarray:
    """Energy per atom of each species that explains the energies best, eV; zero without energies."""
    energies = np.array([row.target[0] for row in rows])
    has = np.array([row.weight[0] > 0 for row in rows])
    return np.linalg.lstsq(counts[has], energies[has], rcond=1e-8)[0] if has.any() else np.zeros(counts.shape[1])


def _row(number: int, atoms: Atoms, species: tuple[str, ...], settings: MTPSettings) -> Row:
    n = len(atoms)
    target, weight = np.zeros(3 * n + 7), np.zeros(3 * n + 7)
    energy, forces, stress = (_label(atoms, name) for name in ("energy", "forces", "stress"))
    if energy is not None:
        target[0], weight[0] = float(energy), settings.energy_weight / n
    if forces is not None:
        target[1:-6], weight[1:-6] = forces.T.ravel(), 1.0
    if stress is not None and atoms.cell.rank == 3 and all(atoms.pbc):
        target[-6:], weight[-6:] = stress * atoms.get_volume(), settings.stress_weight / n
    if not np.isfinite(target).all():
        raise PartFailed(
            f"Frame {number} ({atoms.get_chemical_formula()}) has a label that is not finite; take it out."
        )
    listed = system(atoms, species, settings.cutoff_A or _DEFAULT_CUTOFF_A)
    weight *= float(atoms.info.get("weight", 1.0)) * (1.0 if len(listed.partner) else _LONELY)
    return Row(listed, target, np.sqrt(weight))


def _label(atoms: Atoms, name: str) -> np.ndarray | None:
    """A label of the frame's calculator, None where it has none."""
    if atoms.calc is None:
        return None
    try:
        value = atoms.calc.get_property(name, atoms, allow_calculation=False)
    except PropertyNotImplementedError:
        return None
    return None if value is None else np.asarray(value, dtype=float)
