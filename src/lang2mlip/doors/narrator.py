"""What a person sees while a run works: a line per decision, a bar with the time left, a line per result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from lang2mlip.act.perform import Performer
from lang2mlip.contracts import Decision, Result
from lang2mlip.record.run import Run

__all__ = ["Narrator"]

_MARKS = {"done": "[green]✓[/]", "partial": "[yellow]~[/]", "failed": "[red]✗[/]"}


@dataclass
class Narrator:
    """Carries out decisions through a performer and tells of them on the way."""

    performer: Performer
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def __call__(self, decision: Decision, run: Run) -> Result:
        """Perform, told."""
        step = run.state.step + 1
        self.console.print(f"[bold]{step:>3} {decision.action}[/]  {escape(decision.reason)}")
        for remark in decision.remarks:
            self.console.print(f"      [yellow]{escape(remark)}[/]")
        begun = time.monotonic()
        with self._bar() as progress:
            task = progress.add_task(decision.action, total=1.0)
            self.performer.tell = _teller(progress, task)
            result = self.performer(decision, run)
        mark = _MARKS[result.status]
        self.console.print(f"    {mark} {escape(result.summary)}  [dim]{time.monotonic() - begun:.0f} s[/]")
        for fault in result.faults[:3]:
            self.console.print(f"      [yellow]{escape(fault)}[/]")
        return result

    def _bar(self) -> Progress:
        columns = (TextColumn("      {task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        return Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)


def _teller(progress: Progress, task: object) -> Callable[[str, float], None]:
    def tell(words: str, fraction: float) -> None:
        progress.update(task, completed=fraction, description=words)  # type: ignore[arg-type]

    return tell
