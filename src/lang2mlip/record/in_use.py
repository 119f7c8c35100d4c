"""Which data are in use: what prunings have dropped stays on disk and out of sight."""

from __future__ import annotations

from lang2mlip.contracts import DataSet, State

__all__ = ["current_data", "dropped_frames"]


def current_data(state: State) -> tuple[DataSet, ...]:
    """The data sets in use: those that no pruning has dropped whole."""
    dropped = {dataset for pruning in state.prunings for dataset in pruning.datasets}
    return tuple(dataset for dataset in state.data if dataset.id not in dropped)


def dropped_frames(state: State) -> dict[str, frozenset[str]]:
    """Data set id → ids of the frames that prunings dropped."""
    dropped: dict[str, set[str]] = {}
    for pruning in state.prunings:
        for dataset, frames in pruning.frames.items():
            dropped.setdefault(dataset, set()).update(frames)
    return {dataset: frozenset(frames) for dataset, frames in dropped.items()}
