"""CPU time of all that this process has started, watched from outside: what runs in a sandbox cannot change it.

A sandbox has processes of its own that are never waited for here, so the system's account of children leaves them out.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

__all__ = ["CpuWatch"]

EVERY_S = 0.2


class CpuWatch:
    """`with CpuWatch() as watch: …; watch.seconds`: user and system time of every descendant process meanwhile."""

    def __init__(self) -> None:
        self._ticks: dict[tuple[int, str], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> CpuWatch:
        self._before = set(_descendants(os.getpid()))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """CPU seconds so far, up to the last look."""
        return sum(self._ticks.values()) / float(os.sysconf("SC_CLK_TCK"))

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_S):
            for process, ticks in _descendants(os.getpid()).items():
                if process not in self._before:
                    self._ticks[process] = max(self._ticks.get(process, 0), ticks)


def _descendants(root: int) -> dict[tuple[int, str], int]:
    """(process, its start) → CPU ticks, of every process below `root`."""
    parents: dict[int, int] = {}
    known: dict[int, tuple[str, int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            number = int(folder.name)
            parents[number], known[number] = int(words[1]), (words[19], int(words[11]) + int(words[12]))
    found = {root}
    while True:
        more = {number for number, parent in parents.items() if parent in found} - found
        if not more:
            return {(number, known[number][0]): known[number][1] for number in found - {root} if number in known}
        found |= more
