"""select: choose frames of the pool, label them with the reference, and score the old model on them first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece, run_pieces
from lang2mlip.act.calibration import Bounds, calibrated, remember, remembered
from lang2mlip.act.committee import Committee, committee
from lang2mlip.act.coverage import coverage
from lang2mlip.act.fresh import fresh
from lang2mlip.act.gathering import cost_of, dataset, faults_of, frames_of, per_group, unique
from lang2mlip.act.labels import Labeller
from lang2mlip.act.pool import drawn_from, lots, read_lot, waiting_in
from lang2mlip.contracts import Cost, Json, Result, Select
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.selection.choose import Candidates, Wish, choose
from lang2mlip.science.selection.committee import BAND_EV_A

__all__ = ["SelectAction", "label", "worst"]

BATCH = 8
"""Frames per labelling piece: small enough to share among workers, large enough not to count."""

_GRADE, _DEVIATION = "grade", "force deviation in eV/Å"

_NOBODY = Committee((), Cost(), ())


class SelectAction:
    """Pool → picks → labels. The picks and why each was taken are in the job folder."""

    def pieces(self, desk: Desk, parameters: Select) -> Sequence[Piece]:
        """Choose in the workers, then a labelling piece per batch. Raises BadInput when the pool is empty."""
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
        choice = _choice(desk)
        cost, faults = cost_of(done) + Cost(**choice["cost"]), (*choice["faults"], *faults_of(done))
        drawn, kept = drawn_from(desk.state.pool, parameters.groups)
        if not frames:
            return Result(action="select", status="failed", summary="No pick could be labelled.", cost=cost,
                          drawn=drawn, pool=kept, faults=faults)  # fmt: skip
        found = fresh(desk, frames)
        errors, cost = found.errors, cost + found.cost
        remember(desk, frames)
        asked, labelled = _asked(desk, done), sum(int(one.value["frames"]) for one in done if one.fault is None)
        if parameters.method == "error":
            frames = self._worst(desk, frames, parameters)
        said = f" The old model's force error on them: {errors['all'].force_rmse_meV_A:.1f} meV/Å." if errors else ""
        lost = asked.total() - labelled
        missing = f" {lost} picks got no label and are left out." if lost else ""
        return Result(
            action="select",
            status="partial" if any(one.fault for one in done) else "done",
            summary=f"{len(frames)} frames labelled ({_counts(frames)}).{missing}{said}{choice['words']}"
            f"{coverage(desk, frames)}",
            cost=cost.model_copy(update={"labels": len(frames)}),
            data=(dataset(desk, "select", frames, found),),
            calls_by_group=dict(asked),
            drawn=drawn,
            pool=kept,
            faults=(*faults, *found.remarks),
        )

    def _picked(self, desk: Desk, parameters: Select, waiting: list[Json]) -> list[Atoms]:
        budget = min(parameters.count, desk.labels_left(), desk.calls_to_spend())
        if parameters.method == "all":
            most = min(desk.labels_left(), desk.calls_to_spend())
            found = (atoms for lot in lots(desk.run, waiting) for _, atoms in read_lot(desk.run, lot))
            return list(islice(found, most))
        if budget < 1:
            raise BadInput("The budget leaves no label to select for; train on what there is, or end.")
        wide = min(parameters.candidates or 3 * budget, desk.calls_to_spend())
        training = desk.view.training_frames()
        write_frames(desk.job / "training.extxyz", training)
        panel = self._panel(desk, parameters, training)
        bounds = _bounds(desk, parameters, waiting)
        wish = _wish(desk, parameters, wide if parameters.method == "error" else budget, bounds)
        costs, folder = self._choose(desk, parameters, waiting, (wish, panel.members))
        choice = {"cost": (costs + panel.cost).model_dump(), "words": bounds.words, "faults": panel.faults}
        write_json(desk.job / "choice.json", choice)
        return read_frames(folder / "picked.extxyz")

    @staticmethod
    def _panel(desk: Desk, parameters: Select, training: Sequence[Atoms]) -> Committee:
        """The fits that doubt, where they are asked for and there is a model to doubt."""
        model = desk.state.model
        if parameters.method != "committee" or model is None or not training:
            return _NOBODY
        return committee(desk, model, parameters.members, training)

    @staticmethod
    def _choose(
        desk: Desk, parameters: Select, waiting: list[Json], how: tuple[Wish, Sequence[str]]
    ) -> tuple[Cost, Path]:
        """What choosing cost, and where the picks lie. A large pool is judged in parts, on all workers."""
        model = desk.state.model if parameters.method != "random" else None
        parts = lots(desk.run, waiting)
        asked = {
            "family": model.family if model else None,
            "model": model.folder if model else None,
            "members": list(how[1]),
        }
        pieces = [
            Piece(f"judge-{number:03d}", "lang2mlip.act.judge:judge", {**asked, "lot": lot})
            for number, lot in enumerate(parts if len(parts) > 1 else [])
        ]
        judged = _all_well(run_pieces(desk, pieces, "grade", desk.until)) if pieces else []
        arguments = {
            **asked,
            "lots": parts,
            "judged": [str(one.folder.relative_to(desk.run)) for one in judged],
            "training": str((desk.job / "training.extxyz").relative_to(desk.run)),
            "wish": how[0].model_dump(mode="json"),
        }
        done = _all_well(run_pieces(desk, [Piece("choose", "lang2mlip.act.judge:pick", arguments)], "choose"))
        return cost_of([*judged, *done]), done[0].folder

    @staticmethod
    def _batch(desk: Desk, picked: Sequence[Atoms], start: int) -> dict[str, Json]:
        file = desk.job / f"picked-{start // BATCH:03d}.extxyz"
        write_frames(file, list(picked[start : start + BATCH]))
        return {
            "reference": desk.task.reference.model_dump(mode="json"),
            "frames": str(file.relative_to(desk.run)),
        }

    @staticmethod
    def _worst(desk: Desk, frames: list[Atoms], parameters: Select) -> list[Atoms]:
        """Of the labelled candidates those worth keeping."""
        count = min(parameters.count, desk.labels_left())
        file, picked = desk.job / "fresh" / "residuals.json", desk.job / "choose" / "picked.npz"
        if not file.exists():
            return frames[:count]
        errors = json.loads(file.read_text(encoding="utf-8"))
        with np.load(picked, allow_pickle=False) as table:
            like = dict(zip(table["ids"].tolist(), table["descriptors"], strict=True))
            known = table["known"]
        wish = Wish(count=count, random_share=parameters.random_share, seed=desk.seed("worst"))
        return worst(frames, [errors[a.info["id"]][0] for a in frames], (like, known), wish)


def worst(
    frames: Sequence[Atoms], errors: Sequence[float], like: tuple[dict[str, np.ndarray], np.ndarray], wish: Wish
) -> list[Atoms]:
    """Frames to keep: half as many again as wished with the largest errors, of these the most unlike one another.

    `like`: each frame's descriptor by id, and the training set's. A random share is kept whatever its error.
    """
    rank = np.sort(np.asarray(errors))[::-1][: max(1, round(1.5 * wish.count))]
    rows = [like[0].get(str(atoms.info["id"]), np.zeros(0)) for atoms in frames]
    described = min(map(len, rows), default=0) > 0
    candidates = Candidates(
        groups=[str(atoms.info["group"]) for atoms in frames],
        descriptors=np.array(rows) if described else None,
        grades=np.asarray(errors),
        known=like[1] if described and len(like[1]) else None,
    )
    wish = wish.model_copy(update={"grade_low": float(rank[-1]), "grade_high": np.inf, "duplicate": 0.0})
    return [frames[index] for index, _ in choose(candidates, wish)]


def _wish(desk: Desk, parameters: Select, count: int, bounds: Bounds) -> Wish:
    many = parameters.method == "committee"
    usual = {"grade_low": BAND_EV_A[0], "grade_high": BAND_EV_A[1]} if many else {}
    blind = parameters.method == "random" or desk.state.model is None
    return Wish(
        method="random" if blind else "uncertainty",
        count=count,
        random_share=parameters.random_share,
        seed=desk.seed("select"),
        bands=bounds.bands,
        measure=_DEVIATION if many else _GRADE,
        far_outside=True,  # a young potential doubts all it meets; a round of one label would teach it nothing
        **usual,
    )


def _bounds(desk: Desk, parameters: Select, waiting: Sequence[Json]) -> Bounds:
    if not parameters.calibrate or parameters.method == "random" or desk.state.model is None:
        return Bounds({}, "")
    many = parameters.method == "committee"
    measure, usual = (_DEVIATION, BAND_EV_A[1]) if many else (_GRADE, Wish(count=1).grade_high)
    groups = sorted({name for one in waiting for name in one["groups"]})
    return calibrated(remembered(desk.view, measure), groups, desk.task.goals, measure, usual)


def _choice(desk: Desk) -> dict[str, Json]:
    """What choosing cost and what was said of it; nothing where all of the pool was taken."""
    file = desk.job / "choice.json"
    empty = {"cost": {}, "words": "", "faults": []}
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else empty


def _all_well(done: Sequence[Done]) -> Sequence[Done]:
    """The same. Raises PartFailed with the first fault."""
    fault = next((one.fault for one in done if one.fault is not None), None)
    if fault is not None:
        raise PartFailed(f"Choosing from the pool failed: {fault}")
    return done


def _asked(desk: Desk, done: Sequence[Done]) -> Counter[str]:
    """Frames per group that the reference was asked about; a piece that failed as a whole counts too."""
    files = [desk.run / one.piece.arguments["frames"] for one in done]
    return Counter(str(atoms.info["group"]) for file in files for atoms in read_frames(file))


def label(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Label frames with the reference; what fails, or takes far too long, is left out and said."""
    frames = read_frames(Path(arguments["run"]) / arguments["frames"])
    labeller = Labeller.of(arguments, folder)
    labelled = []
    for number, atoms in enumerate(frames):
        done = labeller.label(atoms)
        labelled += [done] if done is not None else []
        progress((number + 1) / len(frames), "label")
    write_frames(folder / "frames.extxyz", labelled)
    return {
        "frames": len(labelled),
        "cost": labeller.cost.model_dump(),
        "faults": labeller.said(),
    }


def _counts(frames: Sequence[Atoms]) -> str:
    return ", ".join(f"{name} {len(members)}" for name, members in per_group(frames).items())
