"""The chapters of evidence: each a title, a sentence on how to read it, figures and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lang2mlip.contracts import Cost, Errors, State
from lang2mlip.record import ledger
from lang2mlip.record.view import View
from lang2mlip.report import figures, tables
from lang2mlip.report.evidence import Evidence, LearningPoint, combined, learning_points
from lang2mlip.report.finer import finer_tables
from lang2mlip.report.reaching import reaching
from lang2mlip.report.validity import Coverage
from lang2mlip.report.words import count, duration, number

__all__ = ["Figure", "Section", "sections"]

_MOST_GROUPS = 12
"""Parity plots are drawn for so many groups at most, to keep the page light; the table has all."""

_USUAL = 0.2 + 1e-6
"""What pairs may always come nearer than in the reference's own MD, Å."""

_MOST_CURVES = 9
"""Of radial distributions, and of displacements, so many are drawn."""


@dataclass(frozen=True)
class Figure:
    """An SVG with a title."""

    title: str
    svg: str


@dataclass(frozen=True)
class Section:
    """A chapter; one without figures and tables says in `absent` why."""

    id: str
    title: str
    lead: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[tables.Table, ...] = ()
    layout: str = ""
    """How wide the figures stand: `small`, `half`, `wide`, or a third of the page."""
    notes: tuple[str, ...] = ()
    absent: str = ""


def sections(view: View, evidence: Evidence, groups: tuple[Coverage, ...]) -> tuple[Section, ...]:
    """All chapters of evidence in the order of the page."""
    return (
        _accuracy(view, evidence, groups),
        _properties(evidence),
        _structure(evidence),
        _stability(view, evidence),
        _gates(evidence),
        _learning(view),
        _cost(view),
    )


def _figures(found: Sequence[tuple[str, str | None]]) -> tuple[Figure, ...]:
    return tuple(Figure(title, svg) for title, svg in found if svg)


def _accuracy(view: View, evidence: Evidence, groups: tuple[Coverage, ...]) -> Section:
    lead = (
        f"Errors on {evidence.configurations}, which the potential has never been trained on. "
        "In the plots a perfect potential has every point on the line; the strip below shows the error itself."
    )
    if evidence.evaluation is None:
        return Section("accuracy", "Energies and forces", "", absent="No model has been evaluated yet.")
    drawn, left_out = _parity(evidence)
    short, reached = reaching(view)
    notes = (*evidence.faults, *left_out, *_spacing(view.state), *reached)
    found = (tables.group_table(groups), *finer_tables(evidence), *short)
    return Section("accuracy", "Energies and forces", lead, drawn, found, "small", notes)


def _spacing(state: State) -> Iterator[str]:
    """How independent the frames are that decisions were made by."""
    found = [group.ranges[key] for group in state.groups.values() for key in group.ranges if key.startswith("spacing")]
    gaps = [least for least, _ in found if least > 0]
    if gaps:
        yield (
            "The held-out validation frames, by which the decisions were made, are spread over the reference's own MD, "
            f"{number(min(gaps))} to {number(max(most for _, most in found))} fs apart; frames nearer to each other "
            "than a vibration (10 to 100 fs) are alike, and the frozen test set is the better witness."
        )


def _parity(evidence: Evidence) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """Energy and force plots of each group, the worst groups first when there are too many for one page."""
    pairs: dict[str, Any] = evidence.curves.get("parity", {})
    errors = evidence.by_group

    def badness(group: str) -> float:
        return -errors[group].force_relative if group in errors else 0.0

    shown = list(pairs) if len(pairs) <= _MOST_GROUPS else sorted(pairs, key=badness)[:_MOST_GROUPS]
    found = []
    for index, group in enumerate(shown):
        colour = figures.COLOURS[index % len(figures.COLOURS)]
        for quantity, word in (("energy", "energy"), ("forces", "forces")):
            found.append((f"{group}: {word}", figures.parity(pairs[group].get(quantity, ()), quantity, colour)))
    left = len(pairs) - len(shown)
    note = (f"Plots of the {_MOST_GROUPS} worst groups; {left} more are in the table alone.",) if left else ()
    return _figures(found), note


def _properties(evidence: Evidence) -> Section:
    lead = (
        "Measured the same way with the potential and with its reference; the bar shows how much of the allowed "
        "deviation is used up. In an equation of state the two curves should coincide over the whole range of volume."
    )
    eos: dict[str, Any] = evidence.curves.get("eos", {})
    drawn = _figures([(f"{name}: equation of state", figures.eos(curve, name)) for name, curve in eos.items()])
    table = (tables.property_table(evidence.properties),) if evidence.properties else ()
    absent = "" if drawn or table else "No property has been measured."
    title = "Equation of state, elastic constants and other properties"
    return Section("properties", title, lead, drawn, table, absent=absent)


def _structure(evidence: Evidence) -> Section:
    lead = (
        "From molecular dynamics under the same conditions: the blue line should lie within the grey one. "
        "The mean squared displacement is the noisier of the two, as its trajectories are short."
    )
    rdf: dict[str, Any] = evidence.curves.get("rdf", {})
    msd: dict[str, Any] = evidence.curves.get("msd", {})
    found = [(f"{name}: radial distribution", figures.curves(rdf[name], "rdf", name)) for name in _some(rdf)]
    found += [(f"{name}: mean squared displacement", figures.curves(msd[name], "msd", name)) for name in _some(msd)]
    density: dict[str, Any] = evidence.curves.get("density", {})
    found += [(f"{name}: density", figures.curves(density[name], "density", name)) for name in _some(density)]
    energy: dict[str, Any] = evidence.curves.get("energy", {})
    found += [(f"{name}: energy", figures.curves(energy[name], "energy", name)) for name in _some(energy)]
    drawn = _figures(found)
    left = len(rdf) + len(msd) + len(density) + len(energy) - len(found)
    notes = (f"{left} more curves are in the run folder alone.",) if left else ()
    absent = "" if drawn else "No trajectories have been compared."
    return Section("structure", "Structure and motion", lead, drawn, notes=notes, absent=absent)


