"""One job of the cluster, as the driver sees it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from lang2mlip.compute.profile import Resources
from lang2mlip.compute.queue import Queued
from lang2mlip.compute.submission import Batch, Submission

__all__ = ["Followed", "Resting"]

BEATS = 6
"""So many signs of life may be missed before a running job is taken for dead."""

START_S = 600.0
"""How long a running job may take until its first sign of life: imports from a slow file system."""

ABSENT = 2
"""How often the queue must not know a job before it is taken for lost."""


class Resting(NamedTuple):
    """A job that has nothing to do and waits for more."""

    job: str
    place: Path
    needs: tuple[Resources, int]
    """What it was given: resources, and cores for a piece."""
    born: float
    until: float
    """By the monotonic clock of the driver."""


class Followed:
    """One job of an array as the driver sees it in the queue."""

    def __init__(self, submission: Submission, index: int, born: float | None = None) -> None:
        """`born`: when the job was first heard of; None: now."""
        self.submission, self.index = submission, index
        self.batch: Batch = submission.batches[index]
        self.queued: Queued | None = None
        self.absent = 0
        self.since = time.monotonic()
        self.born = self.since if born is None else born
        self._beat, self._beaten = "", time.monotonic()

    @property
    def job(self) -> str:
        """ARRAY_INDEX."""
        return self.submission.job_of(self.index)

    @property
    def handed(self) -> bool:
        """It was handed to a job that had ended another batch."""
        return "_" in str(self.submission.job)

    @property
    def waits(self) -> bool:
        """The queue has it, as far as is known."""
        return not self.batch.begun and (self.queued is None or self.queued.waits)

    def look(self, queued: Queued | None) -> str | None:
        """Why the job must be taken for lost; None while it need not be."""
        if queued is None or queued.over:
            self.absent += 1
            state = queued.state.lower().replace("_", " ") if queued is not None else "not known to the queue any more"
            return f"the job was {state}" if self.absent >= ABSENT else None
        self.absent, self.queued = 0, queued
        beat = self.batch.beat()
        if queued.waits or beat != self._beat:
            self._beat, self._beaten = beat, time.monotonic()
        silent, beat_s = time.monotonic() - self._beaten, self.submission.order.beat_s
        limit = max(BEATS * beat_s, 3.0) if beat else START_S
        return f"the job gave no sign of life for {silent:.0f} s" if silent > limit else None
