"""What work costs: CPU seconds, which a busy machine does not make dearer. And when the time for it is over."""

from __future__ import annotations

import resource
import time
from functools import cache
from pathlib import Path

from lang2mlip.contracts import Json

__all__ = ["Meter", "core_seconds", "for_workers", "from_driver"]

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


def for_workers(until: float | None) -> Json:
    """The moment as JSON, for workers here and on other machines, whose steady clocks count from other starts."""
    if until is None:
        return None
    return {"steady_s": until, "machine": _machine(), "wall_s": time.time() + until - time.monotonic()}


def from_driver(told: Json) -> float | None:
    """The moment that `for_workers` told, by the steady clock of this machine; on another the wall clocks decide."""
    if told is None:
        return None
    if told["machine"] == _machine():
        return float(told["steady_s"])
    return time.monotonic() + float(told["wall_s"]) - time.time()


@cache
def _machine() -> str:
    """Which machine this is, since its last start."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
