"""Which walks a sampling makes: a plan per structure over temperature and pressure, or the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lang2mlip.act.base import Desk
from lang2mlip.act.conditions import is_condensed, temperatures
from lang2mlip.contracts import Json, Sample, StructureRecord

__all__ = ["LADDER", "Planned", "planned", "subject_of"]

LADDER: dict[str, tuple[int, int]] = {
    "smoke": (200, 1),
    "short": (1000, 1),
    "long": (5000, 2),
    "production": (20_000, 3),
}
"""Rung → (steps, walkers)."""


class Planned(NamedTuple):
    """One walk to make."""

    record: StructureRecord
    temperature_K: float
    pressure_GPa: float | None
    steps: int
    keep_every: int
    walker: int

    @property
    def name(self) -> str:
        """Unique among the walks of an action."""
        pressure = "" if self.pressure_GPa is None else f"-{self.pressure_GPa:g}GPa"
        return f"{self.record.request.name}-{self.temperature_K:.0f}K{pressure}-{self.walker}"


def subject_of(walk: dict[str, Json]) -> str:
    """What a validation walk is called in properties and figures: its group and its temperature."""
    return f"{walk['note']['group']}, {walk['plan']['temperature_K']:.0f} K"


def planned(desk: Desk, parameters: Sample) -> list[Planned]:
    """Every walk, the largest first, so that at the end no core waits long for another."""
    steps, walkers = LADDER[parameters.rung] if parameters.rung else (parameters.steps, parameters.walkers)
    wanted = _own(desk, parameters, steps) if parameters.walks else _alike(desk, parameters, steps)
    kept = [_keep_every(parameters, one[-1], steps) for one in wanted]
    walks = [Planned(*one, keep, walker) for one, keep in zip(wanted, kept, strict=True) for walker in range(walkers)]
    return sorted(walks, key=lambda one: -one.steps * one.record.n_atoms)


def _keep_every(parameters: Sample, own: int, usual: int) -> int:
    """As many frames of a shorter walk as of the others, and four at least."""
    return max(1, min(round(parameters.keep_every * min(1.0, own / usual)), own // 4))


def _alike(desk: Desk, parameters: Sample, steps: int) -> list[tuple[StructureRecord, float, float | None, int]]:
    return [
        (record, kelvin, _pressure(record, parameters.pressure_GPa), parameters.steps_of.get(group, steps))
        for record, group in ((one, one.request.group) for one in desk.view.structures("train", parameters.groups))
        for kelvin in parameters.temperatures_K or (temperatures(desk.task, record, 2)[-1],)
    ]


def _own(desk: Desk, parameters: Sample, steps: int) -> list[tuple[StructureRecord, float, float | None, int]]:
    records: Sequence[StructureRecord] = desk.view.structures("train", ())
    by_name = {record.request.name: record for record in records}
    found: list[tuple[StructureRecord, float, float | None, int]] = []
    for number, walk in enumerate(parameters.walks):
        record = by_name[walk.structure]
        once = (record, walk.temperature_K, _pressure(record, walk.pressure_GPa), walk.steps or steps)
        if once not in found[:number]:
            found.append(once)
    return found


def _pressure(record: StructureRecord, wanted: float | None) -> float | None:
    """Constant pressure is for what has a density; a slab or a molecule keeps its cell."""
    return wanted if is_condensed(record) else None
