"""prune: take outliers or whole data sets out of the data in use. Nothing is deleted, and it can be undone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.score import score_frames
from lang2mlip.contracts import Cost, Prune, Pruning, Result
from lang2mlip.record.in_use import current_data
from lang2mlip.record.run import write_json
from lang2mlip.science.pruning.outliers import Residuals, outliers

__all__ = ["PruneAction"]


class PruneAction:
    """Finds frames whose residual or force is far outside the rest of their group."""

    def pieces(self, desk: Desk, parameters: Prune) -> Sequence[Piece]:
        """Nothing to run ahead; scoring is asked for in `gather`."""
        return []

    def gather(self, desk: Desk, parameters: Prune, done: Sequence[Done]) -> Result:
        """What was dropped and put back, by data set."""
        dropped, cost = self._outliers(desk, parameters) if parameters.outliers else ({}, Cost())
        count = sum(len(frames) for frames in dropped.values())
        pruning = Pruning(
            id=desk.number,
            frames=dropped,
            datasets=parameters.datasets,
            models=parameters.models,
            restored=parameters.restore,
        )
        words = [f"{count} outliers dropped"] if parameters.outliers else []
        words += [f"data sets dropped: {', '.join(parameters.datasets)}"] if parameters.datasets else []
        words += [f"models set aside: {', '.join(parameters.models)}"] if parameters.models else []
        words += [f"put back: {', '.join(parameters.restore)}"] if parameters.restore else []
        return Result(action="prune", status="done", summary="; ".join(words) + ".", cost=cost,
                      pruning=pruning)  # fmt: skip

    @staticmethod
    def _outliers(desk: Desk, parameters: Prune) -> tuple[dict[str, tuple[str, ...]], Cost]:
        frames = desk.view.training_frames()
        force_errors, cost = _residuals(desk, frames)
        residuals = Residuals(
            groups=[str(atoms.info["group"]) for atoms in frames],
            force_rmse_eV_A=np.array(force_errors),
            max_force_eV_A=np.array([np.linalg.norm(atoms.get_forces(), axis=1).max() for atoms in frames]),
        )
        found_out = outliers(residuals, parameters.sigma, parameters.max_force_eV_A)
        write_json(desk.job / "why.json", {str(frames[index].info["id"]): why for index, why in found_out.items()})
        bad = {str(frames[index].info["id"]) for index in found_out}
        found: dict[str, tuple[str, ...]] = {}
        for dataset in current_data(desk.state):
            ids = tuple(i for i in (str(a.info["id"]) for a in desk.view.frames(dataset.file)) if i in bad)
            if ids:
                found[dataset.id] = ids
        return found, cost


def _residuals(desk: Desk, frames: Sequence[Atoms]) -> tuple[list[float], Cost]:
    """Force RMSE of the current model on each frame, eV/Å, zeros without a model; what it cost to know."""
    if desk.state.model is None:
        return [0.0] * len(frames), Cost()
    cost = score_frames(desk, desk.state.model, frames, "residuals").cost
    file = desk.job / "residuals" / "residuals.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    return [known[str(atoms.info["id"])][0] for atoms in frames], cost
