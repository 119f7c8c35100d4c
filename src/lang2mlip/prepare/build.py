"""Plan → structures in the run folder: built side by side, sized to the reference, past the gate, no two alike."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from pydantic import Field

from lang2mlip.catalogue import load
from lang2mlip.compute.local import Workers
from lang2mlip.contracts import Noun, Plan, StructureRecord, StructureRequest, check
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BadInput
from lang2mlip.prepare.finished import Entry, Finished, key_of
from lang2mlip.prepare.making import TRIES, Made, make, quick
from lang2mlip.prepare.metering import Metered
from lang2mlip.prepare.settle import settle
from lang2mlip.prepare.sizes import CALCULATOR_FAULTS, Sizes
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.structures.dedup import duplicates, likeness
from lang2mlip.science.structures.gate import GateReport
from lang2mlip.science.structures.layers import scaled

__all__ = ["BuildReport", "build"]

_DECIMALS = 8
"""Of positions on disk; rounding first makes the id that of the file."""

_RELAXED = frozenset({"molecule", "melt"})
"""Builders whose quick structures the reference relaxes a little; what comes from the stand-in is at rest already."""

_SERVE = (sys.executable, "-m", "lang2mlip.prepare", "serve")


class BuildReport(Noun):
    """What building cost and what went wrong on the way."""

    calls: int = Field(default=0, ge=0, description="reference calls")
    built: int = Field(default=0, ge=0, description="structures that passed the gate")
    taken_over: int = Field(default=0, ge=0, description="of these, built by an earlier call")
    rebuilt: int = Field(default=0, ge=0, description="builds that the gate refused and another seed replaced")
    repaired: int = Field(default=0, ge=0, description="structures that the gate refused and the stand-in mended")
    rejected: tuple[str, ...] = Field(default=(), description="structures given up, a sentence each")
    scales: dict[str, float] = Field(default_factory=dict, description="crystal → its size over the literature's")
    seconds: dict[str, float] = Field(default_factory=dict, description="structure → time that building took")
    remarks: tuple[str, ...] = Field(default=(), description="everything a person should know, a sentence each")


@dataclass
class _Site:
    """The work at hand."""

    folder: Path
    sizes: Sizes
    processes: int
    progress: Progress
    total: int = 0
    taken_over: int = 0
    rebuilt: int = 0
    repaired: int = 0
    standing: dict[str, Entry] = field(default_factory=dict)
    """Structures of this plan, by name."""
    seconds: dict[str, float] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def calculator(self) -> Metered | None:
        """The reference, where there is one."""
        return self.sizes.calculator

    @property
    def finished(self) -> Finished:
        """What the folder holds."""
        return Finished(self.folder)


@dataclass(frozen=True)
class _Order:
    """A structure to build, from build number `attempt` on."""

    request: StructureRequest
    key: str
    attempt: int = 0


def build(
    plan: Plan,
    folder: Path,
    calculator: Calculator | None = None,
    progress: Progress | None = None,
    processes: int | None = None,
) -> tuple[list[StructureRecord], BuildReport]:
    """Every structure of the plan as folder/structures/NAME.extxyz, and a report.

    With a calculator, crystals take its own equilibrium size, and molecules and disordered starts are relaxed a little.
    What takes long is built by `processes` workers (as many as there are cores). A call that was stopped is taken up
    by the next one: structures that stand in the folder as built from the same request are taken over.
    Raises BadInput when a request is wrong, or when a whole group fails at the gate.
    """
    cores = processes or max(1, len(os.sched_getaffinity(0)))
    metered = Metered(calculator) if calculator is not None else None
    site = _Site(folder, Sizes(metered), cores, progress or (lambda fraction, words: None), len(plan.requests))
    orders = [_ordered(site, request) for request in plan.requests]
    known = site.finished.known()
    site.standing = {o.request.name: known[o.request.name] for o in orders if _same(known.get(o.request.name), o)}
    site.taken_over = len(site.standing)
    waiting = [order for order in orders if order.request.name not in site.standing]
    while waiting:
        _build_all(site, waiting)
        waiting = _alike(site, orders)
    site.finished.clear()
    return _reported(site, plan)


def _ordered(site: _Site, request: StructureRequest) -> _Order:
    """The request with its crystals in the reference's size. Raises BadInput for a wrong parameter."""
    parameters = check(load("structure", request.builder).Parameters, request.parameters, f"structure {request.name}")
    sized = scaled(parameters, site.sizes.of)
    told = request.model_copy(update={"parameters": sized.model_dump(mode="json", exclude_defaults=True)})
    return _Order(told, key_of(told, 0, _settler(site, told)))


def _same(entry: Entry | None, order: _Order) -> bool:
    return entry is not None and entry.key == order.key


def _settler(site: _Site, request: StructureRequest) -> str:
    """What relaxes the structure before the gate looks at it, by name."""
    if site.calculator is None or request.builder not in _RELAXED or not quick(request):
        return ""
    inner = site.calculator.inner
    return str(getattr(inner, "identity", "") or type(inner).__name__)


