"""train: fit the potential to the labelled data in use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.clock import Meter
from lang2mlip.act.gathering import cost_of, faults_of, per_group
from lang2mlip.act.strategy import frames_by, settings_by
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Errors, Json, Model, Result, Train
from lang2mlip.contracts.parts import FitRequest, Progress
from lang2mlip.record.in_use import current_data
from lang2mlip.record.ledger import time_left_s
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.evaluation.errors import Comparison, compare

__all__ = ["TrainAction", "fit"]


SHARE_OF_TIME = {"quick": 0.2, "accurate": 0.5}
"""Share of the time left, where the budget limits it, that one fit may take."""


WORST = 20
"""Frames that the list of outliers names."""


class TrainAction:
    """One fit in one worker."""

    def pieces(self, desk: Desk, parameters: Train) -> Sequence[Piece]:
        """The training frames, written out, and the request."""
        frames = frames_by(desk.state.strategy, _replayed(desk, parameters))
        desk.tell(_estimate(desk, parameters.effort, len(frames)), 0.0)
        file = desk.job / "training.extxyz"
        write_frames(file, frames)
        spec, elements = desk.task.potential, desk.task.elements
        trainer: Any = load("potential", spec.family)()
        suggested = trainer.suggest(elements, len(frames), parameters.effort)
        usual = settings_by(desk.state.strategy, suggested, parameters.effort)
        settings = {**_in_time(usual, parameters.effort, desk), **spec.settings, **parameters.settings}
        current = desk.state.model if parameters.start == "current" else None
        request = FitRequest(
            elements=elements,
            effort=parameters.effort,
            seed=desk.seed("fit"),
            settings=settings,
            start=str(desk.run / current.folder) if current else None,
        )
        arguments = {
            "family": spec.family,
            "frames": str(file.relative_to(desk.run)),
            "request": request.model_dump(mode="json"),
            "model": f"models/{self._id(desk)}",
            "cores": _cores(desk),
        }
        return [Piece("fit", "lang2mlip.act.train:fit", arguments)]

    def gather(self, desk: Desk, parameters: Train, done: Sequence[Done]) -> Result:
        """The model, with its errors on the training data per group."""
        one = done[0]
        if one.fault is not None:
            return Result(action="train", status="failed", summary=f"The fit failed: {one.fault}", cost=cost_of(done),
                          faults=faults_of(done))  # fmt: skip
        value = one.value
        errors = {name: Errors(**numbers) for name, numbers in value["errors"].items()}
        model = Model(
            id=self._id(desk),
            family=desk.task.potential.family,
            folder=one.piece.arguments["model"],
            settings=one.piece.arguments["request"]["settings"],
            n_frames=value["n_frames"],
            datasets=tuple(dataset.id for dataset in current_data(desk.state)),
            n_parameters=value["n_parameters"],
            train_errors=errors,
            effort=parameters.effort,
            parent=desk.state.model.id if parameters.start == "current" and desk.state.model else None,
        )
        return Result(
            action="train",
            status="done",
            summary=_summary(model, value["notes"]),
            cost=cost_of(done),
            model=model,
        )

    @staticmethod
    def _id(desk: Desk) -> str:
        return f"m{len(desk.state.models) + 1}"


def _replayed(desk: Desk, parameters: Train) -> list[Atoms]:
    """All frames in use; when continuing, of those that the current model knows only the share that is replayed.

    Every group keeps its share, drawn with the task's seed.
    """
    frames, model = desk.view.training_frames(), desk.state.model
    if parameters.start != "current" or parameters.replay == 1.0 or model is None:
        return frames
    new = {
        str(atoms.info["id"])
        for data in current_data(desk.state)
        if data.id not in model.datasets
        for atoms in desk.view.frames(data.file)
    }
    rng = np.random.default_rng(desk.seed("replay"))
    known = per_group([atoms for atoms in frames if str(atoms.info["id"]) not in new])
    kept = set(new)
    for members in known.values():
        count = max(1, round(parameters.replay * len(members)))
        kept |= {str(members[index].info["id"]) for index in rng.permutation(len(members))[:count]}
    return [atoms for atoms in frames if str(atoms.info["id"]) in kept]


def _estimate(desk: Desk, effort: str, frames: int) -> str:
    """How long the fit may take, by the last one of this effort; fits take about as long as they have frames."""
    for step in reversed(desk.view.steps()):
        result = step.result
        if result is not None and result.model is not None and result.model.effort == effort and result.cost.wall_s:
            return f"train, about {result.cost.wall_s * frames / max(1, result.model.n_frames):.0f} s"
    return "train"


def _cores(desk: Desk) -> int:
    """A fit is alone, so it may have the cores of all workers; OMP_NUM_THREADS, where a person has set it, counts."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) else desk.workers.cores


@contextmanager
def many_threads(cores: int) -> Iterator[None]:
    """Programs started meanwhile (MACE and GAP are fitted by such) may use so many threads."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(cores)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _in_time(suggested: dict[str, Any], effort: str, desk: Desk) -> dict[str, Any]:
    """A suggestion whose time limit fits into the time that the budget leaves."""
    left = time_left_s(desk.state)
    if left is None or suggested.get("time_limit_s") is None:
        return suggested
    return {**suggested, "time_limit_s": max(1.0, min(suggested["time_limit_s"], SHARE_OF_TIME[effort] * left))}


def _summary(model: Model, notes: Sequence[str]) -> str:
    overall = model.train_errors["all"]
    return (
        f"{model.id}: {model.family}, {model.n_parameters} parameters, {model.n_frames} frames; training error "
        f"{overall.force_rmse_meV_A:.1f} meV/Å, {overall.energy_rmse_meV_atom:.2f} meV/atom. {'; '.join(notes)}"
    ).rstrip()


def _worst(comparison: Comparison) -> list[dict[str, Json]]:
    """The frames that the fit follows least, worst first: id, group, source, force error and largest true force."""
    residual = comparison.force_rmse_eV_A()
    rows = []
    for index in np.argsort(-residual)[:WORST]:
        atoms, true = comparison.frames[int(index)], comparison.known[int(index)]
        rows.append(
            {
                "id": str(atoms.info.get("id", "")),
                "group": str(atoms.info.get("group", "")),
                "source": str(atoms.info.get("source", "")),
                "force_rmse_eV_A": float(residual[index]),
                "max_force_eV_A": float(np.linalg.norm(true.forces, axis=1).max()),
            }
        )
    return rows


def fit(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Fit and score on the training data. Arguments: family, frames (file), request, model (folder), cores."""
    run = Path(arguments["run"])
    frames = read_frames(run / arguments["frames"])
    trainer = load("potential", arguments["family"])()
    target = run / arguments["model"]
    target.mkdir(parents=True, exist_ok=True)
    meter = Meter()
    with many_threads(arguments.get("cores", 1)):
        report = trainer.fit(frames, FitRequest(**arguments["request"]), target, progress)
    spent = meter.spent_s()
    meter = Meter()
    comparison = compare(frames, trainer.calculator(target))
    errors = {**comparison.by_group(), "all": comparison.errors()}
    write_json(folder / "outliers.json", _worst(comparison))
    return {
        "n_frames": len(frames),
        "n_parameters": report.n_parameters,
        "curve": report.curve,
        "notes": list(report.notes),
        "errors": {name: value.model_dump() for name, value in errors.items()},
        "cost": Cost(training_s=spent, md_s=meter.spent_s()).model_dump(),
    }
