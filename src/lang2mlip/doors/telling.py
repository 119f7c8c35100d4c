"""What the command line tells: the status of a run and the table of parts."""

from __future__ import annotations

import json
from typing import Any

from rich.markup import escape
from rich.table import Table

from lang2mlip.catalogue import names, parts
from lang2mlip.contracts import Errors
from lang2mlip.doors.farewell import tell_verdict
from lang2mlip.doors.terminal import open_console, paragraph
from lang2mlip.doors.watching import work_of
from lang2mlip.errors import UnknownName
from lang2mlip.record.ledger import calls_left, labels_left
from lang2mlip.record.run import Run

__all__ = ["status_of", "tell_parts", "tell_status", "tell_step"]


def status_of(run: Run) -> dict[str, Any]:
    """The status as plain data."""
    state = run.state
    pending = run.unfinished()
    return {
        "name": run.name,
        "folder": str(run.folder),
        "prompt": state.task.prompt,
        "ended": state.ended,
        "outcome": state.outcome,
        "step": state.step,
        "at_work": pending.action if pending else None,
        "model": state.model.id if state.model else None,
        "cost": state.cost.model_dump(),
        "test_cost": state.test_cost.model_dump(),
        "calls_left": calls_left(state),
        "labels_left": labels_left(state),
        "groups": {name: group.model_dump(mode="json") for name, group in state.groups.items()},
        "gates": [gate.model_dump() for gate in state.evaluation.gates] if state.evaluation else [],
        "verdicts": [verdict.model_dump() for verdict in state.verdicts],
        "work": work_of(run),
        "log": [entry.model_dump() for entry in state.log],
    }


def tell_status(run: Run, as_json: bool) -> None:
    """Print the status."""
    facts = status_of(run)
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    console = open_console(error=False)
    where = "ended" if run.state.ended else f"at work on {facts['at_work']}" if facts["at_work"] else "between actions"
    paragraph(console, run.name, f": {run.state.task.prompt}", 2)
    paragraph(console, "", f"step {facts['step']}, {where}; model {facts['model'] or 'none yet'}; {_spending(facts)}")
    console.print(_groups(run))
    for entry in run.state.log[-5:]:
        paragraph(console, f"{entry.step:>3} {entry.action:<11}", entry.summary)
    for verdict in run.state.verdicts:
        tell_verdict(console, verdict)
    if not run.state.ended:
        console.print(f"Go on with: lang2mlip resume {run.name}")


def _spending(facts: dict[str, Any]) -> str:
    cost = facts["cost"]
    limit = "" if facts["calls_left"] is None else f" ({facts['calls_left']} left)"
    return f"{cost['calls']} reference calls{limit}, {cost['labels']} labels, {cost['cached']} from the cache"


def _groups(run: Run) -> Table:
    table = Table("group", "labels", "pool", "fresh F meV/Å", "held-out F meV/Å", "stable to K", box=None)
    for group in run.state.groups.values():
        stable = "broke" if group.failures else "-" if group.stable_K is None else f"{group.stable_K:.0f}"
        fresh = group.fresh[-1] if group.fresh else None
        table.add_row(group.group, str(group.labels), str(group.pool), _force(fresh), _force(group.held_out), stable)
    return table


def _force(errors: Errors | None) -> str:
    return "-" if errors is None else f"{errors.force_rmse_meV_A:.1f}"


def tell_step(run: Run, number: int | None) -> None:
    """One decision in words, and as a page with its figure; without a number every step in a line."""
    from lang2mlip.report.explain import explain, story
    from lang2mlip.report.page import write_step

    console = open_console(error=False)
    if number is None:
        for line in story(run.view()):
            console.print(line, markup=False)
        return
    explained = explain(run.view(), number)
    console.print(f"[bold]{escape(explained.title)}[/bold]")
    for head, lines in explained.parts:
        if lines:
            console.print(f"\n[bold]{head}[/bold]")
        for line in lines:
            console.print(f"· {line}", markup=False)
    page = write_step(run.view(), explained, run.folder / "report")
    console.print(f"\nAs a page, with its figure: {page}", markup=False, soft_wrap=True)


def tell_parts(kind: str | None) -> None:
    """Print the catalogue."""
    kinds = sorted({part.kind for part in parts()})
    if kind is not None and kind not in kinds:
        raise UnknownName.of("kind of part", kind, kinds)
    console = open_console(error=False)
    for one in [kind] if kind else kinds:
        table = Table("name", "what it is", "here?", title=f"{one} ({len(names(one))})", title_justify="left", box=None)
        for part in parts(one):
            get_it = "" if part.installed else f"\n{part.install}"
            table.add_row(part.name, escape(part.line + get_it), "yes" if part.installed else "no")
        console.print(table, "")