def _some(curves: dict[str, Any]) -> list[str]:
    """The names of the curves that are drawn."""
    return list(curves)[:_MOST_CURVES]


def _stability(view: View, evidence: Evidence) -> Section:
    lead = (
        "Independent MD runs, watched as they go: pair distance, force, temperature, energy and volume. "
        "One trip of a health check means that the potential cannot be trusted there; melting is no failure."
    )
    if not evidence.stability:
        return Section("stability", "Stability", lead, absent="No MD has been run with this potential.")
    sampled = evidence.stability_from == "sampling"
    notes = ["These runs are from sampling; no evaluation of stability was made."] if sampled else []
    notes += _allowances(view.state)
    table = tables.stability_table(evidence.stability)
    return Section("stability", "Stability", lead, tables=(table,), notes=tuple(notes))


def _allowances(state: State) -> Iterator[str]:
    """Where the reference's own MD was too short to show how near atoms come, and what is allowed for it."""
    for group in state.groups.values():
        limits = {key.partition(" ")[2]: span for key, span in group.ranges.items() if key.startswith("nearest ")}
        wider = [
            f"{pair} {seen - allowed:.2f} Å" for pair, (allowed, seen) in limits.items() if seen - allowed > _USUAL
        ]
        if wider:
            yield (
                f"{group.group}: the reference's own MD was too short to show how near atoms come in runs as long as "
                f"these, so pairs may come nearer than it showed by more than the usual 0.2 Å: {', '.join(wider)}."
            )


def _gates(evidence: Evidence) -> Section:
    lead = "The first verdict is an unreserved yes when every one of these conditions holds and none was left unjudged."
    if not evidence.gates:
        return Section("gates", "All gates", lead, absent="No evaluation has set its gates yet.")
    good = sum(gate.passed for gate in evidence.gates)
    lead += f" {good} of {len(evidence.gates)} hold."
    notes = tuple(
        f"Not judged, {one.name.replace('_', ' ')} of {one.group}: {one.because}" for one in evidence.unjudged
    )
    table = tables.gate_table(evidence.gates, evidence.unjudged)
    return Section("gates", "All gates", lead, tables=(table,), notes=notes)


def _learning(view: View) -> Section:
    title = "Learning curve"
    lead = (
        "Each model is scored on newly labelled configurations before it learns from them. Picks that it was "
        "unsure of make this error larger than the ordinary one; as long as it falls, the loop still learns."
    )
    points = learning_points(view.steps())
    if not points:
        return Section("learning", title, lead, absent="No model has met fresh labels yet.")
    error = "force RMSE (meV/Å)"
    found = [
        ("against labels", figures.learning(_series(points, "labels"), "labels in the training data", error)),
        ("against reference calls", figures.learning(_series(points, "calls"), "reference calls spent", error)),
    ]
    return Section("learning", title, lead, _figures(found), layout="half")


def _series(points: tuple[LearningPoint, ...], cost: str) -> dict[str, list[tuple[float, float]]]:
    """Lines of the learning curve: fresh labels in all, held-out in all, and fresh labels of up to five groups."""
    lines: dict[str, list[tuple[float, float]]] = {"fresh labels": [], "held-out": []}
    fresh = [point for point in points if point.kind == "fresh"]
    groups = list(dict.fromkeys(name for point in fresh for name in point.errors))
    lines |= {name: [] for name in groups if 1 < len(groups) <= 5}
    for point in points:
        place = float(getattr(point, cost))
        overall = point.errors.get("all") or combined(point.errors.values())
        name = "fresh labels" if point.kind == "fresh" else "held-out"
        scores: dict[str, Errors | None] = {name: overall, **(point.errors if point.kind == "fresh" else {})}
        for line, errors in scores.items():
            if errors is not None and line in lines:
                lines[line].append((place, errors.force_rmse_meV_A))
    return lines


def _cost(view: View) -> Section:
    lead = (
        "A reference call is every energy and force evaluation by the reference, MD and failures included; a label is "
        "a call that was kept as data. The frozen test set is charged apart."
    )
    rows = ledger.rows(view)
    prepared = [row.cost for row in rows if row.step == 0]
    table = tables.cost_table(view.state, prepared, view.steps())
    bars = [
        (str(row.step), (row.cost.reference_s, row.cost.training_s, row.cost.md_s))
        for row in rows
        if row.cost != Cost()
    ]
    drawn = _figures([("Work of each step", figures.cost(bars))])
    return Section("cost", "What it cost", lead, drawn, (table,), "wide", (_budget(view),))


def _budget(view: View) -> str:
    budget, cost = view.task.budget, view.state.cost
    parts = []
    if budget.max_calls is not None:
        parts.append(f"{count(cost.calls)} of {count(budget.max_calls)} reference calls")
    if budget.max_labels is not None:
        parts.append(f"{count(cost.labels)} of {count(budget.max_labels)} labels")
    if budget.max_time_s is not None:
        parts.append(f"{duration(cost.wall_s)} of {duration(budget.max_time_s)}")
    if budget.max_tokens is not None:
        parts.append(f"{count(cost.tokens)} of {count(budget.max_tokens)} tokens")
    return f"Used of the budget: {', '.join(parts)}." if parts else "No budget was set."
