"""State: what a decider sees. Small whatever the size of the data; a fold over events."""

from __future__ import annotations

from pydantic import Field

from lang2mlip.contracts.actions import ActionName
from lang2mlip.contracts.base import Noun
from lang2mlip.contracts.results import (
    Cost,
    DataSet,
    Errors,
    Evaluation,
    Learnt,
    Model,
    PoolSet,
    Pruning,
    StabilityRun,
    Verdict,
)
from lang2mlip.contracts.structures import StructureRecord
from lang2mlip.contracts.task import Strategy, Task

__all__ = ["GroupState", "LogEntry", "State"]


class GroupState(Noun):
    """One group of the task: its data, its errors, its stability, its cost."""

    group: str
    structures: int = 0
    labels: int = Field(default=0, description="labelled frames in use")
    pool: int = Field(default=0, description="unlabelled frames not yet drawn from")
    reference_done: bool = Field(default=False, description="the reference's own MD on its validation structure exists")
    reference_settled: bool | None = Field(default=None, description="its energy and density had stopped drifting")
    calls: int = Field(default=0, description="reference calls spent in it, where known")
    train_error: Errors | None = None
    held_out: Errors | None = Field(default=None, description="current or last model on validation frames")
    fresh: tuple[Errors, ...] = Field(default=(), description="old model on new labels, oldest first: the honest curve")
    learnt: tuple[tuple[Learnt, ...], ...] = Field(
        default=(), description="for each of `fresh`: that model and those before it on the same labels, oldest first"
    )
    measured_at: int = Field(default=0, description="labels in all groups when `fresh` was last measured here")
    stable_K: float | None = Field(
        default=None, description="highest temperature at which all walkers of the current model stayed healthy"
    )
    held_K: float | None = Field(
        default=None, description="highest temperature at which the walkers of any model so far stayed healthy"
    )
    failures: int = Field(default=0, description="walkers of the current model that tripped a health check")
    walkers: int = Field(default=0, description="walkers of the current model")
    walked: int = Field(default=0, description="MD steps asked of the last model's walkers; 0: none ever walked")
    lasted: float = Field(default=0.0, description="mean share of those that they did before a trip, in steps")
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict)


class LogEntry(Noun):
    """One past step, short."""

    step: int
    action: ActionName
    reason: str
    status: str
    summary: str


class State(Noun):
    """s_t = (data, model, evaluation, log), per group."""

    task: Task
    step: int = 0
    structures: tuple[StructureRecord, ...] = ()
    groups: dict[str, GroupState] = Field(default_factory=dict)
    data: tuple[DataSet, ...] = ()
    pool: tuple[PoolSet, ...] = ()
    model: Model | None = None
    models: tuple[Model, ...] = ()
    set_aside: tuple[str, ...] = Field(default=(), description="ids of models that a pruning set aside")
    evaluation: Evaluation | None = Field(
        default=None, description="of the current model; None when it has not been evaluated"
    )
    evaluations: tuple[Evaluation, ...] = ()
    stability: tuple[StabilityRun, ...] = Field(default=(), description="of the current model")
    prunings: tuple[Pruning, ...] = ()
    strategy: Strategy | None = Field(default=None, description="how to train; None: as the family suggests itself")
    protocols: dict[str, str] = Field(default_factory=dict, description="approved protocols: name → hash")
    refused_protocols: dict[str, str] = Field(default_factory=dict, description="those left out or failed, likewise")
    followed: tuple[str, ...] = Field(default=(), description="protocols that a sample has followed")
    log: tuple[LogEntry, ...] = ()
    cost: Cost = Field(default=Cost(), description="all that was spent, frozen test set and imports apart")
    test_cost: Cost = Field(default=Cost(), description="spent on the frozen test set")
    labels_since_training: int = 0
    consecutive_failures: int = Field(default=0, description="actions that failed one after another")
    verdicts: tuple[Verdict, ...] = ()
    ended: bool = False
    outcome: str | None = None
