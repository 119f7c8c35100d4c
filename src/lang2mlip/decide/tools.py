"""Read-only tools over a view: what an action's agent may look up before it fills in the parameters.

Name, docstring and signature of each method are what the model sees. Nothing here changes a run, runs a calculation
or reads a file outside the run folder; every reply is quoted data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lang2mlip.contracts import Errors, PoolSet, State, StructureRecord
from lang2mlip.decide.briefing import cost_line, error_cells, gates_table, table
from lang2mlip.errors import nearest
from lang2mlip.language.quoting import quoted
from lang2mlip.record.ledger import rows

__all__ = ["Tools"]

_ERRORS = ["E RMSE meV/atom", "F RMSE meV/Å", "F RMSE % of rms force"]
_ROWS = 12
"""Rows of a walk's series that are shown."""

_LONGEST = 12_000
"""Characters of one tool's reply; a longer one is cut and says so."""


class Tools:
    """The tools over one state and its view."""

    def __init__(self, state: State, view: Any) -> None:
        """`view` is the run's View; None where there is no run (only the state is known then)."""
        self._state = state
        self._steps = tuple(view.steps()) if view is not None else ()
        self._view = view

    def all(self) -> tuple[Callable[..., str], ...]:
        """Every tool, in the order in which the model sees them."""
        return (
            self.structures,
            self.group_errors,
            self.failures,
            self.trajectories,
            self.walk,
            self.datasets,
            self.models,
            self.evaluation,
            self.costs,
            self.step,
        )

    def structures(self, group: str = "") -> str:
        """The structures that may be worked on: formula, atoms, role, how each was made. No group: all of them."""
        records = [record for record in self._visible() if group in ("", record.request.group)]
        return self._of_group(group) or _shown(
            ["name", "group", "role", "formula", "atoms", "periodic", "builder", "what it is"],
            [
                [
                    r.request.name,
                    r.request.group,
                    r.request.role,
                    r.formula,
                    r.n_atoms,
                    r.periodic,
                    r.request.builder,
                    r.line,
                ]
                for r in records
            ],
        )

    def group_errors(self, group: str) -> str:
        """Errors of one group over time: training, held-out, and each model on labels it did not know yet (fresh).

        Energies in meV/atom, forces in meV/Å, the force error also in % of the rms force and by element; the
        reference's own ranges.
        """
        refusal = self._of_group(group)
        if refusal or not group:
            return refusal or quoted("Name one group.")
        state = self._state.groups[group]
        measured = [("train", state.train_error), ("held-out", state.held_out)]
        measured += [(f"fresh {number}", errors) for number, errors in enumerate(state.fresh, start=1)]
        lines = [
            [
                name,
                errors.n_frames if errors else 0,
                *error_cells(errors),
                f"{errors.force_max_error_meV_A:.0f}" if errors else "-",
                _by_element(errors) if errors else "-",
            ]
            for name, errors in measured
        ]
        ranges = [
            [name, f"{low:.4g}", f"{high:.4g}"]
            for name, (low, high) in state.ranges.items()
            if not name.startswith("nearest ")
        ]
        body = table(["on", "frames", *_ERRORS, "largest F error meV/Å", "F RMSE by element meV/Å"], lines)
        return quoted(
            f"{body}\n\nSeen in the reference's own MD:\n\n{table(['quantity', 'lowest', 'highest'], ranges)}"
        )

    def failures(self, group: str = "") -> str:
        """MD runs of the current model that a health check stopped: temperature in K, steps done, what tripped."""
        runs = [run for run in self._state.stability if not run.healthy and group in ("", run.group)]
        healthy = sum(run.healthy and group in ("", run.group) for run in self._state.stability)
        lines = [[r.group, r.structure, f"{r.temperature_K:g}", r.done, r.steps, r.trip or "", r.seed] for r in runs]
        body = table(["group", "structure", "T K", "steps done", "steps asked", "what tripped", "seed"], lines)
        return self._of_group(group) or _cut(f"{len(runs)} runs broke and {healthy} stayed healthy.\n\n{body}")

    def trajectories(self, group: str = "") -> str:
        """Unlabelled frames waiting in the pool: how many per group, made by which model, temperatures in K."""
        pool = [entry for entry in self._state.pool if not group or group in entry.groups]
        return self._of_group(group) or _shown(
            ["pool set", "made by model", "T K", "frames per group"],
            [[entry.id, entry.model, _temperatures(entry), _counts(entry.groups)] for entry in pool],
        )

    def walk(self, step: int, name: str = "") -> str:
        """How one MD walk of a past step went: time ps, T K, potential energy eV, volume Å³, pressure GPa.

        No name: the walks of that step, by name.
        """
        folders = _walks(self._view, step)
        if not folders:
            return quoted(f"Step {step} has no MD walks.")
        if name not in folders:
            refusal = f"There is no walk {name!r} in step {step}.{nearest(name, list(folders))} " if name else ""
            return _cut(f"{refusal}Walks of step {step}: {', '.join(folders)}.")
        return _cut(_series(folders[name]))

    def datasets(self) -> str:
        """All labelled data sets: source, frames per group, and the force error in meV/Å of the old model on them."""
        return _shown(
            ["data set", "source", "frames", "frames per group", "old model's F RMSE meV/Å"],
            [[d.id, d.source, d.n_frames, _counts(d.groups), _fresh(d.fresh_errors)] for d in self._state.data],
        )

    def models(self) -> str:
        """All models: family, effort, parameters, training frames, force error in meV/Å on their own training data."""
        return _shown(
            ["model", "family", "effort", "parameters", "frames", "parent", "settings", "train F RMSE meV/Å"],
            [
                [
                    m.id,
                    m.family,
                    m.effort,
                    m.n_parameters,
                    m.n_frames,
                    m.parent or "-",
                    m.settings,
                    _fresh(m.train_errors),
                ]
                for m in self._state.models
            ],
        )

    def evaluation(self) -> str:
        """The last evaluation in full: gates, and each property of the potential beside the reference's, with units."""
        if not self._state.evaluations:
            return quoted("Nothing has been evaluated yet.")
        last = self._state.evaluations[-1]
        current = "the current model" if last == self._state.evaluation else "an EARLIER model, not the current one"
        properties = table(
            ["property", "of", "potential", "reference", "unit", "deviation", "limit"],
            [
                [
                    p.name,
                    p.subject,
                    f"{p.value:.5g}",
                    f"{p.reference:.5g}",
                    p.unit,
                    f"{p.deviation:.3g} {p.deviation_unit}",
                    p.limit,
                ]
                for p in last.properties
            ],
        )
        return _cut(f"Of {last.model}: {current}; depth {last.depth}.\n\n{gates_table(last)}\n\n{properties}")

    def costs(self) -> str:
        """What every step cost: reference calls, labels, core-seconds; and the totals."""
        if self._view is None:
            return quoted(cost_line(self._state.cost))
        lines = [
            [r.step, r.action, r.cost.calls, r.cost.cached, r.cost.labels, round(r.cost.wall_s), r.total_calls]
            for r in rows(self._view)
        ]
        body = table(["step", "action", "calls", "from cache", "labels", "seconds", "calls so far"], lines)
        return _cut(f"{body}\n\nIn all: {cost_line(self._state.cost)}")

    def step(self, number: int) -> str:
        """One past step in full: the decision with its parameters, reason and expectation, and what came of it."""
        for step in self._steps:
            if step.number == number:
                return _cut(_step(step))
        known = ", ".join(str(step.number) for step in self._steps) or "none"
        return quoted(f"There is no step {number}. Known: {known}.")

    def _visible(self) -> list[StructureRecord]:
        """All structures but those of the frozen test set, which no decision may see."""
        return [record for record in self._state.structures if record.request.role != "test"]

    def _of_group(self, group: str) -> str:
        """A reply that names the groups, when `group` is none of them; else empty."""
        groups = list(self._state.groups)
        if group in ("", *groups):
            return ""
        return quoted(f"There is no group called {group!r}.{nearest(group, groups)} Known: {', '.join(groups)}.")


