"""What a person sees while a run works: a line per decision, a bar with the time left, a line per result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from lang2mlip.act.perform import Performer
from lang2mlip.contracts import Decision, Result
from lang2mlip.doors.terminal import open_console, paragraph
from lang2mlip.record.run import Run

__all__ = ["Narrator", "building_bar"]

_MARKS = {"done": ("✓", "green"), "partial": ("~", "yellow"), "failed": ("✗", "red")}
_COLUMN = 15
"""Where the words begin: after the number and the longest action's name."""


class TimeLeft(ProgressColumn):
    """The time left if the rest goes as fast as what is done; nothing while there is nothing to go by."""

    def render(self, task: Task) -> Text:
        """`about 1:40 left`."""
        if task.elapsed is None or not 0.02 < task.completed < 1:
            return Text("")
        minutes, seconds = divmod(round(task.elapsed * (1 - task.completed) / task.completed), 60)
        return Text(f"about {minutes}:{seconds:02d} left", style="dim")


@dataclass
class Narrator:
    """Carries out decisions through a performer and tells of them on the way."""

    performer: Performer
    console: Console = field(default_factory=open_console)

    def __call__(self, decision: Decision, run: Run) -> Result:
        """Perform, told."""
        paragraph(self.console, f"{run.state.step + 1:>3} {decision.action:<11}", decision.reason)
        for remark in decision.remarks:
            self._aside(remark)
        begun = time.monotonic()
        with self._bar() as progress:
            task = progress.add_task(decision.action, total=1.0)
            self.performer.tell = _teller(progress, task)
            result = self.performer(decision, run)
        mark, colour = _MARKS[result.status]
        seconds = f"{time.monotonic() - begun:.0f}\u00a0s"
        paragraph(self.console, f"{mark:>5}".ljust(_COLUMN), f"{result.summary} ({seconds})", style=colour)
        for fault in result.faults[:3]:
            self._aside(fault)
        if len(result.faults) > 3:
            self._aside(f"and {len(result.faults) - 3} more like this; all of them are in the report")
        return result

    def _aside(self, words: str) -> None:
        paragraph(self.console, "!".rjust(5).ljust(_COLUMN), words, style="yellow")

    def _bar(self) -> Progress:
        return _bar(self.console, _COLUMN)


@contextmanager
def building_bar(console: Console) -> Iterator[Callable[[float, str], None]]:
    """A bar for the building of structures, with the time left; gives the function that moves it."""
    with _bar(console, 0) as progress:
        task = progress.add_task("building structures", total=1.0)

        def tell(fraction: float, words: str) -> None:
            progress.update(task, completed=fraction, description=words)

        yield tell


def _bar(console: Console, indent: int) -> Progress:
    columns = (
        TextColumn(" " * indent + "{task.description}", table_column=Column(max_width=60, no_wrap=True)),
        BarColumn(),
        TimeElapsedColumn(),
        TimeLeft(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _teller(progress: Progress, task: object) -> Callable[[str, float], None]:
    def tell(words: str, fraction: float) -> None:
        progress.update(task, completed=fraction, description=words)  # type: ignore[arg-type]

    return tell
