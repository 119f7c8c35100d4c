"""Which core and which GPU each worker of a pool on this machine has."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field

from lang2mlip.compute.pool import Work

__all__ = ["Slots", "owns_the_machine"]

GPUS = "CUDA_VISIBLE_DEVICES"

BUSY = 0.5
"""Above this load for each core, others work here as well."""


def owns_the_machine(workers: int) -> bool:
    """Whether so many workers take all cores, and nobody else uses them now: only then may each keep to its core."""
    cores = len(os.sched_getaffinity(0))
    return workers >= cores and os.getloadavg()[0] < BUSY * cores


@dataclass(frozen=True)
class Slots:
    """Places for workers, by number; numbers past the cores or GPUs begin again with the first."""

    pinned: bool = False
    gpus: int = 0
    """GPUs to be shared out; 0: every worker sees what this process sees."""
    cores: tuple[int, ...] = field(default_factory=lambda: tuple(sorted(os.sched_getaffinity(0))))

    def environment(self, slot: int) -> dict[str, str]:
        """What a worker in that slot is told of GPUs: one of those that this process may use."""
        if not self.gpus:
            return {}
        seen = [name for name in os.environ.get(GPUS, "").split(",") if name]
        names = seen[: self.gpus] or [str(number) for number in range(self.gpus)]
        return {GPUS: names[slot % len(names)]}

    def place(self, process: int, slot: int, work: Work) -> None:
        """Keep a worker to its core. A piece of training may have all: it is alone."""
        if not self.pinned:
            return
        mine = self.cores if work == "training" else (self.cores[slot % len(self.cores)],)
        with contextlib.suppress(OSError, ValueError):  # a worker that has just ended
            for thread in os.listdir(f"/proc/{process}/task"):
                os.sched_setaffinity(int(thread), mine)