def _walks(view: Any, step: int) -> dict[str, Path]:
    """Name → result file of the walks that a step made."""
    jobs = sorted((view.folder / "jobs").glob(f"{step:04d}-*")) if view is not None else []
    files = sorted(file for job in jobs for file in job.glob("*/result.json"))
    return {file.parent.name: file for file in files if "thermo" in json.loads(file.read_text(encoding="utf-8"))}


def _series(file: Path) -> str:
    """At most _ROWS even rows of a walk's series."""
    result = json.loads(file.read_text(encoding="utf-8"))
    thermo = result["thermo"]
    count = len(next(iter(thermo.values()), []))
    shown = sorted({round(k * (count - 1) / max(1, min(_ROWS, count) - 1)) for k in range(min(_ROWS, count))})
    keys = [key for key in thermo if key != "step"]
    body = table(keys, [[f"{thermo[key][row]:.5g}" for key in keys] for row in shown])
    trip = result.get("trip") or (result.get("stability") or {}).get("trip")
    return f"{body}\n\n{f'Stopped: {trip}' if trip else 'It went to its end.'}"


def _step(step: Any) -> str:
    decision, result = step.decision, step.result
    lines = [
        f"Decision {step.number} by {decision.decider}: {decision.parameters.model_dump_json()}",
        f"Reason: {decision.reason}",
        f"Expected: {decision.expectation}",
        *(f"Remark: {remark}" for remark in decision.remarks),
    ]
    if result is None:
        return "\n".join([*lines, "It is still running."])
    faults = [f"Fault: {fault}" for fault in result.faults]
    return "\n".join([*lines, f"Result: {result.status}. {result.summary}", *faults, f"Cost: {cost_line(result.cost)}"])


def _shown(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    return _cut(table(head, lines) if lines else "None.")


def _cut(text: str) -> str:
    rest = len(text) - _LONGEST
    return quoted(text if rest <= 0 else f"{text[:_LONGEST]}\n({rest} characters more; ask for one group or one step.)")


def _counts(groups: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in groups.items())


def _temperatures(pool: PoolSet) -> str:
    return ", ".join(f"{temperature:g}" for temperature in pool.temperatures_K)


def _by_element(errors: Errors) -> str:
    return ", ".join(f"{symbol} {value:.0f}" for symbol, value in errors.by_element_meV_A.items()) or "-"


def _fresh(errors: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value.force_rmse_meV_A:.1f}" for name, value in errors.items()) or "-"
