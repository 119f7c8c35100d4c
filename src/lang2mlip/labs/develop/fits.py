"""The one standard fit: the same settings for the floor and for every snapshot of every arm, cached by content."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.catalogue import load
from lang2mlip.contracts import Model
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.errors import PartFailed
from lang2mlip.labs.develop.systems import System, family_settings
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.evaluation.errors import compare

__all__ = ["Error", "fit_folder", "own_fit", "standard_fit"]

SEED = 7
EFFORT = "quick"


@dataclass(frozen=True)
class Error:
    """Of one standard fit on the test set."""

    force_meV_A: float
    worst_relative: float
    worst_group: str
    energy_meV_atom: float
    rms_force_meV_A: float
    fit_core_s: float

    def row(self) -> dict[str, Any]:
        """As JSON, rounded to what the test set can tell."""
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def standard_fit(one: System, frames: Sequence[Atoms], test: Sequence[Atoms], work: Path) -> Error:
    """The error of the standard fit to `frames`; the same frames are never fitted twice. Raises PartFailed."""
    folder = fit_folder(one, frames, work)
    file = folder / "error.json"
    if not file.exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_json(file, _fit(one, frames, test, folder).row())
    return Error(**json.loads(file.read_text(encoding="utf-8")))


def fit_folder(one: System, frames: Sequence[Atoms], work: Path) -> Path:
    """Where the standard fit to these frames lies: a place that tells the frames, the settings and the test set."""
    ids = sorted(structure_id(atoms) for atoms in frames)
    text = json.dumps([ids, one.key(), SEED], sort_keys=True)
    return work / "fits" / one.name / hashlib.sha256(text.encode()).hexdigest()[:16]


def own_fit(one: System, model: Model, folder: Path, core_s: float, test: Sequence[Atoms]) -> Error | None:
    """The error of a model that a run has fitted the standard way itself; None where it did not.

    That is: quickly, from scratch, with the same settings. The seed is the run's; MTP fits have none.
    """
    trainer: Any = load("potential", model.family)()
    standard = {**trainer.suggest(tuple(one.task["elements"]), model.n_frames, EFFORT), **family_settings(one)}
    alike = (model.effort, model.parent, model.settings) == (EFFORT, None, standard)
    return _scored(one, trainer.calculator(folder), test, core_s) if alike and folder.is_dir() else None


def _fit(one: System, frames: Sequence[Atoms], test: Sequence[Atoms], folder: Path) -> Error:
    trainer: Any = load("potential", one.task.get("family", "mtp"))()
    request = FitRequest(elements=tuple(one.task["elements"]), effort=EFFORT, seed=SEED, settings=family_settings(one))
    folder.mkdir(parents=True)
    ordered = sorted(frames, key=structure_id)
    begun = time.process_time()
    trainer.fit(ordered, request, folder, lambda fraction, words: None)
    spent = time.process_time() - begun
    return _scored(one, trainer.calculator(folder), test, spent)


def _scored(one: System, calculator: Any, test: Sequence[Atoms], core_s: float) -> Error:
    comparison = compare(list(test), calculator)
    overall = comparison.errors()
    groups = comparison.by_group()
    if not groups:
        raise PartFailed(f"The test set of {one.name} is empty.")
    worst = max(groups, key=lambda name: groups[name].force_relative)
    return Error(
        force_meV_A=overall.force_rmse_meV_A,
        worst_relative=groups[worst].force_relative,
        worst_group=worst,
        energy_meV_atom=overall.energy_rmse_meV_atom,
        rms_force_meV_A=overall.force_rms_meV_A,
        fit_core_s=core_s,
    )
