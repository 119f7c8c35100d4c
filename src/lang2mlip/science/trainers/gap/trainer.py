"""GAP: little data, few elements. The model is `gap.xml`, which quippy and LAMMPS read, beside `model.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols

from lang2mlip.contracts import Noun, check
from lang2mlip.contracts.parts import FitReport, FitRequest, Progress
from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.padding import Padded, padded
from lang2mlip.science.trainers.gap import program
from lang2mlip.science.trainers.gap.core import write_core
from lang2mlip.science.trainers.gap.settings import GAPSettings
from lang2mlip.science.trainers.labels import base_energies, checked

__all__ = ["GAPTrainer"]


SPREAD_FRAMES = 40
"""Training frames that set the scale of the grade, evenly picked: the variance costs far more than the forces."""


class GAPTrainer:
    """Two-body and SOAP Gaussian processes on a ZBL core, fitted by `gap_fit`."""

    Settings: ClassVar[type[Noun]] = GAPSettings

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """Sparse points and basis that suit the effort; more elements get a smaller radial basis each."""
        many = len(elements) > 2
        if effort == "accurate":
            return {"soap_sparse": 400, "soap_n_max": 8 if many else 10, "soap_l_max": 4 if many else 6}
        return {"soap_sparse": 150, "soap_n_max": 6 if many else 8, "soap_l_max": 3 if many else 4}

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Fit and save into `folder`. A Gaussian process starts from nothing each time; `start` is not used.

        Raises PartFailed when a label is bad, `gap_fit` fails, or the time limit passes.
        """
        suggested = self.suggest(request.elements, len(frames), request.effort)
        settings = check(GAPSettings, suggested | request.settings, "The settings of the GAP")
        labels = checked(frames)
        e0 = base_energies(labels, sorted(request.elements), settings.e0)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gap.xml").unlink(missing_ok=True)
        program.write_data(labels, settings, folder / "train.xyz")
        options = [*_plumbing(settings, request.seed), *program.arguments(labels, e0, settings)]
        if settings.core:
            write_core(list(e0), folder / "core.xml")
            options += ["core_param_file=core.xml", "core_ip_args={IP Glue}"]
        program.run(folder, options, settings.time_limit_s, progress)
        for file in ("train.xyz", "train.xyz.idx", "core.xml"):  # the run keeps the data; gap.xml holds the core
            (folder / file).unlink(missing_ok=True)
        card = {"elements": list(e0), "e0_eV": e0, "settings": settings.model_dump(), "seed": request.seed}
        some = [frames[i] for i in sorted({int(i) for i in np.linspace(0, len(frames) - 1, SPREAD_FRAMES)})]
        spread = _spread(_potential(folder), some, settings.cutoff_A)
        (folder / "model.json").write_text(json.dumps(card | {"spread_eV": float(spread.max())}, indent=1))
        progress(1.0, "fitted")
        count = (folder / "gap.xml").read_text().count("<sparseX ")
        return FitReport(n_parameters=count, notes=("started from nothing",) if request.start else ())

    def calculator(self, folder: Path) -> Calculator:
        """The model in `folder`, or in a GAP file alone, for any number of atoms and any boundary.

        Raises RunFault where there is none.
        """
        card = _card(folder)
        return Padded(_potential(folder), card["settings"]["cutoff_A"], card["elements"])

    def grades(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Largest predicted standard deviation of an atomic energy, over the largest in the training set."""
        card = _card(folder)
        spread = _spread(_potential(folder), frames, card["settings"]["cutoff_A"])
        return spread / float(card["spread_eV"])

    def descriptors(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Mean SOAP vector of each element, side by side, zero for an element that is absent."""
        from quippy.descriptors import Descriptor

        card = _card(folder)
        settings = check(GAPSettings, card["settings"], str(folder))
        kinds = [Descriptor(program.soap(element, card["elements"], settings)) for element in card["elements"]]
        boxes = [padded(atoms, settings.cutoff_A) for atoms in frames]
        return np.array([np.concatenate([_mean(kind, box) for kind in kinds]) for box in boxes])


def _plumbing(settings: GAPSettings, seed: int) -> list[str]:
    """Names of columns and files. Seed 0 and below would let QUIP draw its own."""
    sigmas = settings.sigmas
    return [
        "at_file=train.xyz",
        "gp_file=gap.xml",
        "energy_parameter_name=energy_ref",
        "force_parameter_name=forces_ref",
        "virial_parameter_name=virial_ref",
        f"default_sigma={{{sigmas.energy_eV} {sigmas.force_eV_A} {sigmas.virial_eV} 0.0}}",
        "do_copy_at_file=F",
        "sparse_separate_file=F",
        f"rnd_seed={seed + 1}",
    ]


def _card(where: Path) -> dict[str, Any]:
    """What model.json says; of a GAP file alone, what its descriptors say."""
    try:
        if where.is_file():
            return _read_card(where)
        card: dict[str, Any] = json.loads((where / "model.json").read_text())
    except (OSError, json.JSONDecodeError, ValueError) as error:
        raise RunFault(f"{where} holds no GAP model that can be read: {error}.") from error
    return card


def _read_card(file: Path) -> dict[str, Any]:
    text = file.read_text()
    numbers = {int(z) for z in re.findall(r"\bZ[12]?=\{?(\d+)", text)}
    cutoffs = [float(cutoff) for cutoff in re.findall(r"\bcutoff=([\d.]+)", text)]
    if not numbers or not cutoffs:
        raise ValueError("no descriptor is in it")
    return {"elements": [chemical_symbols[z] for z in sorted(numbers)], "settings": {"cutoff_A": max(cutoffs)}}


def _potential(where: Path) -> Any:
    from quippy.potential import Potential

    file = where if where.is_file() else where / "gap.xml"
    if not file.is_file():
        raise RunFault(f"{where} holds no gap.xml; train the model again.")
    return Potential(param_filename=str(file))


def _spread(potential: Any, frames: Sequence[Atoms], cutoff_A: float) -> np.ndarray:
    """Largest predicted standard deviation of an atomic energy in each frame, eV, shape (n_frames,)."""
    largest = []
    for atoms in frames:
        potential.calculate(padded(atoms, cutoff_A).copy(), ["energy"], calc_args="local_gap_variance=spread")
        largest.append(max(0.0, float(np.max(potential.extra_results["atoms"]["spread"]))))
    return np.sqrt(largest)


def _mean(kind: Any, box: Atoms) -> np.ndarray:
    found = np.asarray(kind.calc(box).get("data", ()), dtype=float)
    mean: np.ndarray = found.mean(axis=0) if found.size else np.zeros(kind.dimensions())
    return mean
