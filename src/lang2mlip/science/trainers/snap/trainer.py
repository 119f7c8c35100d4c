"""SNAP: fitted here by least squares, run by any LAMMPS as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from lang2mlip.contracts import check
from lang2mlip.contracts.parts import FitReport, FitRequest, Progress
from lang2mlip.science.atoms.padding import Padded
from lang2mlip.science.trainers.labels import Label, base_energies, checked
from lang2mlip.science.trainers.maxvol import active_inverse, row_grades
from lang2mlip.science.trainers.saved import Saved, digest
from lang2mlip.science.trainers.snap.core import Core, core_starts, wall_needed
from lang2mlip.science.trainers.snap.design import Describer, Scale
from lang2mlip.science.trainers.snap.engine import SNAPCalculator
from lang2mlip.science.trainers.snap.files import Model, commands, load_model, save_model, write_potential
from lang2mlip.science.trainers.snap.fit import Found, How, search
from lang2mlip.science.trainers.snap.settings import Form, SNAPSettings

__all__ = ["SNAPTrainer"]


class SNAPTrainer:
    """Linear or quadratic bispectrum potentials on a repulsive core."""

    Settings: ClassVar[type[SNAPSettings]] = SNAPSettings

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """The largest basis and the size of the trials that suit the effort."""
        if effort == "accurate":
            return {"max_twojmax": 8, "trial_atoms": 4000}
        return {"max_twojmax": 6, "trial_atoms": 2000}

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Fit and save into `folder`. Least squares starts from nothing each time; `start` is not used.
        A killed fit goes on from the trials and rows that it had saved, to the same model.

        Raises PartFailed when a label is bad, LAMMPS fails, or the fit is singular.
        """
        suggested = self.suggest(request.elements, len(frames), request.effort)
        settings = check(SNAPSettings, suggested | request.settings, "settings of snap")
        labels = checked(frames)
        elements = tuple(sorted(request.elements))
        base = base_energies(labels, elements, settings.e0)
        form = Form(elements, 4, False, 0.0, _weights(elements, settings))
        fixed = all(any(label.isolated and label.atoms.symbols[0] == e for label in labels) for e in elements)
        scale = Scale.of(settings, base, free=settings.e0 == "least squares" or not fixed)
        told = settings.model_dump(exclude={"save_s"}) | {"elements": elements}
        saved = Saved(folder, digest(frames, told), settings.save_s)
        found = search(labels, form, How(settings, scale, progress, saved))
        coefficients = found.coefficients.copy()
        coefficients[:: found.form.n_columns + 1] += [base[element] for element in elements]
        core = _write(found.form, coefficients, core_of(labels, found, settings), folder)
        model = Model(found.form, _active(found, labels))
        chosen = {"settings": settings.model_dump(), "ridge": found.ridge, "isolated_atom_eV": base}
        save_model(model, chosen | {"elements": list(elements), "core_start_A": core}, folder)
        saved.forget()
        progress(1.0, "fitted")
        return FitReport(n_parameters=len(coefficients), notes=(*found.notes, _summary(found, labels)))

    def calculator(self, folder: Path) -> Calculator:
        """A calculator for any number of atoms and any boundary. Raises RunFault where there is no model."""
        form = load_model(folder).form
        return Padded(SNAPCalculator(form.elements, commands(folder)), form.cutoff_A, form.elements)

    def grades(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Largest MaxVol grade of each frame's atoms; above 1 the components lie outside the training set's."""
        model = load_model(folder)
        describer = _describer(model.form)
        found = np.zeros(len(frames))
        for number, atoms in enumerate(frames):
            rows = _with_one(describer.components(atoms))
            for element, inverse in zip(model.form.elements, model.active, strict=True):
                own = rows[np.asarray(atoms.symbols == element)]
                found[number] = max(found[number], float(row_grades(own, inverse).max(initial=0.0)))
        return found

    def descriptors(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Mean and standard deviation of the atoms' components, by element of the centre."""
        form = load_model(folder).form
        describer = _describer(form)
        found = np.zeros((len(frames), len(form.elements), 2, form.n_linear))
        for number, atoms in enumerate(frames):
            rows = describer.components(atoms)
            for kind, element in enumerate(form.elements):
                own = rows[np.asarray(atoms.symbols == element)]
                if len(own):
                    found[number, kind] = own.mean(axis=0), own.std(axis=0)
        return found.reshape(len(frames), -1)


def _weights(elements: Sequence[str], settings: SNAPSettings) -> tuple[float, ...]:
    """What a neighbour of each element counts: as the person said, else evenly from 1 down to 0.5."""
    usual = np.linspace(1.0, 0.5, len(elements))
    return tuple(settings.element_weights.get(e, float(w)) for e, w in zip(elements, usual, strict=True))


def _describer(form: Form) -> Describer:
    """Components alone need no products."""
    return Describer(Form(form.elements, form.twojmax, False, form.cutoff_A, form.weights))


def core_of(labels: Sequence[Label], found: Found, settings: SNAPSettings) -> Core | None:
    """The core without its wall; None where the person wants none."""
    if not settings.core:
        return None
    starts = core_starts(labels, found.form.elements, settings.min_distance_A, found.form.cutoff_A)
    return Core(starts, dict.fromkeys(starts, 0.0))


def _write(form: Form, coefficients: np.ndarray, bare: Core | None, folder: Path) -> dict[str, float]:
    """Write the potential with the wall that makes every dimer repel. Returns where each pair's core begins, Å."""
    write_potential(form, coefficients, bare, folder)
    if bare is None:
        return {}
    inner = SNAPCalculator(form.elements, commands(folder))
    calculator = Padded(inner, form.cutoff_A, form.elements)
    walls = {}
    for pair, start in bare.start.items():
        distances = np.linspace(0.4, 1.0, 61) * start
        slopes = np.array([_dimer_slope(calculator, pair, float(r)) for r in distances])
        walls[pair] = wall_needed(slopes, distances, start)
    inner.engine.held.close()
    write_potential(form, coefficients, Core(bare.start, walls), folder)
    return {"-".join(pair): start for pair, start in bare.start.items()}


def _dimer_slope(calculator: Calculator, pair: tuple[str, str], r: float) -> float:
    atoms = Atoms(list(pair), positions=[[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
    atoms.calc = calculator
    return -float(atoms.get_forces()[1, 0])


def _active(found: Found, labels: Sequence[Label]) -> tuple[np.ndarray, ...]:
    """Inverse active sets of the training set, one per element."""
    rows = [_with_one(frame.components) for frame in found.frames]
    kinds = [np.asarray(label.atoms.symbols == element) for element in found.form.elements for label in labels]
    count = len(labels)
    return tuple(
        active_inverse(np.vstack([row[own] for row, own in zip(rows, kinds[k * count :], strict=False)]))
        for k in range(len(found.form.elements))
    )


def _with_one(components: np.ndarray) -> np.ndarray:
    """Components and the constant."""
    return np.hstack([components, np.ones((len(components), 1))])


def _summary(found: Found, labels: Sequence[Label]) -> str:
    form = found.form
    return (
        f"2j = {form.twojmax}{' with products' if form.quadratic else ''}, cutoff {form.cutoff_A:g} Å: "
        f"{form.n_columns + 1} coefficients for each element, ridge {found.ridge:g}; {len(labels)} frames, "
        f"{sum(len(label.atoms) for label in labels)} atoms"
    )
