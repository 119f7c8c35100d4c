"""The structures of a plan as a table: a row a group at the terminal, a row a structure in plan.md."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.table import Table

from lang2mlip.contracts import StructureRecord, Task
from lang2mlip.data import table
from lang2mlip.prepare.plan import Estimate, estimate_records

__all__ = ["group_table", "plan_markdown", "totals"]

_ROLES = ("train", "validation", "test")


def group_table(records: Sequence[StructureRecord], task: Task) -> Table:
    """A row a group: class, structures by role, atoms, reference calls of the first round."""
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    shown.add_column("group", overflow="fold")
    shown.add_column("class")
    for name in ("train/valid./test", "atoms", "calls"):
        shown.add_column(name, justify="right")
    costs = {one.name: one for one in estimate_records(records)}
    for group, members in groupby(records, key=lambda record: record.request.group):
        inside = list(members)
        roles = [sum(record.request.role == role for record in inside) for role in _ROLES]
        atoms = sorted(record.n_atoms for record in inside)
        calls = sum(costs[record.request.name].calls for record in inside)
        span = f"{atoms[0]}" if atoms[0] == atoms[-1] else f"{atoms[0]}–{atoms[-1]}"
        classes = ", ".join(dict.fromkeys(record.request.builder for record in inside))
        shown.add_row(group, classes, "/".join(map(str, roles)), span, f"{calls:,}")
    return shown


def totals(records: Sequence[StructureRecord], task: Task) -> str:
    """One sentence: calls of a full first round, test set included, and their time where the speed is known."""
    costs = estimate_records(records)
    calls = sum(one.calls for one in costs)
    return f"A full first round would take about {calls:,} reference calls{_time(costs, task)}."


def plan_markdown(records: Sequence[StructureRecord], task: Task) -> str:
    """plan.md: a row a structure."""
    costs = {one.name: one for one in estimate_records(records)}
    lines = [
        f"# Structures: {task.prompt}",
        "",
        f"{len(records)} structures. {totals(records, task)}",
        "",
        "| structure | group | class | role | atoms | formula | calls | what it is |",
        "|---|---|---|---|---:|---|---:|---|",
    ]
    for record in records:
        request = record.request
        cells = (
            request.name,
            request.group,
            request.builder,
            request.role,
            str(record.n_atoms),
            record.formula,
            f"{costs[request.name].calls:,}",
            record.line.replace("|", "/"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _time(costs: Sequence[Estimate], task: Task) -> str:
    """`, about 3 hours on one core`, or nothing where the table of references knows no speed."""
    entry = table("references").get(task.reference.name, {})
    cost = entry.get("cost", {})
    if not cost.get("atom_steps_per_s"):
        return ""
    hours = sum(one.calls * _call_s(cost, one.atoms) for one in costs) / 3600
    if hours < 1:
        words = f"{max(1, round(60 * hours))} min"
    else:
        words = f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    return f", {words} of one core with {task.reference.name}"


def _call_s(cost: dict[str, Any], atoms: int) -> float:
    """Seconds of one call: measured at `atoms` atoms, from there with the power `growth` of their number."""
    measured_s = cost["atoms"] / float(cost["atom_steps_per_s"])
    return float(measured_s * (atoms / cost["atoms"]) ** float(cost.get("growth", 1.0)))
