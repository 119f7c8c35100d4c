"""Static properties of a structure, by the potential and by the reference, as a piece of work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lang2mlip.act.allowance import allow
from lang2mlip.act.base import Desk, Piece
from lang2mlip.act.labels import MeteredCalculator
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Goals, Json, Model, ReferenceSpec, StructureRecord
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BudgetSpent, PartFailed
from lang2mlip.science.atoms.frames import read_frames

__all__ = ["measure", "property_pieces"]

WANTS = 60
"""Reference calls that a property may take: cubic crystals need about 10, low symmetry more."""


def property_pieces(desk: Desk, model: Model, records: Sequence[StructureRecord]) -> list[Piece]:
    """The statics of every crystal among `records`: its equation of state and its elastic constants."""
    goals = desk.task.goals
    wanted = [
        Piece(
            f"{name}-{record.request.name}",
            "lang2mlip.act.properties:measure",
            {
                "property": name,
                "settings": settings,
                "subject": record.request.group,
                "structure": record.file,
                "family": model.family,
                "model": model.folder,
                "reference": desk.task.reference.model_dump(mode="json"),
                "wants": WANTS,
            },
        )
        for record in _one_per_crystal(records)
        for name, settings in _wanted(goals)
    ]
    return allow(wanted, desk.calls_left())


def measure(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Arguments: property, settings, subject, structure, family, model, reference, max_calls.

    A property that fails says why.
    """
    run = Path(arguments["run"])
    atoms = read_frames(run / arguments["structure"])[-1]
    potential = load("potential", arguments["family"])().calculator(run / arguments["model"])
    reference = MeteredCalculator(ReferenceSpec(**arguments["reference"]), arguments["max_calls"])
    part: Any = load("property", arguments["property"])(**arguments["settings"])
    begun = time.perf_counter()
    try:
        measured = part.measure(arguments["subject"], atoms, potential, reference)
    except (PartFailed, BudgetSpent) as error:
        return {"properties": [], "curves": {}, "faults": [str(error)], "cost": reference.cost.model_dump()}
    spent = time.perf_counter() - begun - reference.cost.reference_s
    return {
        "properties": [one.model_dump() for one in measured.properties],
        "curves": measured.curves,
        "cost": (reference.cost + Cost(md_s=max(0.0, spent))).model_dump(),
    }


def _wanted(goals: Goals) -> list[tuple[str, dict[str, Json]]]:
    eos = {"lattice_percent": goals.lattice_percent, "bulk_modulus_percent": goals.bulk_modulus_percent}
    return [("lattice", eos), ("elastic", {"limit_percent": goals.elastic_percent})]


def _one_per_crystal(records: Sequence[StructureRecord]) -> list[StructureRecord]:
    """The smallest perfect crystal of every group that is one."""
    crystals = [record for record in records if record.request.builder == "bulk" and _perfect(record)]
    smallest: dict[str, StructureRecord] = {}
    for record in sorted(crystals, key=lambda record: -record.n_atoms):
        smallest[record.request.group] = record
    return list(smallest.values())


def _perfect(record: StructureRecord) -> bool:
    changed = ("vacancies", "substitutions", "strain")
    return not any(record.request.parameters.get(key) for key in changed)
