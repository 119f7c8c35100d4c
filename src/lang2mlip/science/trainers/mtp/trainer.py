"""The MTP family: fit, save, load, run, grade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from lang2mlip.contracts.base import check
from lang2mlip.contracts.parts import FitReport, FitRequest, Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.calculator import MTPCalculator
from lang2mlip.science.trainers.mtp.core import Core, no_core, wall_needed
from lang2mlip.science.trainers.mtp.data import FitData, shortest
from lang2mlip.science.trainers.mtp.engine import LEVEL_OFF_A, Engine
from lang2mlip.science.trainers.mtp.fit import Fit
from lang2mlip.science.trainers.mtp.folder import Model, load_model, save_model
from lang2mlip.science.trainers.mtp.maxvol import active_inverse, row_grades
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.mtp.start import carried_over, fresh_radial

__all__ = ["MTPTrainer"]

_TRUSTED = 0.93
"""Start of the core over the smallest distance in the data: just below the data the fit still beats the core."""
_UNSEEN_PAIR = 0.7
"""Start of the core over the sum of covalent radii, for a pair of species that never meets in the data."""


class MTPTrainer:
    """Moment tensor potentials (Shapeev 2016) with one radial set per pair of species."""

    Settings: ClassVar[type[MTPSettings]] = MTPSettings

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """Level, iterations and time that suit the number of elements and the effort."""
        if effort == "accurate":
            return {"level": 12, "max_iterations": 25, "tolerance": 2e-4, "time_limit_s": 150.0}
        return {"level": 8 if len(elements) == 1 else 10, "max_iterations": 12, "time_limit_s": 45.0}

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Fit and save. The same frames and settings give the same model (if no time limit cuts the fit short).

        Raises PartFailed for no frames, labels that are not finite, or a singular fit.
        """
        if not frames:
            raise PartFailed("There is nothing to fit: no labelled frames; explore or select first.")
        chosen = {**self.suggest(request.elements, len(frames), request.effort), **request.settings}
        settings = check(MTPSettings, chosen, "settings of mtp")
        data = FitData.of(frames, request.elements, settings)
        start, inner = self._start(data, request, settings)
        fit = Fit(data, settings, progress)
        potential = fit.run(start)
        core = _core(potential, request.elements, inner) if settings.core else no_core(_atomic(request.elements))
        engine = Engine(potential, request.elements, core)
        model = Model(potential, request.elements, core, _active(engine, data), settings.model_dump())
        save_model(model, folder)
        return FitReport(
            n_parameters=potential.n_parameters, curve=tuple(fit.curve), notes=self._notes(potential, data)
        )

    def calculator(self, folder: Path) -> MTPCalculator:
        """A calculator for any number of atoms of the model's elements."""
        return MTPCalculator(load_model(folder).engine())

    def grades(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Largest MaxVol grade of each frame's atoms; above 1 the basis values lie outside the training set's."""
        model = load_model(folder)
        engine = model.engine()
        found = np.zeros(len(frames))
        for number, atoms in enumerate(frames):
            for species, rows in _rows_by_species(engine, atoms):
                found[number] = max(found[number], float(row_grades(rows, model.active[species]).max()))
        return found

    def descriptors(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Mean and standard deviation of the atoms' basis values, by species of the centre."""
        engine = load_model(folder).engine()
        size = len(engine.tables.mapping)
        found = np.zeros((len(frames), len(engine.species), 2, size))
        for number, atoms in enumerate(frames):
            for species, rows in _rows_by_species(engine, atoms):
                found[number, species] = rows[:, :size].mean(axis=0), rows[:, :size].std(axis=0)
        return found.reshape(len(frames), -1)

    def _start(self, data: FitData, request: FitRequest, settings: MTPSettings) -> tuple[Potential, np.ndarray]:
        """A potential to begin with, and the distance below which each pair is held apart."""
        basis, n_species = moment_basis(settings.level), len(request.elements)
        inner = _inner(data, request.elements, settings)
        span = (max(float(inner.min()) - LEVEL_OFF_A, 0.1), settings.cutoff_A)
        radial = fresh_radial(n_species, basis.n_radial, settings.radial_size, span)
        if request.start is not None:
            old = load_model(Path(request.start))
            if old.species == request.elements:
                radial = carried_over(old.potential, radial, span)
        empty = np.zeros(len(basis.mapping)), np.zeros(n_species)
        return Potential(basis, span[0], span[1], radial, *empty), inner

    def _notes(self, potential: Potential, data: FitData) -> tuple[str, ...]:
        basis = potential.basis
        return (
            f"level {basis.level}: {len(basis.mapping)} basis functions, {potential.radial.shape[2]} radial functions "
            f"of {potential.radial.shape[3]} terms per pair of species; {len(data.rows)} frames, {data.n_atoms} atoms",
        )


def _inner(data: FitData, species: Sequence[str], settings: MTPSettings) -> np.ndarray:
    """Where the core of each pair begins: the smallest distance in the data, or the person's."""
    radii = covalent_radii[_atomic(species).astype(int)]
    unseen = _UNSEEN_PAIR * (radii[:, None] + radii[None, :])
    seen = shortest(data, len(species))
    found = np.where(np.isfinite(seen), _TRUSTED * seen, unseen)
    if settings.min_distance_A is not None:
        found = np.minimum(found, settings.min_distance_A)
    return np.asarray(np.minimum(found, 0.8 * settings.cutoff_A))


def _atomic(species: Sequence[str]) -> np.ndarray:
    return np.array([atomic_numbers[symbol] for symbol in species], dtype=float)


def _core(potential: Potential, species: tuple[str, ...], inner: np.ndarray) -> Core:
    """The core whose wall makes every dimer repel."""
    bare = Core(inner, np.zeros_like(inner), _atomic(species))
    engine = Engine(potential, species, bare)
    wall = np.zeros_like(inner)
    for a, b in np.ndindex(*inner.shape):
        distances = np.linspace(0.3, 1.0, 140) * inner[a, b]
        slopes = np.array([_dimer_slope(engine, (species[a], species[b]), float(r)) for r in distances])
        wall[a, b] = wall_needed(slopes, distances, float(inner[a, b]))
    return bare._replace(wall=np.maximum(wall, wall.T))


def _dimer_slope(engine: Engine, pair: tuple[str, str], r: float) -> float:
    atoms = Atoms(pair, positions=[[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
    return -float(engine.values(engine.system(atoms)).forces[1, 0])


def _active(engine: Engine, data: FitData) -> tuple[np.ndarray, ...]:
    """Inverse active sets of the training set, one per species."""
    size = len(engine.tables.mapping) + 1
    rows: list[list[np.ndarray]] = [[np.zeros((0, size))] for _ in engine.species]
    for row in data.rows:
        values = _with_one(engine.basis_values(row.system))
        for species, found in enumerate(rows):
            found.append(values[row.system.types == species])
    return tuple(active_inverse(np.vstack(found)) for found in rows)


def _rows_by_species(engine: Engine, atoms: Atoms) -> list[tuple[int, np.ndarray]]:
    system = engine.system(atoms)
    values = _with_one(engine.basis_values(system))
    return [(int(k), values[system.types == k]) for k in np.unique(system.types)]


def _with_one(values: np.ndarray) -> np.ndarray:
    """Basis values and the constant that stands for the shift."""
    return np.hstack([values, np.ones((len(values), 1))])
