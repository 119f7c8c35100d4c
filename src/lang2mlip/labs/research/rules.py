"""The rules of an arena: what a run may cost, and what it takes to be kept. Frozen with it."""

from __future__ import annotations

from pydantic import Field

from lang2mlip.contracts import Noun

__all__ = ["Rules"]


class Rules(Noun):
    """Limits of a run, and the bounds of keeping."""

    train_s: int = Field(default=90, gt=0, description="CPU time of a training, s")
    score_s: int = Field(default=60, gt=0, description="CPU time of a scoring, s")
    patience: float = Field(default=6.0, ge=1, description="wall time allowed per CPU time: the machine may be shared")
    memory_MB: int = Field(default=6000, gt=0, description="address space of a training or scoring, MB")
    replicates: int = Field(default=3, ge=1, description="runs of a finalist and of the control, each with its seed")
    promising: float = Field(default=0.7, description="probability of improvement on one seed to become a finalist")
    keep_above: float = Field(default=0.95, description="probability of improvement over the replicates to be kept")
    equal_above: float = Field(
        default=0.2, description="probability of improvement above which a cheaper strategy counts as equal"
    )
    cheaper: float = Field(default=0.8, description="share of the control's cost at which an equal score is a keep")
    hopeless: float = Field(default=3.0, description="force error over the control's that ends a run before its MD")
    misses: int = Field(default=5, ge=1, description="misses in a row after which a structural change is demanded")
    data_share: float = Field(default=0.9, gt=0, le=1, description="of the training frames, drawn anew for each seed")
    resamples: int = Field(default=2000, ge=100, description="of the bootstrap")
