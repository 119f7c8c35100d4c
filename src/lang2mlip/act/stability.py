"""MD with the potential for an evaluation: the reference's own walks repeated, and long hot walks that must hold."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lang2mlip.act.base import Desk, Piece
from lang2mlip.act.conditions import health, is_molecular, timestep_fs
from lang2mlip.contracts import Json, Model, StructureRecord

__all__ = ["stability_pieces", "walk_pieces"]

DRIFT_STEPS = 1000
"""Steps at constant energy, from which the drift is read; fewer where the stability runs are shorter."""


def walk_pieces(desk: Desk, model: Model, groups: tuple[str, ...]) -> list[Piece]:
    """Each of the reference's validation walks again, driven by the potential."""
    pieces = []
    for file in sorted((desk.run / "validation" / "walks").glob("*.json")):
        walk = json.loads(file.read_text(encoding="utf-8"))
        group = walk["note"]["group"]
        if groups and group not in groups:
            continue
        arguments = _arguments(desk, model, walk["structure"], group, walk["note"]["structure"], walk["plan"])
        arguments |= {"repeats": str(file.relative_to(desk.run)), "subject": file.stem, "counts": False}
        arguments["molecular"] = walk.get("molecular", False)
        pieces.append(Piece(f"walk-{file.stem}", "lang2mlip.act.walk:potential_walk", arguments))
    return pieces


def stability_pieces(desk: Desk, model: Model, records: Sequence[StructureRecord]) -> list[Piece]:
    """Long walks at the highest temperature of use, two a group and `stable_seeds` in all at least; one NVE a group."""
    goals, high = desk.task.goals, desk.task.temperature_K[1]
    one_each = {record.request.group: record for record in records}
    seeds = max(2, -(-goals.stable_seeds // max(1, len(one_each))))
    pieces = []
    for group, record in one_each.items():
        for seed in range(seeds):
            plan = _plan(desk, "nvt", high, goals.stable_steps, desk.seed("stable", group, seed))
            pieces.append(_piece(desk, model, record, f"stable-{group}-{seed}", plan))
        plan = _plan(
            desk, "nve", desk.task.temperature_K[0], min(DRIFT_STEPS, goals.stable_steps), desk.seed("drift", group)
        )
        pieces.append(_piece(desk, model, record, f"drift-{group}", plan))
    return pieces


def _plan(desk: Desk, ensemble: str, kelvin: float, steps: int, seed: int) -> dict[str, Json]:
    return {
        "ensemble": ensemble,
        "temperature_K": kelvin,
        "timestep_fs": timestep_fs(desk.task.elements),
        "steps": steps,
        "keep_every": max(1, steps // 10),
        "seed": seed,
    }


def _piece(desk: Desk, model: Model, record: StructureRecord, name: str, plan: dict[str, Json]) -> Piece:
    arguments = _arguments(desk, model, record.file, record.request.group, record.request.name, plan)
    arguments["molecular"] = is_molecular(record)
    return Piece(name, "lang2mlip.act.walk:potential_walk", arguments)


def _arguments(
    desk: Desk, model: Model, structure: str, group: str, name: str, plan: dict[str, Json]
) -> dict[str, Json]:
    limits = health(desk.state.groups.get(group), desk.state.groups.values())
    return {
        "family": model.family,
        "model": model.folder,
        "structure": structure,
        "plan": plan,
        "health": limits.model_dump(),
        "note": {"group": group, "structure": name, "source": f"evaluate-{model.id}"},
    }
