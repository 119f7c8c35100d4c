"""select: choose frames of the pool, label them with the reference, and score the old model on them first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece, run_pieces
from lang2mlip.act.clock import Meter
from lang2mlip.act.gathering import cost_of, dataset, faults_of, frames_of, per_group, unique
from lang2mlip.act.labels import Labeller
from lang2mlip.act.score import Scores, score_frames
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json, PoolSet, ReferenceSpec, Result, Select
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.selection.choose import Candidates, Wish, choose

__all__ = ["SelectAction", "drawn_from", "label", "pick", "read_waiting", "waiting_in"]

BATCH = 8
"""Frames per labelling piece: small enough to share among workers, large enough not to count."""


class SelectAction:
    """Pool → picks → labels. The picks and why each was taken are in the job folder."""

    def pieces(self, desk: Desk, parameters: Select) -> Sequence[Piece]:
        """Choose in one worker, then a labelling piece per batch. Raises BadInput when the pool is empty."""
        waiting = waiting_in(desk.state.pool, parameters.groups)
        if not waiting:
            raise BadInput("The pool has no frames to select from; sample first.")
        picked = self._picked(desk, parameters, waiting)
        return [
            Piece(f"label-{start // BATCH:03d}", "lang2mlip.act.select:label", self._batch(desk, picked, start))
            for start in range(0, len(picked), BATCH)
        ]

    def gather(self, desk: Desk, parameters: Select, done: Sequence[Done]) -> Result:
        """The data set, with the old model's error on it per group."""
        frames = unique(frames_of(done))
        cost = cost_of(done) + _of_choosing(desk)
        drawn, kept = drawn_from(desk.state.pool, parameters.groups)
        if not frames:
            return Result(action="select", status="failed", summary="No pick could be labelled.", cost=cost,
                          drawn=drawn, pool=kept, faults=faults_of(done))  # fmt: skip
        scores, remarks = self._fresh(desk, frames)
        fresh, cost = scores.errors, cost + scores.cost
        if parameters.method == "error":
            frames = self._worst(desk, frames, min(parameters.count, desk.labels_left()))
        said = f" The old model's force error on them: {fresh['all'].force_rmse_meV_A:.1f} meV/Å." if fresh else ""
        return Result(
            action="select",
            status="partial" if any(one.fault for one in done) else "done",
            summary=f"{len(frames)} frames labelled ({_counts(frames)}).{said}",
            cost=cost.model_copy(update={"labels": len(frames)}),
            data=(dataset(desk, "select", frames, {k: v for k, v in fresh.items() if k != "all"}),),
            drawn=drawn,
            pool=kept,
            faults=(*faults_of(done), *remarks),
        )

    def _picked(self, desk: Desk, parameters: Select, waiting: list[Json]) -> list[Atoms]:
        budget = min(parameters.count, desk.labels_left(), desk.calls_to_spend())
        count = (
            min(parameters.candidates or 3 * budget, desk.calls_to_spend()) if parameters.method == "error" else budget
        )
        if parameters.method == "all":
            return read_waiting(desk.run, waiting)[: min(desk.labels_left(), desk.calls_to_spend())]
        write_frames(desk.job / "training.extxyz", desk.view.training_frames())
        model = desk.state.model
        arguments = {
            "pool": waiting,
            "training": str((desk.job / "training.extxyz").relative_to(desk.run)),
            "family": model.family if model else None,
            "model": model.folder if model else None,
            "method": "random" if parameters.method == "random" or model is None else "uncertainty",
            "count": count,
            "random_share": parameters.random_share,
            "seed": desk.seed("select"),
        }
        done = run_pieces(desk, [Piece("choose", "lang2mlip.act.select:pick", arguments)], "choose")[0]
        if done.fault is not None:
            raise PartFailed(f"Choosing from the pool failed: {done.fault}")
        return read_frames(done.folder / "picked.extxyz")

    @staticmethod
    def _batch(desk: Desk, picked: Sequence[Atoms], start: int) -> dict[str, Json]:
        file = desk.job / f"picked-{start // BATCH:03d}.extxyz"
        write_frames(file, list(picked[start : start + BATCH]))
        return {
            "reference": desk.task.reference.model_dump(mode="json"),
            "frames": str(file.relative_to(desk.run)),
        }

    @staticmethod
    def _fresh(desk: Desk, frames: list[Atoms]) -> tuple[Scores, tuple[str, ...]]:
        """The old model on frames that it does not know: the only honest learning curve."""
        if desk.state.model is None:
            return Scores({}, {}, Cost()), ()
        try:
            return score_frames(desk, desk.state.model, frames, "fresh"), ()
        except PartFailed as error:
            return Scores({}, {}, Cost()), (str(error),)

    @staticmethod
    def _worst(desk: Desk, frames: list[Atoms], count: int) -> list[Atoms]:
        file = desk.job / "fresh" / "residuals.json"
        if not file.exists():
            return frames[:count]
        errors = json.loads(file.read_text(encoding="utf-8"))
        return sorted(frames, key=lambda atoms: -errors.get(atoms.info["id"], [0.0])[0])[:count]


