"""judge and pick: how much each frame of the pool is doubted, and which are worth a label. Both run in workers.

The pool is read frame by frame, part by part; what stays in memory is a row of numbers per frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.act.clock import Meter
from lang2mlip.act.pool import read_lot
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json
from lang2mlip.contracts.parts import Progress
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.stream import frames_at
from lang2mlip.science.selection.choose import Candidates, Wish, choose
from lang2mlip.science.selection.committee import force_deviation

__all__ = ["Judged", "judge", "load_judged", "pick"]

Floats = NDArray[np.float64]

_BATCH = 50
"""Frames in memory at a time."""

_WIDEST = 512
"""Features above which a descriptor is projected at random, which keeps distances (Johnson and Lindenstrauss 1984)."""


class Judged(NamedTuple):
    """A row of numbers per frame: where it begins in its file, what it is, how much it is doubted, what it is like."""

    places: NDArray[np.int64]
    groups: NDArray[np.str_]
    ids: NDArray[np.str_]
    phases: NDArray[np.str_]
    doubts: Floats
    """(n,), or (n, 0) where nothing doubts."""
    descriptors: Floats
    """(n, d); d is 0 where the family has none."""


class _Judge:
    """Asks the current potential, and a committee where there is one."""

    def __init__(self, arguments: dict[str, Json]) -> None:
        self.run = Path(arguments["run"])
        family = arguments.get("family")
        trainer: Any = load("potential", family)() if family else None
        self.trainer, self.model = trainer, self.run / arguments["model"] if family else None
        self.members = [trainer.calculator(self.run / folder) for folder in arguments.get("members") or []]

    def doubts(self, frames: Sequence[Atoms]) -> Floats:
        """(n,), or (n, 0)."""
        nothing = np.zeros((len(frames), 0))
        if self.members:
            return np.array([self._deviation(atoms) for atoms in frames])
        grades = self.trainer.grades(self.model, frames) if self.trainer else None
        return nothing if grades is None else np.asarray(grades)

    def descriptors(self, frames: Sequence[Atoms]) -> Floats:
        """(n, d), d = 0 where there are none."""
        found = self.trainer.descriptors(self.model, frames) if self.trainer and frames else None
        return np.zeros((len(frames), 0)) if found is None else _narrow(np.asarray(found))

    def _deviation(self, atoms: Atoms) -> float:
        return force_deviation([single_point(atoms, member).forces for member in self.members])


def judge(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Arguments: lot (a part of the pool), family, model, members (folders). Writes judged.npz."""
    meter, asked = Meter(), _Judge(arguments)
    judged = _judged(asked, read_lot(asked.run, arguments["lot"]), arguments["lot"]["count"], progress)
    np.savez(folder / "judged.npz", allow_pickle=False, **judged._asdict())
    return {"frames": len(judged.ids), "cost": _cost(meter, asked).model_dump()}


def load_judged(folder: Path) -> Judged:
    """What `judge` wrote."""
    with np.load(folder / "judged.npz", allow_pickle=False) as file:
        return Judged(**{name: file[name] for name in Judged._fields})


def pick(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Choose frames of the pool; writes picked.extxyz, each frame with why it was picked, and what `keep` needs.

    Arguments: lots, judged (a folder for each, or none: they are judged here), training (file), wish, and `judge`'s.
    """
    meter, asked, lots = Meter(), _Judge(arguments), arguments["lots"]
    training = read_frames(asked.run / arguments["training"])
    if arguments["judged"]:
        parts = [load_judged(asked.run / name) for name in arguments["judged"]]
    else:
        parts = [_judged(asked, read_lot(asked.run, lot), lot["count"], progress) for lot in lots]
    known = asked.descriptors(training)
    table = _joined(parts)
    picks = choose(_candidates(table, known, training), Wish(**arguments["wish"]))
    files = np.repeat([lot["file"] for lot in lots], [len(part.ids) for part in parts])
    chosen = [index for index, _ in picks]
    frames = _read_picks(asked.run, table, files, picks, arguments["wish"].get("measure", "grade"))
    write_frames(folder / "picked.extxyz", frames)
    np.savez(folder / "picked.npz", ids=table.ids[chosen], descriptors=table.descriptors[chosen], known=known,
             allow_pickle=False)  # fmt: skip
    return {"picked": len(picks), "of": len(table.ids), "cost": _cost(meter, asked).model_dump()}


def _judged(asked: _Judge, frames: Iterable[tuple[int, Atoms]], count: int, progress: Progress) -> Judged:
    parts = [_empty()]
    for number, batch in enumerate(_batches(frames)):
        places, atoms = zip(*batch, strict=True)
        words = [[str(one.info.get(key, "")) for one in atoms] for key in ("group", "id", "phase_of_run")]
        groups, ids, phases = (np.array(column) for column in words)
        parts.append(Judged(np.array(places), groups, ids, phases, asked.doubts(atoms), asked.descriptors(atoms)))
        progress(min(1.0, (number + 1) * _BATCH / max(1, count)), "grade")
    return _joined(parts[1:] or parts)


def _batches(frames: Iterable[tuple[int, Atoms]]) -> Iterator[tuple[tuple[int, Atoms], ...]]:
    waiting = iter(frames)
    while batch := tuple(islice(waiting, _BATCH)):
        yield batch


def _joined(parts: Sequence[Judged]) -> Judged:
    full = [part for part in parts if len(part.ids)] or list(parts[:1])
    return Judged(*(np.concatenate(columns) for columns in zip(*full, strict=True)))


def _empty() -> Judged:
    words = np.array([], dtype=str)
    return Judged(np.array([], dtype=np.int64), words, words, words, np.zeros((0, 0)), np.zeros((0, 0)))


def _candidates(table: Judged, known: Floats, training: Sequence[Atoms]) -> Candidates:
    described = table.descriptors.shape[1] > 0
    return Candidates(
        groups=table.groups.tolist(),
        ids=table.ids.tolist(),
        descriptors=table.descriptors if described else None,
        grades=table.doubts if table.doubts.ndim == 1 else None,
        known=known if described and len(known) else None,
        known_ids=frozenset(str(atoms.info["id"]) for atoms in training),
        phases=table.phases.tolist(),
    )


def _read_picks(
    run: Path, table: Judged, files: NDArray[np.str_], picks: Sequence[tuple[int, str]], measure: str
) -> Iterator[Atoms]:
    for index, why in picks:
        atoms = next(frames_at(run / str(files[index]), [int(table.places[index])]))
        atoms.info["picked"] = why
        if table.doubts.ndim == 1:
            atoms.info |= {"doubt": float(table.doubts[index]), "doubt_is": measure}
        yield atoms


def _narrow(table: Floats) -> Floats:
    width = table.shape[1]
    if width <= _WIDEST:
        return table
    signs = np.random.default_rng(width).choice([-1.0, 1.0], (width, _WIDEST))
    return np.asarray(table @ signs / np.sqrt(_WIDEST))


def _cost(meter: Meter, asked: _Judge) -> Cost:
    return Cost(md_s=meter.spent_s() if asked.trainer else 0.0)
