"""The end of a run: its pages are written, its verdicts told, and where everything lies."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rich.console import Console

from lang2mlip.contracts import Verdict
from lang2mlip.doors.terminal import paragraph, short
from lang2mlip.record.run import Run, write_text

__all__ = ["farewell", "tell_verdict", "write_pages"]

LONGEST = 400
"""Characters of a verdict's grounds in a terminal; the report has them in full."""


def write_pages(run: Run) -> Path:
    """The report, and the card of the potential where there is one; the path of the report."""
    from lang2mlip.report.card import model_card  # half a second that `status` and the like do not need
    from lang2mlip.report.page import write_report

    view = run.view()
    if (run.folder / "potential").exists():
        write_text(run.folder / "potential" / "card.md", model_card(view))
    return write_report(view, run.folder / "report")


def farewell(run: Run, console: Console) -> int:
    """Write the pages and tell how it ended; the exit code: 0 success, 3 an honest end without."""
    report = write_pages(run)
    console.print()
    for verdict in run.state.verdicts:
        tell_verdict(console, verdict)
    console.print()
    for what, where in (("Report", report), ("Potential", run.folder / "potential")):
        if where.exists():
            console.print(f"{what:<10} {short(where)}", soft_wrap=True, markup=False)
    return 0 if _success(run) else 3


def _success(run: Run) -> bool:
    """The decider called it one, and the frozen test set bears it out."""
    last = run.view().steps()[-1].decision.parameters
    return getattr(last, "outcome", "") == "success" and run.state.verdicts[0].answer == "yes"


def tell_verdict(console: Console, verdict: Verdict) -> None:
    """A verdict and its grounds, shortened."""
    because = textwrap.shorten(verdict.because, LONGEST, placeholder=" … (the rest is in the report)")
    paragraph(console, f"{verdict.question.capitalize()}: {verdict.answer}. ", because, 2)
