"""A committee beside the current model: quick fits to data drawn with replacement, made once for each model."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Piece, run_pieces
from lang2mlip.act.gathering import cost_of, faults_of
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json, Model
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.errors import PartFailed
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import write_frames

__all__ = ["Committee", "bootstrapped", "committee"]


class Committee(NamedTuple):
    """The folders of its members below the run folder, what this selection paid for them, and what went wrong."""

    members: tuple[str, ...]
    cost: Cost
    faults: tuple[str, ...]


def committee(desk: Desk, model: Model, count: int, frames: Sequence[Atoms]) -> Committee:
    """At least two fits that differ in their data and their seed. Raises PartFailed where fewer could be made.

    An earlier selection's committee of the same model is used again, and costs nothing.
    """
    card = desk.run / f"{model.folder}-committee" / "committee.json"
    told = json.loads(card.read_text(encoding="utf-8")) if card.exists() else None
    if told is None or told["asked"] < count:
        told = _fitted(desk, model, count, frames)
        if len(told["members"]) < 2:
            raise PartFailed(f"A committee needs two fits; {'; '.join(told['faults'])}")
        write_json(card, told)
    # A job that is taken up again has paid for the fits that it finds.
    cost = Cost(**told["cost"]) if told["job"] == desk.number else Cost()
    return Committee(tuple(told["members"][:count]), cost, tuple(told["faults"]))


def bootstrapped(frames: Sequence[Atoms], seed: int) -> list[Atoms]:
    """As many frames drawn with replacement; what was drawn twice weighs twice."""
    drawn = Counter(np.random.default_rng(seed).integers(len(frames), size=len(frames)).tolist())
    chosen = []
    for index, times in sorted(drawn.items()):
        atoms = frames[index].copy()
        atoms.calc = frames[index].calc
        atoms.info["weight"] = float(atoms.info.get("weight", 1.0)) * times
        chosen.append(atoms)
    return chosen


def _fitted(desk: Desk, model: Model, count: int, frames: Sequence[Atoms]) -> Json:
    pieces = [_piece(desk, model, number, frames) for number in range(count)]
    done = run_pieces(desk, pieces, "committee")
    return {
        "job": desk.number,
        "asked": count,
        "members": [one.piece.arguments["model"] for one in done if one.fault is None],
        "cost": cost_of(done).model_dump(),
        "faults": list(faults_of(done)),
    }


def _piece(desk: Desk, model: Model, number: int, frames: Sequence[Atoms]) -> Piece:
    seed = desk.seed("committee", number)
    file: Path = desk.job / f"member-{number}.extxyz"
    write_frames(file, bootstrapped(frames, seed))
    trainer: Any = load("potential", model.family)()
    elements = desk.task.elements
    settings = {**trainer.suggest(elements, len(frames), "quick"), **desk.task.potential.settings}
    request = FitRequest(elements=elements, effort="quick", seed=seed, settings=settings)
    arguments = {
        "family": model.family,
        "frames": str(file.relative_to(desk.run)),
        "request": request.model_dump(mode="json"),
        "model": f"{model.folder}-committee/{number}",
        "cores": 1,
    }
    return Piece(f"member-{number}", "lang2mlip.act.train:fit", arguments)
