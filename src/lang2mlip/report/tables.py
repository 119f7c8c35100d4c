"""Tables of the report: rows of cells with text and a judgement, no markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lang2mlip.contracts import Cost, Gate, Property, StabilityRun, State, Unjudged
from lang2mlip.record.view import Step
from lang2mlip.report.validity import Coverage
from lang2mlip.report.words import MISSING, count, duration, limit, measured, number, pressures, temperatures, with_unit

__all__ = [
    "Cell",
    "Table",
    "cost_table",
    "gate_table",
    "group_table",
    "property_table",
    "stability_table",
    "task_table",
]

_GATE_WORDS = {True: "pass", False: "fail"}


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    kind: str = "num"
    """`text`, `num`, or a judgement: `pass`, `fail`, `open`."""
    bar: float | None = None
    """Share of the limit that is used up; drawn as a bar, 1 is the limit."""


@dataclass(frozen=True)
class Table:
    """A header and rows of equal length."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    total: bool = False
    """The last row is a sum."""

    @property
    def header(self) -> tuple[Cell, ...]:
        """The column names, each of the kind of what stands below it."""
        kinds = [cell.kind for cell in self.rows[0]] if self.rows else ["text"] * len(self.columns)
        return tuple(
            Cell(name, "num" if kind == "num" else "text") for name, kind in zip(self.columns, kinds, strict=True)
        )


def _text(value: str) -> Cell:
    return Cell(value, "text")


def _judged(passed: bool) -> Cell:
    return Cell("pass" if passed else "fail", _GATE_WORDS[passed])


_NOT_JUDGED = Cell("not judged", "open")


def group_table(groups: tuple[Coverage, ...]) -> Table:
    """Errors and MD of every group, one row each."""
    columns = (
        "group",
        "",
        "labels",
        "unseen frames",
        "force RMSE (meV/Å)",
        "of rms force (%)",
        "largest force error (meV/Å)",
        "energy RMSE (meV/atom)",
        "stress RMSE (GPa)",
        "healthy MD runs",
        "stable up to (K)",
    )
    return Table(columns, tuple(_group_row(one) for one in groups), "Errors in each group")


def _group_row(one: Coverage) -> tuple[Cell, ...]:
    words = {"pass": "within goals", "fail": "outside goals", "open": "not tested"}
    e = one.errors
    figures = (
        (
            count(e.n_frames),
            number(e.force_rmse_meV_A),
            number(100 * e.force_relative, 2),
            number(e.force_max_error_meV_A or None),
            number(e.energy_rmse_meV_atom),
            number(e.stress_rmse_GPa, 2),
        )
        if e
        else (MISSING,) * 6
    )
    runs = f"{one.healthy} of {one.runs}" if one.runs else MISSING
    cells = (count(one.labels), *figures, runs, limit(one.hottest_K))
    return (_text(one.group), Cell(words[one.status], one.status), *(Cell(text) for text in cells))


def property_table(properties: Iterable[Property]) -> Table:
    """Every property of the potential beside the reference's, with the share of its limit that it uses up."""
    columns = ("property", "of", "potential", "reference", "unit", "deviation", "limit", "")
    return Table(columns, tuple(_property_row(one) for one in properties))


def _property_row(one: Property) -> tuple[Cell, ...]:
    deviation = with_unit(number(one.deviation, 2), one.deviation_unit)
    share = one.deviation / one.limit if one.limit else None
    allowed = MISSING if one.limit is None else with_unit(limit(one.limit, 2), one.deviation_unit)
    return (
        _text(one.name.replace("_", " ")),
        _text(one.subject),
        Cell(measured(one.value, one.error_bar)),
        Cell(number(one.reference, 4)),
        _text(one.unit),
        Cell(deviation, "num", share),
        Cell(allowed),
        Cell("no limit set", "open") if one.limit is None else _judged(one.passed),
    )


def gate_table(gates: Iterable[Gate], unjudged: Iterable[Unjudged] = ()) -> Table:
    """Every gate with its value and limit, and below them what could not be judged."""
    rows = [
        (
            _text(gate.name.replace("_", " ")),
            _text(gate.group or "all"),
            Cell(number(gate.value)),
            Cell(limit(gate.limit)),
            _text(gate.unit),
            _judged(gate.passed),
        )
        for gate in gates
    ]
    rows += [
        (_text(one.name.replace("_", " ")), _text(one.group), Cell(MISSING), Cell(MISSING), _text(""), _NOT_JUDGED)
        for one in unjudged
    ]
    return Table(("gate", "group", "value", "limit", "unit", ""), tuple(rows))