def waiting_in(pool: Sequence[PoolSet], groups: Sequence[str]) -> list[Json]:
    """Where the pool's frames of these groups (none: of all) lie: files, each with the groups that still wait in it."""
    found = [(one.file, [name for name in one.groups if not groups or name in groups]) for one in pool]
    return [{"file": file, "groups": names} for file, names in found if names]


def read_waiting(run: Path, waiting: Sequence[Json]) -> list[Atoms]:
    """The frames of `waiting_in`."""
    return [a for one in waiting for a in read_frames(run / one["file"]) if a.info["group"] in one["groups"]]


def drawn_from(pool: Sequence[PoolSet], groups: Sequence[str]) -> tuple[tuple[str, ...], tuple[PoolSet, ...]]:
    """The ids of the pool sets that a selection in these groups (none: in all) uses up, and what it leaves of them.

    What is left is the same file, with the groups that still wait in it.
    """
    drawn = [one for one in pool if not groups or set(one.groups) & set(groups)]
    rests = [{name: count for name, count in one.groups.items() if groups and name not in groups} for one in drawn]
    kept = [one.model_copy(update={"groups": rest}) for one, rest in zip(drawn, rests, strict=True) if rest]
    return tuple(one.id for one in drawn), tuple(kept)


def pick(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Choose frames of the pool; writes picked.extxyz, each frame with why it was picked."""
    run = Path(arguments["run"])
    pool, training = read_waiting(run, arguments["pool"]), read_frames(run / arguments["training"])
    trainer: Any = load("potential", arguments["family"])() if arguments["family"] else None
    model = run / arguments["model"] if arguments["model"] else None
    meter = Meter()
    candidates = Candidates(
        groups=[str(atoms.info["group"]) for atoms in pool],
        ids=[str(atoms.info["id"]) for atoms in pool],
        descriptors=trainer.descriptors(model, pool) if trainer else None,
        grades=trainer.grades(model, pool) if trainer else None,
        known=trainer.descriptors(model, training) if trainer and training else None,
        known_groups=[str(atoms.info["group"]) for atoms in training],
    )
    wish = Wish(
        method=arguments["method"],
        count=arguments["count"],
        random_share=arguments["random_share"],
        seed=arguments["seed"],
    )
    picks, cost = choose(candidates, wish), Cost(md_s=meter.spent_s() if trainer else 0.0)
    frames = []
    for index, why in picks:
        pool[index].info["picked"] = why
        frames.append(pool[index])
    write_frames(folder / "picked.extxyz", frames)
    return {"picked": len(frames), "cost": cost.model_dump()}


def _of_choosing(desk: Desk) -> Cost:
    """What grading and describing the pool cost; nothing where all of it was taken."""
    file = desk.job / "choose" / "result.json"
    return Cost(**json.loads(file.read_text(encoding="utf-8")).get("cost", {})) if file.exists() else Cost()


def label(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Label frames with the reference; what fails is left out and said."""
    frames = read_frames(Path(arguments["run"]) / arguments["frames"])
    labeller = Labeller(ReferenceSpec(**arguments["reference"]), until=arguments["until"])
    labelled = []
    for number, atoms in enumerate(frames):
        done = labeller.label(atoms)
        labelled += [done] if done is not None else []
        progress((number + 1) / len(frames), "label")
    write_frames(folder / "frames.extxyz", labelled)
    return {"frames": len(labelled), "cost": labeller.cost.model_dump(), "faults": labeller.faults}


def _counts(frames: Sequence[Atoms]) -> str:
    return ", ".join(f"{name} {len(members)}" for name, members in per_group(frames).items())
