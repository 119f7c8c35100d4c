"""The gates: conditions a potential must meet before it may be called faithful. Limits come from the task's goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lang2mlip.contracts import Errors, Gate, Goals, Property, StabilityRun

__all__ = ["DRIFT", "UNMEASURED", "error_gates", "property_gates", "spoken", "stability_gates", "unmeasured_gates"]

DRIFT = "energy drift at constant energy"
"""Name of the gates that each walk at constant energy has."""

UNMEASURED = "times"
"""Unit of the gates that stand for a missing value."""


def error_gates(errors: Mapping[str, Errors], goals: Goals) -> tuple[Gate, ...]:
    """Overall force and energy errors, the force error of each group, and of each element, against its own scale."""
    overall = errors["all"]
    gates = [
        _gate("force error", overall.force_rmse_meV_A, goals.force_rmse_meV_A, "meV/Å"),
        _gate("energy error", overall.energy_rmse_meV_atom, goals.energy_rmse_meV_atom, "meV/atom"),
    ]
    gates += [
        _gate("force error against rms force", 100 * each.force_relative, 100 * goals.force_relative, "%", group)
        for group, each in errors.items()
        if group != "all" and each.force_rms_meV_A > 0
    ]
    gates += [
        _gate(f"force error of {symbol} against its rms force", 100 * share, 100 * goals.element_limit, "%")
        for symbol, share in overall.element_relative.items()
    ]
    return tuple(gates)


def property_gates(properties: Sequence[Property]) -> tuple[Gate, ...]:
    """One gate for each property that has a limit."""
    return tuple(
        Gate(
            name=f"{one.name} of {one.subject}",
            value=one.deviation,
            limit=one.limit,
            unit=one.deviation_unit,
            passed=one.passed,
            group=one.group or one.subject,
        )
        for one in properties
        if one.limit is not None
    )


def stability_gates(runs: Sequence[StabilityRun], goals: Goals) -> tuple[Gate, ...]:
    """Every walker of every group stays healthy, the value being the number that did not; and keeps its energy."""
    groups = dict.fromkeys(run.group for run in runs)
    broke = [
        _gate("MD runs that broke", sum(not run.healthy for run in runs if run.group == group), 0, "runs", group)
        for group in groups
    ]
    return (*broke, *_drift_gates(runs, goals))


def _drift_gates(runs: Sequence[StabilityRun], goals: Goals) -> Iterator[Gate]:
    """Each walk at constant energy that held: the limit is the goal and twice the noise of so short a walk.

    Of noise no more counts than the goal: an energy that jumps about is not kept either.
    """
    for run in runs:
        if run.drift_meV_atom_ps is not None and run.healthy:
            noise = min(run.drift_error_meV_atom_ps or 0.0, goals.drift_meV_atom_ps)
            yield _gate(
                DRIFT, abs(run.drift_meV_atom_ps), goals.drift_meV_atom_ps + 2.0 * noise, "meV/atom/ps", run.group
            )


def unmeasured_gates(missing: Sequence[tuple[str, str]]) -> tuple[Gate, ...]:
    """A property that could not be measured is no property that holds: (property, group) → a gate that fails."""
    return tuple(_gate(f"{name} without a value", 1, 0, UNMEASURED, group) for name, group in missing)


def spoken(gate: Gate) -> str:
    """The gate's name, with its group where the name does not say it."""
    return gate.name if gate.group is None or gate.group in gate.name else f"{gate.name} in {gate.group}"


def _gate(name: str, value: float, limit: float, unit: str, group: str | None = None) -> Gate:
    return Gate(name=name, value=value, limit=limit, unit=unit, passed=value <= limit, group=group)
