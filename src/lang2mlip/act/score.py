"""score: a potential on labelled frames, per group; a piece that several actions use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ase import Atoms

from lang2mlip.act.base import Desk, Piece, run_pieces
from lang2mlip.act.clock import Meter
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Errors, Json, Model
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import PartFailed
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.evaluation.errors import compare

__all__ = ["Scores", "score", "score_files", "score_frames"]


class Scores(NamedTuple):
    """A potential on labelled frames."""

    errors: dict[str, Errors]
    """Per group, and over `all`."""
    parity: Json
    """Points (reference, potential) per group."""
    cost: Cost
    by_force: Json = None
    """Errors against the size of the force."""


def score_frames(desk: Desk, model: Model, frames: Sequence[Atoms], name: str) -> Scores:
    """The model on these frames. Raises PartFailed when the potential fails."""
    file = desk.job / f"{name}.extxyz"
    write_frames(file, list(frames))
    return score_files(desk, model, [file], name)


def score_files(desk: Desk, model: Model, files: Sequence[Path], name: str) -> Scores:
    """The model on all frames of these files. Raises PartFailed when the potential fails."""
    relative = [str(file.relative_to(desk.run)) for file in files]
    arguments = {"family": model.family, "model": model.folder, "frames": relative}
    done = run_pieces(desk, [Piece(name, "lang2mlip.act.score:score", arguments)], "score")[0]
    if done.fault is not None:
        raise PartFailed(f"{model.id} could not be scored: {done.fault}")
    errors = {group: Errors(**numbers) for group, numbers in done.value["errors"].items()}
    return Scores(errors, done.value["parity"], Cost(**done.value["cost"]), done.value["by_force"])


def score(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Arguments: family, model (folder), frames (files)."""
    run = Path(arguments["run"])
    frames = [atoms for file in arguments["frames"] for atoms in read_frames(run / file)]
    meter = Meter()
    calculator = load("potential", arguments["family"])().calculator(run / arguments["model"])
    comparison = compare(frames, calculator)
    cost = Cost(md_s=meter.spent_s())
    each = zip(comparison.frames, comparison.force_rmse_eV_A(), comparison.energy_errors_eV_atom(), strict=True)
    residuals = {str(atoms.info["id"]): [float(force), float(energy)] for atoms, force, energy in each}
    write_json(folder / "residuals.json", residuals)
    errors = {**comparison.by_group(), "all": comparison.errors()}
    return {
        "errors": {name: value.model_dump() for name, value in errors.items()},
        "by_force": comparison.by_force_size(),
        "parity": {group: _points(columns) for group, columns in comparison.parity().items()},
        "cost": cost.model_dump(),
    }


def _points(columns: dict[str, list[float]]) -> dict[str, list[tuple[float, float]]]:
    """Columns → [(reference, potential), …]."""
    energies = zip(columns["energy_true_eV_atom"], columns["energy_predicted_eV_atom"], strict=True)
    forces = zip(columns["force_true_eV_A"], columns["force_predicted_eV_A"], strict=True)
    return {"energy": list(energies), "forces": list(forces)}