def stability_table(runs: Iterable[StabilityRun]) -> Table:
    """MD runs, gathered by group, temperature and length; the first trip of each row in words."""
    gathered: dict[tuple[str, float, int, bool], list[StabilityRun]] = {}
    for run in runs:
        key = (run.group, run.temperature_K, run.steps, run.drift_meV_atom_ps is not None)
        gathered.setdefault(key, []).append(run)
    columns = (
        "group",
        "T (K)",
        "steps asked",
        "fewest done",
        "healthy",
        "",
        "what tripped first",
        "NVE drift (meV/atom/ps)",
        "speed (atom-steps/s)",
    )
    return Table(columns, tuple(_stability_row(same) for same in gathered.values()))


def _stability_row(same: list[StabilityRun]) -> tuple[Cell, ...]:
    one, healthy = same[0], sum(run.healthy for run in same)
    drifts = [abs(run.drift_meV_atom_ps) for run in same if run.drift_meV_atom_ps is not None]
    speeds = [run.atom_steps_per_s for run in same if run.atom_steps_per_s > 0]
    trips = [run.trip for run in same if run.trip]
    return (
        _text(one.group),
        Cell(limit(one.temperature_K)),
        Cell(count(one.steps)),
        Cell(count(min(run.done for run in same))),
        Cell(f"{healthy} of {len(same)}"),
        _judged(healthy == len(same)),
        _text(trips[0] if trips else MISSING),
        Cell(number(max(drifts), 2) if drifts else MISSING),
        Cell(number(sum(speeds) / len(speeds), 2) if speeds else MISSING),
    )


def cost_table(state: State, prepared: Iterable[Cost], steps: Iterable[Step]) -> Table:
    """The ledger: what each kind of action cost, the sum, and the frozen test set apart from it."""
    before = [cost for cost in prepared if cost != Cost()]
    gathered = {"prepare": (len(before), sum(before, Cost()))} if before else {}
    for step in steps:
        times, cost = gathered.get(step.decision.action, (0, Cost()))
        gathered[step.decision.action] = (times + 1, cost + _paid(step))
    columns = (
        "action",
        "steps",
        "reference calls",
        "labels kept",
        "from cache",
        "failed calls",
        "reference (core-s)",
        "training (core-s)",
        "MD (core-s)",
        "wall clock",
        "tokens",
    )
    rows = [_cost_row(action, count(times), cost) for action, (times, cost) in gathered.items()]
    if state.test_cost != Cost():
        rows.append(_cost_row("frozen test set, charged apart", MISSING, state.test_cost))
    rows.append(_cost_row("development in all", count(state.step), state.cost))
    return _without_zeros(Table(columns, tuple(rows), total=True))


def _without_zeros(table: Table) -> Table:
    """The ledger without the columns that hold nothing but zeros; calls and labels always stay."""
    kept = [i for i in range(len(table.columns)) if i < 4 or any(row[i].text not in ("0", "0 s") for row in table.rows)]
    columns = tuple(table.columns[i] for i in kept)
    return Table(columns, tuple(tuple(row[i] for i in kept) for row in table.rows), table.title, table.total)


def _paid(step: Step) -> Cost:
    """What a step cost, the tokens of its decision included."""
    return (step.result.cost if step.result else Cost()) + Cost(tokens=step.decision.tokens)


def _cost_row(name: str, times: str, cost: Cost) -> tuple[Cell, ...]:
    whole = (cost.calls, cost.labels, cost.cached, cost.failed)
    seconds = (cost.reference_s, cost.training_s, cost.md_s)
    return (
        _text(name),
        Cell(times),
        *(Cell(count(value)) for value in whole),
        *(Cell(number(value)) for value in seconds),
        Cell(duration(cost.wall_s)),
        Cell(count(cost.tokens)),
    )


def task_table(state: State) -> Table:
    """The task as it was understood, with the reasons of its choices."""
    task = state.task
    settings = ", ".join(f"{key} = {value}" for key, value in task.potential.settings.items())
    given = ", ".join(f"{key} = {value}" for key, value in task.reference.settings.items())
    components = "; ".join(f"{one.name} ({one.formula}): {', '.join(one.phases)}" for one in task.components)
    strategy = state.strategy
    trained = f"as won in {strategy.arena or 'an arena'}: {strategy.evidence}" if strategy else ""
    rows = (
        ("components", components),
        ("elements", ", ".join(task.elements)),
        ("layers", " / ".join(task.layers)),
        ("temperature of use", temperatures(task)),
        ("pressure of use", pressures(task)),
        ("properties wanted", ", ".join(name.replace("_", " ") for name in task.properties)),
        ("reference", " · ".join(part for part in (task.reference.name, given, task.reference.reason) if part)),
        ("potential", " · ".join(part for part in (task.potential.family, settings, task.potential.reason) if part)),
        ("training", trained),
    )
    return Table(("", ""), tuple((_text(name), _text(value)) for name, value in rows if value))
