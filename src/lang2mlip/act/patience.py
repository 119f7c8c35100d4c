"""How long one label may take, in every action: a calculation that hangs must not hold up all the others.

At the limit an alarm interrupts what is written in Python or waits for another program. Compiled code hears no alarm;
at twice the limit the worker leaves a note of the frame and ends itself, and the one in its place leaves the frame out.
What was labelled before is in the label cache.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from lang2mlip.contracts import Json, State
from lang2mlip.errors import LabelFailed

__all__ = ["Patience", "dawdled", "longest_label"]

LEAST_S = 60.0
USUAL = 50.0
"""A label may take so many times the average call of the run so far, but always LEAST_S."""

POWER = 3
"""Of the number of atoms with which a call grows at most: a larger structure may take so much longer."""

KNOWN = 4
"""Calls after which a piece of work knows itself how long they take."""

RECENT = 20
"""Of them, those that are looked at."""

TICK_S = 0.25
"""Seconds between looks at whether compiled code is overdue."""

NOTED_S = 1.0
"""A call that was so many times dearer than is usual is told of, but below this it is nobody's concern."""


def longest_label(state: State) -> Json:
    """Seconds that a label of a structure of usual size may take, and that size; None where no call has been timed."""
    computed = state.cost.calls - state.cost.cached
    if computed <= 0 or state.cost.reference_s <= 0:
        return None
    sizes = [one.n_atoms for one in state.structures] or [1]
    seconds = max(LEAST_S, USUAL * state.cost.reference_s / computed)
    return {"seconds": seconds, "atoms": sum(sizes) / len(sizes)}


@dataclass(frozen=True)
class Patience:
    """With the calls of one piece of work. `longest` is what `longest_label` told; notes are left in `folder`."""

    folder: Path
    longest: Json = None

    @contextmanager
    def with_label(self, name: str, n_atoms: int, taken_s: Sequence[float]) -> Iterator[None]:
        """Raises LabelFailed when the time is over; ends the process after twice as long, having left a note.

        `name` is the structure's, `taken_s` are the seconds of this piece's calls so far. A structure over which a
        worker before this one ended is not begun: LabelFailed too.
        """
        note = self.folder / f"slow-{name[:16]}"
        if note.exists():
            raise LabelFailed(f"it got stuck: {note.read_text(encoding='utf-8').strip()}")
        with _alarm(self.limit_s(n_atoms, taken_s), note):
            yield

    def limit_s(self, n_atoms: int, taken_s: Sequence[float]) -> float | None:
        """By this piece's own calls where there are enough, which are of the same kind; else by the run's so far."""
        own = USUAL * float(median(taken_s[-RECENT:])) if len(taken_s) >= KNOWN else None
        if self.longest is None:
            return None if own is None else max(LEAST_S, own)
        larger = float(max(1.0, n_atoms / self.longest["atoms"]) ** POWER)
        return max(own or 0.0, float(self.longest["seconds"]) * larger)


def dawdled(seconds: Sequence[float]) -> list[str]:
    """A sentence on the longest of these calls, where it stands out; the first, which sets up, does not count."""
    later = seconds[1:]
    longest, usual = max(later, default=0.0), median(later) if later else 0.0
    if len(later) < 4 or longest < max(NOTED_S, USUAL * usual):
        return []
    return [f"One call of the reference took {longest:.1f} s, where {usual:.2g} s is usual; what it gave is kept."]


@contextmanager
def _alarm(seconds: float | None, note: Path) -> Iterator[None]:
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring(seconds))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _DOOM.watch(2.0 * seconds, note)
    try:
        yield
    finally:
        _DOOM.until = None
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _ring(seconds: float) -> Any:
    def ring(number: int, where: Any) -> None:
        raise LabelFailed(f"it took longer than {seconds:g} s, far longer than its calls do on average")

    return ring


class _Doom:
    """One thread, begun with the first label, that ends the process when a call is overdue."""

    def __init__(self) -> None:
        self.until: float | None = None
        self._note, self._seconds, self._process = Path(), 0.0, 0

    def watch(self, seconds: float, note: Path) -> None:
        """From now on, for so long."""
        self._note, self._seconds = note, seconds
        self.until = time.monotonic() + seconds
        if self._process != os.getpid():  # a fork has no threads of its parent
            self._process = os.getpid()
            threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            time.sleep(TICK_S)
            until = self.until
            if until is not None and time.monotonic() >= until:
                self._note.write_text(f"no label within {self._seconds:g} s\n", encoding="utf-8")
                os._exit(9)


_DOOM = _Doom()
