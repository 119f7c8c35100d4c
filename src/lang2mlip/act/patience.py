"""How long one label may take: a calculation that hangs must not hold up all the others.

At the limit an alarm interrupts what is written in Python or waits for another program. Compiled code hears no alarm;
at twice the limit the worker leaves a note of the frame and ends itself, and the one in its place leaves the frame out.
What was labelled before is in the label cache.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from lang2mlip.contracts import State
from lang2mlip.errors import LabelFailed

__all__ = ["dawdled", "gave_up", "longest_label", "patience"]

LEAST_S = 60.0
USUAL = 50.0
"""A label may take so many times the average call of the run so far, but always LEAST_S."""

NOTED_S = 1.0
"""A call that was so many times dearer than is usual is told of, but below this it is nobody's concern."""


def longest_label(state: State) -> float | None:
    """Seconds that one label may take; None where no call has been timed yet."""
    computed = state.cost.calls - state.cost.cached
    if computed <= 0 or state.cost.reference_s <= 0:
        return None
    return max(LEAST_S, USUAL * state.cost.reference_s / computed)


@contextmanager
def patience(seconds: float | None, note: Path) -> Iterator[None]:
    """Raises LabelFailed after so many seconds; ends the process after twice as many, having written `note`."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    threading.Thread(target=_end, args=(over, 2.0 * seconds, note), daemon=True).start()
    before = signal.signal(signal.SIGALRM, _alarm(seconds))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        over.set()


def gave_up(note: Path) -> bool:
    """Whether a worker before this one ended over this frame."""
    return note.exists()


def dawdled(seconds: Sequence[float]) -> list[str]:
    """A sentence on the longest of these calls, where it stands out; the first, which sets up, does not count."""
    later = seconds[1:]
    longest, usual = max(later, default=0.0), median(later) if later else 0.0
    if len(later) < 4 or longest < max(NOTED_S, USUAL * usual):
        return []
    return [f"One call of the reference took {longest:.1f} s, where {usual:.2g} s is usual; what it gave is kept."]


def _alarm(seconds: float) -> Any:
    def ring(number: int, where: Any) -> None:
        raise LabelFailed(f"it took longer than {seconds:g} s, far longer than its calls do on average")

    return ring


def _end(over: threading.Event, seconds: float, note: Path) -> None:
    if not over.wait(seconds):
        note.write_text(f"no label within {seconds:g} s\n", encoding="utf-8")
        os._exit(9)
