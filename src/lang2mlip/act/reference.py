"""reference: MD with the reference on validation structures: frames to judge by, and the normal ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ase import Atoms

from lang2mlip.act.allowance import allow, shortened
from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.conditions import is_condensed, is_molecular, temperatures, timestep_fs
from lang2mlip.act.gathering import calls_by_group, cost_of, faults_of
from lang2mlip.act.holdout import hold_out, spacing_fs
from lang2mlip.act.nearness import KEY, Sight, glimpses_needed, nearest_allowed
from lang2mlip.contracts import Json, ReferenceRun, Result, StructureRecord
from lang2mlip.record.run import write_json

__all__ = ["ReferenceAction", "validation_walks"]

SPACING = "spacing of held-out frames, fs"
"""In the ranges of a group."""


class ReferenceAction:
    """Runs validation structures; saves validation/GROUP.extxyz and the walks that an evaluation repeats."""

    def pieces(self, desk: Desk, parameters: ReferenceRun) -> Sequence[Piece]:
        """A walk per validation structure and condition, as long as the budget allows."""
        return allow(self._wanted(desk, parameters), desk.calls_to_spend())

    def gather(self, desk: Desk, parameters: ReferenceRun, done: Sequence[Done]) -> Result:
        """Frames by group into validation/, ranges into the state."""
        good = [one for one in done if one.fault is None]
        groups = hold_out(good, desk.run / "validation")
        for one in good:
            frames = str((one.folder / "frames.extxyz").relative_to(desk.run))
            plan = {**one.piece.arguments["plan"], "steps": one.value["steps"]}
            walk = {**one.piece.arguments, "plan": plan, "frames": frames, "thermo": one.value["thermo"]}
            write_json(desk.run / "validation" / "walks" / f"{one.piece.name}.json", walk)
        return Result(
            action="reference",
            status="failed" if not good else "done" if len(good) == len(done) else "partial",
            summary=f"{len(good)} of {len(done)} reference runs done, {_kept(groups)}{_drifting(good)}",
            cost=cost_of(done),
            calls_by_group=calls_by_group(done),
            settled={group: all(one.value["settled"] for one in good if _group(one) == group) for group in groups},
            ranges={
                group: _ranges(desk, [one for one in good if _group(one) == group]) | {SPACING: spacing_fs(frames)}
                for group, frames in groups.items()
            },
            faults=(*shortened(self._wanted(desk, parameters), [one.piece for one in done]), *faults_of(done)),
        )

    @staticmethod
    def _wanted(desk: Desk, parameters: ReferenceRun) -> list[Piece]:
        return [
            Piece(
                walk["name"],
                "lang2mlip.act.walk:reference_walk",
                {**walk, "reference": _reference(desk), "longest": parameters.longest},
            )
            for record in desk.view.structures("validation", parameters.groups)
            for walk in validation_walks(desk, record, parameters)
        ]


def validation_walks(desk: Desk, record: StructureRecord, parameters: ReferenceRun) -> list[dict[str, Json]]:
    """The walks of one structure: constant volume at the ends of the range, constant pressure if condensed."""
    kelvins = list(dict.fromkeys(temperatures(desk.task, record, 2)))
    steps = max(10, parameters.steps // (len(kelvins) + is_condensed(record)))
    plans = [("nvt", kelvin) for kelvin in kelvins]
    if is_condensed(record):
        plans.append(("npt", kelvins[0]))
    return [
        {
            "name": f"{record.request.name}-{ensemble}-{kelvin:.0f}K",
            "structure": record.file,
            "plan": {
                "ensemble": ensemble,
                "temperature_K": kelvin,
                "pressure_GPa": desk.task.pressure_GPa[0],
                "timestep_fs": timestep_fs(desk.task.elements),
                "steps": steps,
                "keep_every": min(parameters.keep_every, steps),
                "seed": desk.seed(record.request.name, ensemble, kelvin),
            },
            "note": {"group": record.request.group, "structure": record.request.name, "source": "validation"},
            "molecular": is_molecular(record),
        }
        for ensemble, kelvin in plans
    ]


def _drifting(good: Sequence[Done]) -> str:
    """A sentence on the walks that broke off, and on those whose energy or density still drifted at their end."""
    broken = [one.piece.name for one in good if one.value["trip"]]
    names = [one.piece.name for one in good if not one.value["settled"] and not one.value["trip"]]
    told = [f" Broke off: {', '.join(broken)}."] if broken else []
    told += [f" Still drifting: {', '.join(names)}."] if names else []
    return "".join(told) or (" All of them settled." if good else "")


def _kept(groups: Mapping[str, Sequence[Atoms]]) -> str:
    """How many frames are held out, and how far they are from each other."""
    frames = sum(map(len, groups.values()))
    gaps = [spacing_fs(members)[0] for members in groups.values()]
    return f"{frames} held-out frames kept, {min(gaps, default=0.0):.3g} fs or more apart."


def _reference(desk: Desk) -> dict[str, Json]:
    return desk.task.reference.model_dump(mode="json")


def _group(one: Done) -> str:
    return str(one.piece.arguments["note"]["group"])


def _ranges(desk: Desk, done: Sequence[Done]) -> dict[str, tuple[float, float]]:
    """What was seen, and how near each pair may come in MD with the potential."""
    needed, sights = glimpses_needed(desk.task.goals), _sights(done)
    return _seen(done) | {f"{KEY} {pair}": nearest_allowed(pair, each, needed) for pair, each in sights.items()}


def _sights(done: Sequence[Done]) -> dict[str, list[Sight]]:
    found: dict[str, list[Sight]] = {}
    for one in done:
        steps = int(max(one.value["thermo"]["step"], default=0))
        for pair, share in one.value["shares"].items():
            span = one.value["seen"].get(f"distance {pair}")
            if span is not None:
                found.setdefault(pair, []).append(Sight(span[0], span[1], steps, share))
    return found


def _seen(done: Sequence[Done]) -> dict[str, tuple[float, float]]:
    merged: dict[str, tuple[float, float]] = {}
    for one in done:
        for key, (low, high) in one.value["seen"].items():
            known = merged.get(key, (low, high))
            merged[key] = (min(low, known[0]), max(high, known[1]))
    return merged
