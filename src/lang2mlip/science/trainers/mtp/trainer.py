"""The MTP family: fit, save, load, run, grade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from lang2mlip.contracts.base import check
from lang2mlip.contracts.parts import FitReport, FitRequest, Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.maxvol import active_inverse, row_grades
from lang2mlip.science.trainers.mtp.calculator import MTPCalculator
from lang2mlip.science.trainers.mtp.core import Core, no_core, wall_needed
from lang2mlip.science.trainers.mtp.data import FitData
from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.fit import Clock
from lang2mlip.science.trainers.mtp.folder import Model, load_model, save_model
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.search import Found, core_start, search
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.saved import Saved, digest

__all__ = ["MTPTrainer"]


MANY = 4
"""From so many elements on nearly all parameters are radial functions, one set for each pair: they need more steps and
far more atoms to be found on. Six elements, 256 frames of 76 atoms, held-out cells of another composition: 274 meV/Å
when found on 4000 atoms, 78 when found on all. Level 16 at 3.2 Å had 84 in the median there, and thousands of eV/Å on
three of 118 frames, where hydrogen came nearer to phosphorus than it had: so many elements stay at level 12."""

_MANY: dict[str, object] = {
    "radial_size": 10, "max_level": 12, "goal": 0.005, "max_iterations": 40, "tolerance": 5e-4, "radial_atoms": 40_000,
    "ridge": 1e-7, "radial_prior": 30.0,
}  # fmt: skip
"""Without the prior the radial functions of a pair that the data know at few distances (phosphorus and carbon from
3.6 Å to the cutoff of 4) go wild beside them: of five walks of the electrolyte's solution (340 frames) none lasts 5 ps;
with 30 six of six lasted 10 ps, at 72.4 instead of 73.6 meV/Å on held-out frames; 1000 is too much (86.7).

Quick fits take the same, with less time at most: 340 frames gave 179 meV/Å with half the data and fewer radial
functions, 73 so."""
_MANY_S = {"quick": 200.0, "accurate": 400.0}


class MTPTrainer:
    """Moment tensor potentials (Shapeev 2016) with one radial set per pair of species."""

    Settings: ClassVar[type[MTPSettings]] = MTPSettings

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """Largest level, accuracy and time that suit the number of elements and the effort."""
        if len(elements) >= MANY:
            return {**_MANY, "time_limit_s": _MANY_S[effort]}
        size = 12 if len(elements) <= 2 else 8
        if effort == "accurate":
            goal = {"max_level": 16, "goal": 0.005, "max_iterations": 25, "tolerance": 5e-4, "time_limit_s": 150.0}
        else:
            goal = {"max_level": 12, "goal": 0.02, "max_iterations": 12, "radial_atoms": 6000, "time_limit_s": 40.0}
        return {"radial_size": size, **goal}

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Fit and save. The same frames and settings give the same model (if no time limit cuts the fit short),
        also when it was killed on the way: it goes on from what it had saved.

        Raises PartFailed for no frames, labels that are not finite, or a singular fit.
        """
        if not frames:
            raise PartFailed("There is nothing to fit: no labelled frames; explore or select first.")
        chosen = {**self.suggest(request.elements, len(frames), request.effort), **request.settings}
        settings = check(MTPSettings, chosen, "settings of mtp")
        told = settings.model_dump(exclude={"save_s"}) | {"elements": request.elements, "start": request.start}
        saved = Saved(folder, digest(frames, told), settings.save_s)
        clock = Clock(settings.time_limit_s, progress, saved)
        found = search(frames, request.elements, settings, _earlier(request), clock)
        core = _core(found, request.elements)
        engine = Engine(found.potential, request.elements, core)
        model = Model(found.potential, request.elements, core, _active(engine, found.data), found.settings.model_dump())
        save_model(model, folder)
        saved.forget()
        notes = (*found.notes, _summary(found))
        return FitReport(n_parameters=found.potential.n_parameters, curve=found.curve, notes=notes)

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


def _earlier(request: FitRequest) -> Potential | None:
    """The potential to go on from; none when it is for other elements."""
    if request.start is None:
        return None
    old = load_model(Path(request.start))
    return old.potential if old.species == request.elements else None


def _summary(found: Found) -> str:
    basis, shape = found.potential.basis, found.potential.radial.shape
    return (
        f"level {basis.level}, cutoff {found.potential.cutoff:g} Å: {len(basis.mapping)} basis functions, {shape[2]} "
        f"radial functions of {shape[3]} terms per pair of species; {len(found.data.rows)} frames, "
        f"{found.data.n_atoms} atoms"
    )


def _atomic(species: Sequence[str]) -> np.ndarray:
    return np.array([atomic_numbers[symbol] for symbol in species], dtype=float)


def _core(found: Found, species: tuple[str, ...]) -> Core:
    """The core whose wall makes every dimer repel."""
    if not found.settings.core:
        return no_core(_atomic(species))
    start = core_start(found.data, species, found.settings)
    bare = Core(start, np.zeros_like(start), _atomic(species))
    engine = Engine(found.potential, species, bare)
    wall = np.zeros_like(start)
    for a, b in zip(*np.triu_indices(len(species)), strict=True):
        distances = np.linspace(0.4, 1.0, 61) * start[a, b]
        slopes = np.array([_dimer_slope(engine, (species[a], species[b]), float(r)) for r in distances])
        wall[a, b] = wall[b, a] = wall_needed(slopes, distances, float(start[a, b]))
    return bare._replace(wall=wall)


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
