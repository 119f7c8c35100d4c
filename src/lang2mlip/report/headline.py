"""The first screen: one line that says it all, the two verdicts in words, and the key figures with their goals."""

from __future__ import annotations

from dataclasses import dataclass

from lang2mlip.contracts import End, State, Verdict
from lang2mlip.record.view import View
from lang2mlip.report.evidence import Evidence, verdict
from lang2mlip.report.words import count, duration, limit, number, sentence, with_unit

__all__ = ["Headline", "KeyFigure", "VerdictCard", "ending", "first_line", "key_figures", "verdict_cards"]

FAITHFUL, ADEQUATE = "faithful to the reference", "reference adequate for this goal"
_QUESTIONS = {
    FAITHFUL: "Is the potential faithful to its reference?",
    ADEQUATE: "Is the reference adequate for this goal?",
}
_LOOKS = {
    "yes": ("pass", "✓"),
    "partly": ("partly", "≈"),
    "no": ("fail", "✗"),
    "demonstration only": ("partly", "!"),
    "not known": ("open", "?"),
}


@dataclass(frozen=True)
class Headline:
    """The first line of the report and its colour."""

    text: str
    kind: str


@dataclass(frozen=True)
class VerdictCard:
    """One of the two verdicts."""

    question: str
    answer: str
    because: str
    kind: str
    symbol: str


@dataclass(frozen=True)
class KeyFigure:
    """A number with its goal; kind: `pass`, `fail`, `open` (not measured) or `plain` (no goal)."""

    label: str
    value: str
    unit: str
    goal: str
    kind: str
    note: str = ""


def first_line(state: State) -> Headline:
    """Both verdicts in one line; for a run under way, that it is not finished."""
    faithful, adequate = verdict(state, FAITHFUL), verdict(state, ADEQUATE)
    parts = [f"Faithful to its reference: {faithful.answer}."] if faithful else []
    if adequate is not None and adequate.answer == "demonstration only":
        parts.insert(0, "Demonstration only: the reference is a toy, so nothing here is a statement about nature.")
    elif adequate is not None:
        parts.append(f"Reference adequate for this goal: {adequate.answer}.")
    if not state.ended:
        steps = "no step" if state.step == 0 else "1 step" if state.step == 1 else f"{count(state.step)} steps"
        parts.insert(0, f"Not finished: {steps} so far{'' if parts else ', no verdict yet'}.")
        return Headline(" ".join(parts), "open")
    if not parts:
        return Headline("Ended without a verdict.", "fail")
    kinds = [_LOOKS[one.answer][0] for one in (faithful, adequate) if one is not None]
    return Headline(" ".join(parts), next((kind for kind in ("fail", "partly", "open") if kind in kinds), "pass"))


def verdict_cards(state: State) -> tuple[VerdictCard, ...]:
    """The two verdicts; one that has not been given says so."""
    return tuple(_card(question, verdict(state, question), state.ended) for question in (FAITHFUL, ADEQUATE))


def _card(question: str, given: Verdict | None, ended: bool) -> VerdictCard:
    if given is None:
        because = "The run ended without judging it." if ended else "It is judged when the run ends."
        return VerdictCard(_QUESTIONS[question], "not judged yet", because, "open", "…")
    kind, symbol = _LOOKS[given.answer]
    return VerdictCard(_QUESTIONS[question], given.answer, sentence(given.because), kind, symbol)


def ending(view: View) -> tuple[str, str]:
    """How the run ended and the decider's advice, in words; empty while it runs."""
    if not view.state.ended:
        return "", ""
    words = {"success": "Ended with success", "failure": "Ended without success", "budget": "Ended at the budget"}
    for step in reversed(view.steps()):
        if isinstance(step.decision.parameters, End):
            return words[step.decision.parameters.outcome], sentence(step.decision.parameters.advice)
    return "Ended", ""


def key_figures(state: State, evidence: Evidence) -> tuple[KeyFigure, ...]:
    """Six figures at most, the most telling first."""
    return (*_errors(state, evidence), *_properties(evidence), _stability(state, evidence), _spent(state))


def _errors(state: State, evidence: Evidence) -> tuple[KeyFigure, ...]:
    goals, overall = state.task.goals, evidence.overall
    labels = ("Force error (RMSE)", "Energy error (RMSE)", "Worst group's force error")
    units = ("meV/Å", "meV/atom", "%")
    bounds = (goals.force_rmse_meV_A, goals.energy_rmse_meV_atom, 100 * goals.force_relative)
    if overall is None:
        missing = zip(labels, units, bounds, strict=True)
        return tuple(KeyFigure(label, "–", unit, f"goal ≤ {limit(bound)}", "open") for label, unit, bound in missing)
    groups = evidence.by_group or {"all": overall}
    worst = max(groups, key=lambda name: groups[name].force_relative)
    values = (overall.force_rmse_meV_A, overall.energy_rmse_meV_atom, 100 * groups[worst].force_relative)
    frames = f"on {count(overall.n_frames)} unseen configurations"
    notes = (frames, frames, f"of the rms force, in {worst}")
    return tuple(
        KeyFigure(label, number(value), unit, f"goal ≤ {limit(bound)}", "pass" if value <= bound else "fail", note)
        for label, value, unit, bound, note in zip(labels, values, units, bounds, notes, strict=True)
    )


def _properties(evidence: Evidence) -> tuple[KeyFigure, ...]:
    limited = [one for one in evidence.properties if one.limit]
    if not limited:
        return (KeyFigure("Properties within limits", "–", "", "not measured", "open"),)
    good = sum(one.passed for one in limited)
    worst = max(limited, key=lambda one: one.deviation / (one.limit or 1.0))
    off, allowed = with_unit(number(worst.deviation, 2), worst.deviation_unit), limit(worst.limit, 2)
    note = f"worst: {worst.name.replace('_', ' ')}, {off} off, {allowed} allowed"
    value = f"{good} of {len(limited)}"
    return (
        KeyFigure("Properties within limits", value, "", "goal: all", "pass" if good == len(limited) else "fail", note),
    )


def _stability(state: State, evidence: Evidence) -> KeyFigure:
    """All runs must be healthy, and enough of them long enough."""
    goals, runs = state.task.goals, evidence.stability
    goal = f"goal {goals.stable_seeds}, {count(goals.stable_steps)} steps"
    if not runs:
        return KeyFigure("Healthy MD runs", "–", "", goal, "open")
    healthy = sum(run.healthy for run in runs)
    long_enough = sum(run.healthy and run.steps >= goals.stable_steps for run in runs)
    kind = "fail" if healthy < len(runs) else "pass" if long_enough >= goals.stable_seeds else "open"
    hottest = max(run.temperature_K for run in runs)
    note = f"{count(max(run.steps for run in runs))} steps, up to {limit(hottest)} K"
    return KeyFigure("Healthy MD runs", f"{healthy} of {len(runs)}", "", goal, kind, note)


def _spent(state: State) -> KeyFigure:
    budget, cost = state.task.budget, state.cost
    goal = f"budget {count(budget.max_labels)}" if budget.max_labels else "no limit"
    note = f"{count(cost.calls)} reference calls, {duration(cost.wall_s)} of work"
    kind = "plain" if budget.max_labels is None else "pass" if cost.labels <= budget.max_labels else "fail"
    return KeyFigure("Labels used", count(cost.labels), "", goal, kind, note)
