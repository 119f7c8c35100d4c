"""Static properties of a structure, by the potential and by the reference, as a piece of work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ase.formula import Formula

from lang2mlip.act.allowance import allow
from lang2mlip.act.base import Desk, Piece
from lang2mlip.act.clock import Meter
from lang2mlip.act.labels import metered
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Goals, Json, Model, StructureRecord, Task
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BudgetSpent, PartFailed, ReferenceFailed
from lang2mlip.record.ledger import STATICS
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.evaluation.vacancy import Vacancy
from lang2mlip.science.reference.choice import entry_of

__all__ = ["measure", "property_pieces"]

Wish = tuple[StructureRecord, str, dict[str, Json]]
"""A structure, the property to measure on it, and further arguments."""


def property_pieces(desk: Desk, model: Model, records: Sequence[StructureRecord]) -> list[Piece]:
    """The statics of `records`: of crystals, and, where the task wants them, of vacancies, slabs and molecules."""
    wanted = [
        Piece(
            f"{name}-{record.request.name}",
            "lang2mlip.act.properties:measure",
            {
                "property": name,
                "subject": record.request.group,
                "structure": record.file,
                "family": model.family,
                "model": model.folder,
                "reference": desk.task.reference.model_dump(mode="json"),
                "wants": STATICS[name],
                **more,
            },
        )
        for record, name, more in _wishes(desk.task, records)
    ]
    return allow(wanted, desk.calls_left())


def _wishes(task: Task, records: Sequence[StructureRecord]) -> Iterator[Wish]:
    crystals = _one_per_crystal(records)
    facts = entry_of(task.reference)
    cell: dict[str, Json] = {"reduce": not facts.get("gamma_only", False)}
    for record in crystals:
        yield record, "lattice", {"settings": _lattice_limits(task.goals) | cell}
        if facts.get("stress", True):
            yield record, "elastic", {"settings": {"limit_percent": task.goals.elastic_percent} | cell}
        yield from _of_vibrations(task, record, facts.get("stress", True))
        if "vacancy" in task.properties and _unit(record) <= Vacancy().largest_unit:
            yield record, "vacancy", {"settings": {"limit_percent": task.goals.vacancy_percent}}
    yield from _of_slabs(task, records, crystals)
    if records:
        yield max(records, key=lambda record: len(Formula(record.formula).count())), "dimers", {"settings": {}}
    for record in _first_of("molecule", records):
        if "geometry" in task.properties and not record.periodic:
            yield record, "geometry", {"settings": _geometry_limits(task.goals)}


def _of_vibrations(task: Task, record: StructureRecord, stress: bool) -> Iterator[Wish]:
    """Phonons, and, where the reference has stress, the expansion that they bring about at the coldest use."""
    if "phonons" in task.properties:
        yield record, "phonons", {"settings": {"limit_THz": task.goals.phonon_THz}}
    if "thermal_expansion" in task.properties and stress:
        limit = {"limit_percent": task.goals.thermal_expansion_percent}
        yield record, "thermal_expansion", {"settings": limit | {"temperature_K": task.temperature_K[0]}}


def _of_slabs(task: Task, records: Sequence[StructureRecord], crystals: Sequence[StructureRecord]) -> Iterator[Wish]:
    """Surface energies of the slabs whose crystal is there too, and stoichiometric."""
    bulk = {_reduced(record): record.file for record in reversed(crystals)}
    settings = {"limit_percent": task.goals.surface_energy_percent}
    for record in _first_of("surface", records) if "surface_energy" in task.properties else []:
        if _reduced(record) in bulk:
            yield record, "surface_energy", {"settings": settings, "bulk": bulk[_reduced(record)]}


def _unit(record: StructureRecord) -> int:
    """Atoms of a formula unit."""
    return sum(Formula(record.formula).reduce()[0].count().values())


def _reduced(record: StructureRecord) -> str:
    return str(Formula(record.formula).reduce()[0].format("hill"))


def _first_of(builder: str, records: Sequence[StructureRecord]) -> list[StructureRecord]:
    """One structure of every group that this builder made."""
    return list({record.request.group: record for record in records if record.request.builder == builder}.values())


def measure(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Arguments: property, settings, subject, structure, family, model, reference, max_calls; bulk (file) for slabs.

    A property that fails says why.
    """
    run = Path(arguments["run"])
    atoms = read_frames(run / arguments["structure"])[-1]
    potential = load("potential", arguments["family"])().calculator(run / arguments["model"])
    reference = metered(arguments, folder)
    part: Any = load("property", arguments["property"])(**arguments["settings"])
    meter = Meter()
    try:
        if "bulk" in arguments:
            bulk = read_frames(run / arguments["bulk"])[-1]
            measured = part.measure(arguments["subject"], atoms, bulk, (potential, reference))
        else:
            measured = part.measure(arguments["subject"], atoms, potential, reference)
    except (PartFailed, BudgetSpent) as error:
        return {
            "properties": [],
            "curves": {},
            "faults": [str(error)],
            _whose(error): True,
            "cost": reference.cost.model_dump(),
        }
    spent = meter.spent_s() - reference.cost.reference_s
    return {
        "properties": [one.model_dump() for one in measured.properties],
        "curves": measured.curves,
        "cost": (reference.cost + Cost(md_s=max(0.0, spent))).model_dump(),
    }


def _whose(error: PartFailed | BudgetSpent) -> str:
    """A potential without a value has failed; without a value of the reference nobody can judge it."""
    return "unjudged" if isinstance(error, ReferenceFailed | BudgetSpent) else "unmeasured"


def _lattice_limits(goals: Goals) -> dict[str, Json]:
    return {"lattice_percent": goals.lattice_percent, "bulk_modulus_percent": goals.bulk_modulus_percent}


def _geometry_limits(goals: Goals) -> dict[str, Json]:
    return {
        "bond_limit_A": goals.bond_length_A,
        "angle_limit_degrees": goals.bond_angle_degrees,
        "wavenumber_limit_per_cm": goals.wavenumber_per_cm,
    }


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
