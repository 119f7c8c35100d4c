"""The state in Markdown: complete, compact, with units; for a model, and for a person who decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lang2mlip.contracts import Budget, Cost, Errors, Evaluation, GroupState, State, Task
from lang2mlip.decide.curriculum import built, good, in_play, outlook, parts, relevant, target
from lang2mlip.decide.prospects import Prospect
from lang2mlip.record.ledger import calls_left, labels_left, reserve, time_left_s

__all__ = ["brief", "cost_line", "error_cells", "gates_table", "table"]

LAST_STEPS = 12
"""Steps of the log that are shown; a tool shows any of them in full."""


MOST_RUNS = 8
"""Broken MD runs that are shown."""


def brief(state: State, steps: Sequence[Any] = (), last: int = LAST_STEPS) -> str:
    """Everything a decision rests on. `steps` are the view's steps; with them the log shows reasons too."""
    told = [_task(state.task), _groups(state), _standing(state), _model(state), _broken(state), _evaluation(state)]
    return "\n\n".join([*told, _means(state), _log(state, steps, last)])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, or a word when it has no rows; a bar or a line break inside a cell cannot break it."""
    body = list(rows)
    if not body:
        return "None."
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def error_cells(errors: Errors | None) -> list[str]:
    """Energy RMSE in meV/atom, force RMSE in meV/Å, force RMSE over the rms force in %; dashes when not measured."""
    if errors is None:
        return ["-", "-", "-"]
    return [
        f"{errors.energy_rmse_meV_atom:.2f}",
        f"{errors.force_rmse_meV_A:.1f}",
        f"{100 * errors.force_relative:.1f}",
    ]


def gates_table(evaluation: Evaluation, failed_only: bool = False) -> str:
    """Gate by gate: what was measured, the limit, passed or not."""
    gates = [gate for gate in evaluation.gates if not (failed_only and gate.passed)]
    return table(
        ["gate", "group", "measured", "limit", "unit", "passed"],
        [[g.name, g.group or "all", f"{g.value:.4g}", f"{g.limit:.4g}", g.unit, _yes(g.passed)] for g in gates],
    )


def cost_line(cost: Cost) -> str:
    """A cost in one line, with units."""
    return (
        f"{cost.calls} reference calls ({cost.cached} more from the cache, {cost.failed} failed), "
        f"{cost.labels} labels, {cost.reference_s:.0f} s reference, {cost.training_s:.0f} s training, "
        f"{cost.md_s:.0f} s MD, {cost.wall_s:.0f} s in all, {cost.tokens} tokens"
    )


def _task(task: Task) -> str:
    low, high = task.temperature_K
    lines = [
        "## Task",
        f"- The person's words: {_cell(task.prompt)}",
        f"- Goal: {_cell(task.goal)}",
        *(f"- Component: {c.name} ({c.formula}): {', '.join(c.phases)}" for c in task.components),
        f"- Elements: {', '.join(task.elements)}",
        f"- Conditions of use: {low:g} to {high:g} K, {task.pressure_GPa[0]:g} to {task.pressure_GPa[1]:g} GPa",
        f"- Properties wanted: {', '.join(task.properties) or 'none named'}",
        *([f"- Layers: {' / '.join(task.layers)}"] if task.layers else []),
        f"- Reference: {task.reference.name}. Potential family: {task.potential.family}.",
        f"- Accuracy goals (on configurations never trained on): {_goals(task)}",
    ]
    return "\n".join(lines)


def _goals(task: Task) -> str:
    goals = task.goals
    return (
        f"force RMSE ≤ {goals.force_rmse_meV_A:g} meV/Å over all "
        f"and ≤ {100 * goals.force_relative:g} % of the rms force in each group; "
        f"energy RMSE ≤ {goals.energy_rmse_meV_atom:g} meV/atom; lattice ≤ {goals.lattice_percent:g} %, "
        f"bulk modulus ≤ {goals.bulk_modulus_percent:g} %, elastic constants ≤ {goals.elastic_percent:g} %, thermal "
        f"expansion ≤ {goals.thermal_expansion_percent:g} %, density ≤ {goals.density_percent:g} %, vacancy "
        f"energy ≤ {goals.vacancy_percent:g} %, surface energy ≤ {goals.surface_energy_percent:g} %, "
        f"diffusion ≤ {goals.diffusion_percent:g} % off; RDF RMSE ≤ {goals.rdf_rmse:g}; "
        f"{goals.stable_seeds} seeds of {goals.stable_steps} MD steps all healthy; energy drift ≤ "
        f"{goals.drift_meV_atom_ps:g} meV/atom/ps; each element's force RMSE ≤ {100 * goals.element_limit:g} % of its "
        "own rms force"
    )


def _groups(state: State) -> str:
    head = ["group", "structures", "labels", "pool", "ref. MD"]
    head += [f"{kind} {unit}" for kind in ("train", "held-out", "fresh") for unit in ("E meV/atom", "F meV/Å", "F %")]
    head += ["fresh F before", "stable to K", "broken walkers", "MD steps lasted"]
    return "## Groups\n\n" + _GROUPS_KEY + "\n\n" + table(head, [_group(group) for group in state.groups.values()])


_GROUPS_KEY = (
    "train: current model on its own training data (says little). held-out: on validation frames. fresh: the model of "
    "that time on its newest labels before it learnt them (the honest error); before: the earlier ones, oldest first, "
    "meV/Å. F %: force RMSE over the rms force. MD steps lasted: mean of the last walks there, also those of the model "
    "before, and the steps asked for. -: not measured."
)


def _group(group: GroupState) -> list[object]:
    fresh = group.fresh[-1] if group.fresh else None
    errors = [*error_cells(group.train_error), *error_cells(group.held_out), *error_cells(fresh)]
    stable = "-" if group.stable_K is None else f"{group.stable_K:g}"
    broken = f"{group.failures} of {group.walkers}" if group.walkers else "not run"
    counts: list[object] = [group.group, group.structures, group.labels, group.pool, _yes(group.reference_done)]
    before = " → ".join(f"{errors.force_rmse_meV_A:.1f}" for errors in group.fresh[:-1]) or "-"
    lasted = f"{group.lasted:.0f} of {group.walked}" if group.walked else "-"
    return [*counts, *errors, before, stable, broken, lasted]


def _standing(state: State) -> str:
    """What the built-in expert makes of each group."""
    playing = in_play(state)
    rows = [
        [
            name,
            f"{100 * target(state, name):.1f}",
            "yes" if relevant(state, name) else "as a part",
            ", ".join(parts(state, name)) or "-",
            _predicted(outlook(state, name)),
            "stands" if good(state, name) else "worth work now" if name in playing else "waits or is stuck",
        ]
        for name in built(state)
    ]
    head = ["group", "target F %", "carries a wanted property", "its parts", "further labels predicted", "standing"]
    return f"## Standing\n\n{table(head, rows)}"


def _predicted(expected: Prospect | None) -> str:
    if expected is None:
        return "-"
    labels = "no number" if expected.labels is None else str(expected.labels)
    return f"{labels} (error ~ labels^-{expected.power:.2f})"


def _model(state: State) -> str:
    model = state.model
    if model is None:
        return "## Model\n\nNone yet."
    changes = (
        f"{state.labels_since_training} labels are new since." if state.labels_since_training else "No data are new."
    )
    strategy = f"\n\nTrainings follow a strategy that won {state.strategy.evidence}." if state.strategy else ""
    return (
        f"## Model\n\n{model.id}: family {model.family}, {model.n_parameters} parameters, "
        f"fitted to {model.n_frames} frames with {model.effort or 'unknown'} effort. "
        f"{len(state.models)} models so far. {changes}{strategy}"
    )


def _broken(state: State) -> str:
    """Where MD with the current model broke, the worst first."""
    broken = sorted((run for run in state.stability if not run.healthy), key=lambda run: run.done / run.steps)
    if not broken:
        seen = "None seen." if state.stability else "It was not run in MD yet."
        return f"## Broken MD of the current model\n\n{seen}"
    rows = [[r.group, r.structure, f"{r.temperature_K:g}", f"{r.done} of {r.steps}", r.trip or ""] for r in broken]
    more = f"\n\n{len(rows) - MOST_RUNS} more." if len(rows) > MOST_RUNS else ""
    head = ["group", "structure", "T K", "steps done", "what tripped"]
    return f"## Broken MD of the current model\n\n{table(head, rows[:MOST_RUNS])}{more}"


def _evaluation(state: State) -> str:
    evaluation = state.evaluation
    if evaluation is None:
        return "## Evaluation of the current model\n\nNone yet."
    held = sum(gate.passed for gate in evaluation.gates)
    left = "".join(f"\n\nNot judged: {one.name} of {one.group}. {one.because}" for one in evaluation.unjudged)
    return (
        f"## Evaluation of the current model (depth {evaluation.depth})\n\n"
        f"{held} of {len(evaluation.gates)} gates hold.\n\n{gates_table(evaluation)}{left}"
    )


def _means(state: State) -> str:
    budget = state.task.budget
    tokens_left = None if budget.max_tokens is None else max(0, budget.max_tokens - state.cost.tokens)
    rows: list[tuple[str, object, object, object]] = [
        ("reference calls", state.cost.calls, budget.max_calls, _with_reserve(state)),
        ("labels", state.cost.labels, budget.max_labels, labels_left(state)),
        ("time, s", round(state.cost.wall_s), *_rounded(budget, time_left_s(state))),
        ("language-model tokens", state.cost.tokens, budget.max_tokens, tokens_left),
    ]
    shown = [["no limit" if value is None else value for value in row] for row in rows]
    return "## Cost and budget\n\n" + table(["what", "spent", "budget", "left"], shown)


def _with_reserve(state: State) -> str | int | None:
    kept = reserve(state)
    left = calls_left(state)
    return f"{left}, of which {kept} are kept for the next evaluation" if left is not None and kept else left


def _rounded(budget: Budget, left: float | None) -> tuple[int | None, int | None]:
    return (
        None if budget.max_time_s is None else round(budget.max_time_s),
        None if left is None else round(left),
    )


def _log(state: State, steps: Sequence[Any], last: int) -> str:
    if not state.log:
        return "## Log\n\nNothing was done yet."
    reasons = {step.number: step.decision.reason for step in steps}
    rows = [
        [entry.step, entry.action, entry.status, entry.reason or reasons.get(entry.step, ""), entry.summary]
        for entry in state.log[-last:]
    ]
    left_out = len(state.log) - len(rows)
    note = f"The {left_out} earlier steps are left out here.\n\n" if left_out > 0 else ""
    trouble = (
        f"\n\n{state.consecutive_failures} actions failed one after another." if state.consecutive_failures else ""
    )
    return f"## Log\n\n{note}{table(['step', 'action', 'status', 'reason', 'what came of it'], rows)}{trouble}"


_yes: Callable[[bool], str] = {True: "yes", False: "no"}.__getitem__


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "¦").split())
