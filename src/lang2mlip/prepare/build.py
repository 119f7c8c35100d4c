"""Plan → structures in the run folder: built, sized to the reference, checked at the gate, rebuilt where they fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, CalculatorError
from pydantic import Field

from lang2mlip.catalogue import load
from lang2mlip.contracts import Noun, Plan, StructureRecord, StructureRequest, check
from lang2mlip.errors import BadInput, PartFailed, UnknownName
from lang2mlip.prepare.equilibrium import equilibrium_scale
from lang2mlip.prepare.metering import Metered
from lang2mlip.prepare.settle import settle
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.structures.gate import GateReport, inspect
from lang2mlip.science.structures.source import CrystalSource, conventional, occupied, primitive
from lang2mlip.science.structures.supercell import repeats_near

__all__ = ["BuildReport", "build"]

_TRIES = 4
"""Builds of one structure, each with another seed, before it is given up."""

_SMALL_UNIT = 16
"""A conventional cell of at most so many atoms is used for the E(V) curve: its vectors are long enough for any code."""

_DECIMALS = 8
"""Of positions on disk; rounding first makes the id that of the file."""

_CALCULATOR_FAULTS = (PartFailed, CalculatorError, ValueError, RuntimeError, ArithmeticError, np.linalg.LinAlgError)


class BuildReport(Noun):
    """What building cost and what went wrong on the way."""

    calls: int = Field(default=0, ge=0, description="reference calls")
    built: int = Field(default=0, ge=0, description="structures that passed the gate")
    rebuilt: int = Field(default=0, ge=0, description="builds that the gate refused and another seed replaced")
    rejected: tuple[str, ...] = Field(default=(), description="structures given up, a sentence each")
    scales: dict[str, float] = Field(default_factory=dict, description="crystal → its size over the literature's")
    remarks: tuple[str, ...] = Field(default=(), description="everything a person should know, a sentence each")


@dataclass
class _Site:
    """The work at hand."""

    folder: Path
    calculator: Metered | None
    rebuilt: int = 0
    scales: dict[str, float] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    rejected: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def build(plan: Plan, folder: Path, calculator: Calculator | None = None) -> tuple[list[StructureRecord], BuildReport]:
    """Every structure of the plan as folder/structures/NAME.extxyz, and a report.

    With a calculator, crystals take its own equilibrium size, molecules and disordered starts are relaxed a little.
    Raises BadInput when a request is wrong, or when a whole group fails at the gate.
    """
    site = _Site(folder, Metered(calculator) if calculator is not None else None)
    records = [record for request in plan.requests if (record := _one(site, request)) is not None]
    lost = {request.group for request in plan.requests} - {record.request.group for record in records}
    if lost:
        raise BadInput(f"No structure of the group {', '.join(sorted(lost))} is sound: {'; '.join(site.rejected)}")
    report = BuildReport(
        calls=site.calculator.calls if site.calculator is not None else 0,
        built=len(records),
        rebuilt=site.rebuilt,
        rejected=tuple(site.rejected),
        scales=site.scales,
        remarks=(*plan.remarks, *site.remarks, *site.rejected),
    )
    return records, report


def _one(site: _Site, request: StructureRequest) -> StructureRecord | None:
    """The record of one sound structure; None after too many tries, with a sentence in `site.rejected`."""
    builder_class = load("structure", request.builder)
    parameters = check(builder_class.Parameters, request.parameters, f"structure {request.name}")
    if isinstance(parameters, CrystalSource):
        parameters = parameters.model_copy(update={"scale": parameters.scale * _scale(site, parameters)})
    builder, trouble = builder_class(parameters), "it was never built"
    for seed in _seeds(request.seed):
        try:
            atoms = _settled(site, request, builder.build(seed))
        except UnknownName:
            raise
        except BadInput as error:
            trouble = str(error)
            continue
        report = inspect(atoms, builder.expectations())
        identity = structure_id(atoms)
        if report.passed and identity not in site.ids:
            site.ids.add(identity)
            made = request.model_copy(update={"parameters": parameters.model_dump(exclude_defaults=True), "seed": seed})
            return _keep(site, made, atoms, report)
        site.rebuilt += 1
        trouble = "; ".join(report.failures) or "it is the same as another structure"
    site.rejected.append(f"{request.name} was given up after {_TRIES} builds: {trouble}.")
    return None


def _seeds(first: int) -> Iterator[int]:
    return ((first + 104729 * attempt) % 2**31 for attempt in range(_TRIES))


def _scale(site: _Site, source: CrystalSource) -> float:
    """The reference's size of this crystal over the literature's; found once per crystal."""
    key = source.crystal or source.file or f"{source.formula} {source.prototype}"
    if source.occupation is not None:
        key += f" with {source.occupation}"
    if site.calculator is None:
        return 1.0
    if key not in site.scales:
        unit = conventional(source)
        cell = unit if len(unit) <= _SMALL_UNIT else primitive(unit)
        if source.occupation is not None:
            cell = occupied(Atoms(unit.repeat(repeats_near(unit, 2 * _SMALL_UNIT))), source, np.random.default_rng(0))
        try:
            site.scales[key] = equilibrium_scale(cell, site.calculator)
        except _CALCULATOR_FAULTS as error:
            site.scales[key] = 1.0
            site.remarks.append(f"{key} keeps its size from the literature: {error}")
    return site.scales[key]


def _settled(site: _Site, request: StructureRequest, atoms: Atoms) -> Atoms:
    """Molecules and disordered starts relaxed a little by the reference; everything else as built."""
    if site.calculator is None or request.builder not in ("molecule", "melt"):
        return atoms
    try:
        return settle(atoms, site.calculator)
    except _CALCULATOR_FAULTS as error:
        site.remarks.append(f"{request.name} was not relaxed: {error}")
        return atoms


def _keep(site: _Site, request: StructureRequest, atoms: Atoms, report: GateReport) -> StructureRecord:
    atoms.positions = np.round(atoms.positions, _DECIMALS)
    atoms.info |= {"structure": request.name, "group": request.group, "role": request.role}
    file = Path("structures") / f"{request.name}.extxyz"
    write_frames(site.folder / file, [atoms])
    return StructureRecord(
        id=structure_id(atoms),
        request=request,
        formula=atoms.symbols.formula.format("hill"),
        n_atoms=len(atoms),
        periodic=bool(atoms.pbc.all()),
        file=str(file),
        line=_line(request, atoms, report),
    )


def _line(request: StructureRequest, atoms: Atoms, report: GateReport) -> str:
    facts: list[Any] = [f"{len(atoms)} atoms", request.line]
    if report.density_g_cm3 is not None:
        facts.append(f"{report.density_g_cm3:.2f} g/cm³")
    return ", ".join(str(fact) for fact in facts if fact)
