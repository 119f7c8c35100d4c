"""What work costs: CPU seconds, which a busy machine does not make dearer."""

from __future__ import annotations

import resource
import time

__all__ = ["Meter", "core_seconds"]

ELSEWHERE = 0.1
"""Below this share of CPU in the time that passed, the work was done by somebody else."""

LONG_S = 1.0
"""Time below which a low share says nothing: the machine may have been busy with others."""


def core_seconds() -> float:
    """Of this process with all its threads, and of the programs that it has run to their end."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Meter:
    """Core-seconds since it was made."""

    def __init__(self) -> None:
        self._begun, self._wall = core_seconds(), time.perf_counter()

    def spent_s(self) -> float:
        """CPU time; or the time that passed, where a server or another process has done the work in it."""
        cpu, wall = core_seconds() - self._begun, time.perf_counter() - self._wall
        return wall if wall > LONG_S and cpu < ELSEWHERE * wall else cpu
