"""What becomes of finished pieces: frames by group, one data set, one cost, one list of faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ase import Atoms

from lang2mlip.act.base import Desk, Done
from lang2mlip.act.fresh import Fresh
from lang2mlip.contracts import Cost, DataSet
from lang2mlip.science.atoms.frames import read_frames, write_frames

__all__ = [
    "calls_by_group",
    "cost_of",
    "dataset",
    "faults_of",
    "frames_of",
    "per_group",
    "unique",
]


def frames_of(done: Sequence[Done], name: str = "frames.extxyz") -> list[Atoms]:
    """All frames of the pieces that went well, in the order of the pieces."""
    return [atoms for one in done if one.fault is None for atoms in read_frames(one.folder / name)]


def unique(frames: Sequence[Atoms]) -> list[Atoms]:
    """The first frame of every id."""
    return list({atoms.info["id"]: atoms for atoms in reversed(frames)}.values())[::-1]


def per_group(frames: Sequence[Atoms]) -> dict[str, list[Atoms]]:
    """Frames by their group."""
    groups: dict[str, list[Atoms]] = {}
    for atoms in frames:
        groups.setdefault(str(atoms.info["group"]), []).append(atoms)
    return groups


def dataset(desk: Desk, source: str, frames: Sequence[Atoms], fresh: Fresh | None = None) -> DataSet:
    """Write labelled frames as a data set of this step; `fresh`: models that did not know them on them."""
    identifier = f"{desk.number}-{source}"
    file = desk.run / "data" / f"{identifier}.extxyz"
    write_frames(file, list(frames))
    return DataSet(
        id=identifier,
        file=str(file.relative_to(desk.run)),
        source=source,
        groups=dict(Counter(str(atoms.info["group"]) for atoms in frames)),
        fresh_errors={name: one for name, one in fresh.errors.items() if name != "all"} if fresh else {},
        learnt=fresh.learnt if fresh else {},
    )


def cost_of(done: Sequence[Done]) -> Cost:
    """The sum over pieces that left a cost."""
    return sum((Cost(**one.value["cost"]) for one in done if "cost" in one.value), Cost())


def calls_by_group(done: Sequence[Done]) -> dict[str, int]:
    """Reference calls of pieces that each work in one group."""
    calls: Counter[str] = Counter()
    for one in done:
        calls[str(one.piece.arguments["note"]["group"])] += one.value.get("cost", {}).get("calls", 0)
    return dict(calls)


def faults_of(done: Sequence[Done]) -> tuple[str, ...]:
    """Why pieces failed, and what they said went wrong on the way."""
    said = [f"{one.piece.name}: {one.fault}" for one in done if one.fault is not None]
    said += [f"{one.piece.name}: {word}" for one in done for word in one.value.get("faults", [])]
    said += [f"{one.piece.name}: {one.value['trip']}" for one in done if one.value.get("trip")]
    return tuple(said)