def _build_all(site: _Site, orders: Sequence[_Order]) -> None:
    """Build every order: what is quick here, the rest in workers, the largest first."""
    slow = [order for order in orders if not quick(order.request)]
    for order in orders:
        if quick(order.request):
            _take(site, order, *make(order.request, order.attempt, _relaxation(site, order.request)))
            _tell(site, 0)
    if slow:
        _by_workers(site, sorted(slow, key=lambda order: -_weight(order.request.parameters)))
    site.finished.keep(site.standing)


def _by_workers(site: _Site, orders: Sequence[_Order]) -> None:
    """Folders of work, done by processes of their own; what an earlier call left there is not done again."""
    keys = {order.request.name: key_of(order.request, order.attempt, order.key) for order in orders}
    folders = {o.request.name: site.finished.begin(o.request, o.attempt, keys[o.request.name]) for o in orders}
    begun = [folder for name, folder in folders.items() if site.finished.made(folder, keys[name]) is None]
    workers = Workers(_SERVE, count=min(site.processes, max(1, len(begun))))
    try:
        outcomes = workers.run(begun, lambda done, *_: _tell(site, len(orders) - len(begun) + done)) if begun else []
    finally:
        workers.close()
    faults = {outcome.folder.name: outcome.fault for outcome in outcomes if outcome.fault}
    for order in orders:
        name = order.request.name
        found = site.finished.made(folders[name], keys[name])
        if found is None:
            site.rejected.append(f"{name} was given up: {faults.get(name, 'its worker left nothing behind')}.")
        else:
            _take(site, order, *found)


def _take(site: _Site, order: _Order, atoms: Atoms | None, made: Made) -> None:
    """Let a structure stand in the folder, or say why there is none."""
    name = order.request.name
    site.rebuilt += made.rebuilt
    site.repaired += made.repaired
    site.seconds[name] = site.seconds.get(name, 0.0) + made.seconds
    site.remarks += [f"{name}: {remark}." for remark in made.report.remarks]
    if atoms is None:
        site.rejected.append(f"{name} was given up after {TRIES} builds: {made.trouble}.")
        site.standing.pop(name, None)
        return
    record = _keep(site, order.request.model_copy(update={"seed": made.seed}), atoms, made.report)
    site.standing[name] = Entry(key=order.key, made=made, record=record)


def _alike(site: _Site, orders: Sequence[_Order]) -> list[_Order]:
    """Orders for structures that repeat an earlier one, with the next seed; those without another seed are given up."""
    standing = [order for order in orders if order.request.name in site.standing]
    entries = [site.standing[order.request.name] for order in standing]
    found = duplicates([likeness(read_frames(site.folder / entry.record.file)[0]) for entry in entries])
    again = []
    for number, first in found.items():
        order, entry = standing[number], entries[number]
        site.standing.pop(order.request.name)
        site.rebuilt += 1
        if entry.made.attempt + 1 < TRIES:
            again.append(_Order(order.request, order.key, entry.made.attempt + 1))
            continue
        twin = entries[first].record.request.name
        site.rejected.append(
            f"{order.request.name} was given up after {TRIES} builds: it is the same as another structure, {twin}."
        )
        (site.folder / entry.record.file).unlink(missing_ok=True)
    return again


def _reported(site: _Site, plan: Plan) -> tuple[list[StructureRecord], BuildReport]:
    site.finished.keep(site.standing)
    names = [request.name for request in plan.requests if request.name in site.standing]
    records = [site.standing[name].record for name in names]
    lost = {request.group for request in plan.requests} - {record.request.group for record in records}
    if lost:
        raise BadInput(f"No structure of the group {', '.join(sorted(lost))} is sound: {'; '.join(site.rejected)}")
    report = BuildReport(
        calls=site.calculator.calls if site.calculator is not None else 0,
        built=len(records),
        taken_over=site.taken_over,
        rebuilt=site.rebuilt,
        repaired=site.repaired,
        rejected=tuple(site.rejected),
        scales=site.sizes.found,
        seconds={name: round(site.standing[name].made.seconds, 3) for name in names} | _rounded(site.seconds),
        remarks=(*plan.remarks, *site.sizes.remarks, *site.remarks, *site.rejected),
    )
    return records, report


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}


def _relaxation(site: _Site, request: StructureRequest) -> Callable[[Atoms], Atoms] | None:
    """Molecules and disordered starts are relaxed a little by the reference; everything else stays as built."""
    calculator = site.calculator
    if calculator is None or request.builder not in _RELAXED:
        return None

    def relaxed(atoms: Atoms) -> Atoms:
        try:
            return settle(atoms, calculator)
        except CALCULATOR_FAULTS as error:
            site.remarks.append(f"{request.name} was not relaxed: {error}")
            return atoms

    return relaxed


def _tell(site: _Site, in_workers: int) -> None:
    done = len(site.standing) + in_workers
    site.progress(min(1.0, done / max(1, site.total)), f"{done} of {site.total} structures")


def _weight(parameters: Any) -> float:
    """How long a structure takes against others, roughly: atoms, or volume of its layers in tens of Å³."""
    if "layers" in parameters:
        thickness = sum(layer.get("thickness_A", 10.0) for layer in parameters["layers"])
        return float(parameters.get("lateral_A", 15.0) ** 2 * thickness / 10.0)
    return float(parameters.get("atoms", 100))


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
