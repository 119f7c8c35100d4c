"""MACE: accurate, many elements, best with a GPU. The fit runs in a process of its own and reports line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers, chemical_symbols
from ase.io import write

from lang2mlip.contracts import Noun, check
from lang2mlip.contracts.parts import FitReport, FitRequest, Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.padding import Padded, padded
from lang2mlip.science.trainers.labels import checked
from lang2mlip.science.trainers.mace.settings import MACESettings

__all__ = ["MACETrainer"]

GRACE_S = 300.0
"""How long after its time limit a training process may take to start, finish an epoch's scoring, and save."""


class MACETrainer:
    """Equivariant message passing, trained in two stages with stress in the loss."""

    Settings: ClassVar[type[Noun]] = MACESettings

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """Size by effort; epochs so that small data still get enough steps and large data do not run for days."""
        accurate = effort == "accurate"
        batch = 2 if n_frames < 50 else 5
        steps = 12_000 if accurate else 3_000
        epochs = max(10, min(400, round(steps * batch / max(n_frames, 1))))
        size: dict[str, object] = {"channels": 32, "correlation": 3} if accurate else {"channels": 16, "correlation": 2}
        limit = 3600.0 if accurate else 600.0
        return size | {"batch_size": batch, "epochs": epochs, "time_limit_s": limit}

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Train and save into `folder`; with a time limit, the best model so far is kept. Raises PartFailed.

        The same seed gives the same model as long as the epochs, not the clock, end the training.
        """
        suggested = self.suggest(request.elements, len(frames), request.effort)
        settings = check(MACESettings, suggested | request.settings, "The settings of the MACE")
        _hand_over(frames, request, settings, folder)
        records, fault = _run(folder, settings.time_limit_s, progress)
        if fault or not (folder / "model.json").exists():
            raise PartFailed(fault or f"The MACE training left no model; see {folder / 'fit.log'}.")
        (folder / "train.extxyz").unlink()  # the run keeps the data
        progress(1.0, "trained")
        curve = tuple((float(r["seconds"]), float(r["loss"])) for r in records if r.get("loss") is not None)
        told = json.loads((folder / "model.json").read_text())
        return FitReport(n_parameters=told["n_parameters"], curve=curve)

    def calculator(self, folder: Path) -> Calculator:
        """The model in `folder`, for any number of atoms and any boundary. Raises RunFault where there is none.

        MACE's own file alone will do too; one that would run programs is refused.
        """
        inner, told = _inner(folder)
        return Padded(inner, told["cutoff_A"], told["elements"])

    def grades(self, folder: Path, frames: Sequence[Atoms]) -> None:
        """None: a single MACE model cannot tell how sure it is."""

    def descriptors(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray:
        """Mean invariant node features of each element, side by side, zero for an element that is absent."""
        inner, told = _inner(folder)
        rows = []
        for atoms in frames:
            features = inner.get_descriptors(padded(atoms, told["cutoff_A"]), invariants_only=True)
            here = [features[atoms.symbols == element] for element in told["elements"]]
            rows.append(np.concatenate([f.mean(axis=0) if len(f) else np.zeros(features.shape[1]) for f in here]))
        return np.array(rows, dtype=float)


def _hand_over(frames: Sequence[Atoms], request: FitRequest, settings: MACESettings, folder: Path) -> None:
    """Write job.json and train.extxyz for the training process. Raises PartFailed on a bad label."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").unlink(missing_ok=True)
    rows = []
    for label in checked(frames):
        row = Atoms(label.atoms.numbers, label.atoms.positions, cell=label.atoms.cell, pbc=label.atoms.pbc)
        row.info["weight"] = label.weight
        found: dict[str, Any] = {"energy": label.energy, "forces": label.forces}
        if label.stress is not None:
            found["stress"] = label.stress.ravel()[[0, 4, 8, 5, 2, 1]]
        row.calc = SinglePointCalculator(row, **found)
        rows.append(row)
    write(folder / "train.extxyz", rows, format="extxyz")
    elements = sorted(request.elements, key=lambda element: atomic_numbers[element])
    job = {"settings": settings.model_dump(), "seed": request.seed, "elements": elements, "start": request.start}
    (folder / "job.json").write_text(json.dumps(job, indent=1))


def _run(folder: Path, limit_s: float | None, progress: Progress) -> tuple[list[dict[str, Any]], str | None]:
    """Run the training process to its end: its records, and what went wrong in one sentence."""
    command = [sys.executable, "-m", "lang2mlip.science.trainers.mace.fit", str(folder.resolve())]
    records: list[dict[str, Any]] = []
    with (
        open(folder / "fit.log", "w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=dict(os.environ)) as process,
    ):
        watch = threading.Timer(limit_s + GRACE_S if limit_s else threading.TIMEOUT_MAX, process.kill)
        watch.daemon = True
        watch.start()
        told_all = False
        try:
            for line in process.stdout or ():
                if line.startswith("{"):
                    records.append(json.loads(line))
                    progress(0.98 * float(records[-1].get("fraction", 0.0)), str(records[-1].get("words", "")))
            told_all = True
        finally:
            watch.cancel()
            if not told_all:
                process.kill()
    if process.returncode == 0:
        return records, None
    told = [record["fault"] for record in records if "fault" in record]
    last = (folder / "fit.log").read_text().strip().split("\n")[-1]
    return records, told[-1] if told else f"The MACE training stopped with code {process.returncode}: {last}"


def _inner(where: Path) -> tuple[Any, dict[str, Any]]:
    """MACE's calculator of a model folder or of MACE's own file, and its card."""
    from lang2mlip.science.trainers.mace.library import library
    from lang2mlip.science.trainers.mace.model import card, from_file, load

    torch, mace = library()
    if where.is_file():
        model, architecture = from_file(where)
        symbols = [chemical_symbols[z] for z in architecture["atomic_numbers"]]
        told = {"elements": symbols, "cutoff_A": architecture["r_max"], "precision": "float64"}
    else:
        told = card(where)
        model = load(where, told["precision"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(getattr(torch, told["precision"]))
    return mace.calculators.MACECalculator(models=[model], device=device, default_dtype=told["precision"]), told
