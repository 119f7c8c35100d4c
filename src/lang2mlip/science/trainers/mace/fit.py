"""The training program: `python -m lang2mlip.science.trainers.mace.fit FOLDER`, with job.json and train.extxyz there.

Each line it prints is a JSON record: `{"fraction", "seconds", "loss", "words"}`, or `{"fault"}` before it exits with 3.
"""

from __future__ import annotations

import copy
import json
import math
import os
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from ase.io import iread

from lang2mlip.errors import Lang2mlipError, PartFailed
from lang2mlip.science.trainers.labels import Label, base_energies, checked
from lang2mlip.science.trainers.mace.data import Data, prepare
from lang2mlip.science.trainers.mace.kept import Kept
from lang2mlip.science.trainers.mace.library import library
from lang2mlip.science.trainers.mace.model import build, card, design, from_file, load, save, size
from lang2mlip.science.trainers.mace.settings import LossWeights, MACESettings

__all__ = ["Training", "main"]


class Training:
    """One training: two stages of the loss, a falling learning rate, averaged weights, the best epoch kept."""

    def __init__(self, model: Any, data: Data, settings: MACESettings, began: float, kept: Kept):
        torch, _ = library()
        from torch_ema import ExponentialMovingAverage

        self.kept = kept
        self.model, self.data, self.settings, self.began = model, data, settings, began
        self.optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, amsgrad=True)
        self.average = ExponentialMovingAverage(model.parameters(), decay=settings.average)
        self.best: tuple[int, float, dict[str, Any]] = (0, math.inf, copy.deepcopy(model.state_dict()))

    def run(self) -> None:
        """Train until the epochs or the seconds are used up. Raises PartFailed when the loss is not finite."""
        parent = os.getppid()  # who waits for us: when it is gone, nobody does
        first, batches = self._take_up()
        for epoch in range(first, self.settings.epochs + 1):
            stage = 2 if self.done(epoch - 1) >= self.settings.stage_two_at else 1
            self._dice = library()[0].get_rng_state()
            in_time = self._pass(epoch, stage, batches, parent)
            self._judge(epoch, stage)
            batches = 0
            if not in_time:
                break
        self.model.load_state_dict(self.best[2])
        self.kept.forget()

    def _pass(self, epoch: int, stage: int, batches: int, parent: int) -> bool:
        """One pass through the data but for the first `batches`; False when the time is up."""
        for number, batch in enumerate(self.data.training):
            if number < batches:
                continue
            if not self._step(batch, epoch, stage):
                return False
            alone = os.getppid() != parent
            self.kept.keep(partial(self._state, epoch, number + 1), now=alone)
            if alone:
                sys.exit(1)
        return True

    def _state(self, epoch: int, batches: int) -> dict[str, Any]:
        """All that the rest of the training depends on, that many batches into an epoch."""
        return {
            "at": (epoch, batches, time.monotonic() - self.began),
            "dice": self._dice,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
            "best": list(self.best),
        }

    def _take_up(self) -> tuple[int, int]:
        """The epoch to go on with, and how many of its batches are done."""
        found = self.kept.found()
        if found is None:
            return 1, 0
        self.model.load_state_dict(found["model"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.average.load_state_dict(found["average"])
        self.best = tuple(found["best"])
        library()[0].set_rng_state(found["dice"])
        epoch, batches, spent = found["at"]
        self.began -= spent
        return int(epoch), int(batches)

    def done(self, epoch: int) -> float:
        """Share of the training that is behind us, by epochs or by the clock, whichever is further."""
        limit = self.settings.time_limit_s
        by_clock = (time.monotonic() - self.began) / limit if limit else 0.0
        return min(1.0, max(epoch / self.settings.epochs, by_clock))

    def _step(self, batch: Any, epoch: int, stage: int) -> bool:
        """One step of the optimiser; False when the time is up."""
        torch, _ = library()
        rate = 0.5 * (1 + math.cos(math.pi * self.done(epoch - 1)))
        self.optimizer.param_groups[0]["lr"] = self.settings.learning_rate * max(rate, 0.01)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(batch, stage, training=True)
        _finite(loss.item(), epoch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.average.update()
        return self.done(epoch - 1) < 1.0

    def _loss(self, batch: Any, stage: int, training: bool) -> Any:
        weights: LossWeights = self.settings.stage_two if stage == 2 else self.settings.stage_one
        _, mace = library()
        batch = batch.to(self.data.device)
        found = self.model(batch.to_dict(), training=training, compute_stress=self.data.has_stress)
        terms = mace.modules.loss
        loss = weights.energy * terms.weighted_mean_squared_error_energy(batch, found)
        loss = loss + weights.forces * terms.mean_squared_error_forces(batch, found)
        if self.data.has_stress:
            loss = loss + weights.stress * terms.weighted_mean_squared_stress(batch, found)
        return loss

    def _judge(self, epoch: int, stage: int) -> None:
        """Score the averaged weights; the best of the last stage reached is kept."""
        with self.average.average_parameters():
            losses = [self._loss(batch, stage, training=False).item() for batch in self.data.validation]
            score = _finite(sum(losses) / len(losses), epoch)
            if (-stage, score) < (-self.best[0], self.best[1]):
                self.best = (stage, score, copy.deepcopy(self.model.state_dict()))
        words = f"epoch {epoch} of {self.settings.epochs}, stage {stage}, loss {score:.4g}"
        _say(fraction=self.done(epoch), seconds=time.monotonic() - self.began, loss=score, words=words)


def _finite(loss: float, epoch: int) -> float:
    if not math.isfinite(loss):
        raise PartFailed(f"The loss stopped being finite in epoch {epoch}; lower learning_rate, or prune the data.")
    return loss


def main(folder: Path) -> None:
    """Train as job.json says and write the model into `folder`."""
    began = time.monotonic()
    job = json.loads((folder / "job.json").read_text())
    settings = MACESettings.model_validate(job["settings"])
    torch, mace = library()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.set_default_dtype(getattr(torch, settings.precision))
    mace.tools.set_seeds(job["seed"])
    labels = checked(list(iread(folder / "train.extxyz", ":")))
    _say(fraction=0.0, seconds=0.0, loss=None, words=f"{len(labels)} frames, MACE is ready")
    model, architecture, e0, data = _begin(labels, job, settings)
    training = Training(model.to(data.device), data, settings, began, Kept(folder, job, settings.save_s))
    training.run()
    _finish(model, architecture, e0, folder, settings)


def _begin(labels: list[Label], job: dict[str, Any], settings: MACESettings) -> tuple[Any, dict[str, Any], Any, Data]:
    """The model to train with its architecture, base energies and data: from a file, a folder, or nothing."""
    if settings.start_file or job["start"]:
        model, architecture, e0 = _old(labels, job, settings)
        return model, architecture, e0, prepare(labels, e0, architecture["r_max"], settings, job["seed"])
    e0 = base_energies(labels, job["elements"], settings.e0)
    data = prepare(labels, e0, settings.cutoff_A, settings, job["seed"])
    architecture = design(settings, job["elements"], data.rms_force, data.neighbours)
    return build(architecture, settings.precision), architecture, e0, data


def _old(labels: list[Label], job: dict[str, Any], settings: MACESettings) -> tuple[Any, dict[str, Any], Any]:
    """A model from before without its base energies. A foreign one gets them shifted onto our reference."""
    torch, _ = library()
    if job["start"]:
        folder = Path(job["start"])
        model, architecture, e0 = load(folder, settings.precision), card(folder)["architecture"], card(folder)["e0_eV"]
    else:
        model, architecture = from_file(Path(str(settings.start_file)))
        model = model.to(getattr(torch, settings.precision))
        symbols = [chemical_symbols[z] for z in architecture["atomic_numbers"]]
        e0 = dict(zip(symbols, np.ravel(architecture["atomic_energies"]).tolist(), strict=True))
    model.atomic_energies_fn.atomic_energies.zero_()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model, architecture, e0 if job["start"] else _shifted(labels, model, architecture, e0)


def _shifted(labels: list[Label], model: Any, architecture: dict[str, Any], e0: dict[str, float]) -> dict[str, float]:
    """Base energies with which the untrained foreign model fits the mean energies of the labels best."""
    data = prepare(labels, e0, architecture["r_max"], MACESettings(batch_size=1, validation_share=0, device="cpu"), 0)
    residuals = []
    for label, batch in zip(labels, data.validation, strict=True):
        found = model(batch.to_dict(), compute_force=False)["energy"].item()
        residuals.append(replace(label, energy=float(batch.energy) - found))
    here = sorted({str(symbol) for label in labels for symbol in label.atoms.symbols})
    shift = base_energies(residuals, here, "least squares")
    return {element: energy + shift.get(element, 0.0) for element, energy in e0.items()}


def _finish(
    model: Any, architecture: dict[str, Any], e0: dict[str, float], folder: Path, settings: MACESettings
) -> None:
    """Put the base energies in, at the precision of use, and save."""
    torch, _ = library()
    model = model.cpu().to(getattr(torch, settings.use_precision))
    energies = model.atomic_energies_fn.atomic_energies
    energies.copy_(torch.tensor(list(e0.values()), dtype=energies.dtype).reshape(energies.shape))
    architecture = architecture | {"atomic_energies": energies.tolist()}
    told = {"precision": settings.use_precision, "e0_eV": e0, "settings": settings.model_dump()}
    save(model, architecture, folder, told | {"n_parameters": size(model)})


def _say(**record: object) -> None:
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Lang2mlipError as error:
        _say(fault=str(error))
        sys.exit(3)
