"""The model card that travels with the potential: what it is, how good it is, where it ends."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.record.view import View
from lang2mlip.report import tables
from lang2mlip.report.evidence import Evidence, gather
from lang2mlip.report.headline import first_line, verdict_cards
from lang2mlip.report.page import reproduce
from lang2mlip.report.validity import Validity, validity
from lang2mlip.report.words import count, duration, pressures, several, temperatures

__all__ = ["model_card"]

_SPECIAL = "\\`*_[]<>|#"


def model_card(view: View) -> str:
    """The card as Markdown; works at any stage of a run and says what was never measured."""
    evidence = gather(view)
    limits = validity(view.state, evidence)
    parts = (
        _opening(view),
        _model(view, evidence),
        _list("May be used for", limits.may),
        _list("Must not be used for", limits.may_not),
        _errors(view, evidence, limits),
        _data(view),
        _cost(view),
        _origin(view),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """`text` on one line, with Markdown's and HTML's signs made harmless."""
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in " ".join(text.split()))


def _opening(view: View) -> str:
    lines = [f"# Model card: {plain(view.folder.name)}", f"**{plain(first_line(view.state).text)}**"]
    lines.append(f"Question: {plain(view.task.prompt)}\n\nGoal: {plain(view.task.goal)}")
    for card in verdict_cards(view.state):
        lines.append(f"- {card.question} **{card.answer}.** {plain(card.because)}")
    return "\n\n".join(lines[:3]) + "\n\n" + "\n".join(lines[3:])


def _model(view: View, evidence: Evidence) -> str:
    task, model = view.task, evidence.model
    rows = [("elements", several(task.elements)), ("temperature", temperatures(task)), ("pressure", pressures(task))]
    rows.append(("reference", " · ".join(filter(None, (task.reference.name, _settings(task.reference.settings))))))
    if model is None:
        return f"## Model\n\n{_bullets(rows)}\n- No model has been trained."
    rows.append(("family", " · ".join(filter(None, (model.family, _settings(model.settings))))))
    rows.append(("size", f"{count(model.n_parameters)} parameters" if model.n_parameters else ""))
    rows.append(("trained on", f"{count(model.n_frames)} labelled configurations, model {model.id}"))
    return f"## Model\n\n{_bullets(rows)}"


def _settings(settings: dict[str, object]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in settings.items())


def _errors(view: View, evidence: Evidence, limits: Validity) -> str:
    if evidence.evaluation is None:
        return "## Errors\n\nNothing has been measured: do not use this potential."
    parts = [f"## Errors\n\nOn {evidence.configurations}, never trained on.", _table(tables.group_table(limits.groups))]
    if evidence.properties:
        parts += ["### Properties", _table(tables.property_table(evidence.properties))]
    if evidence.stability:
        parts += ["### Molecular dynamics", _table(tables.stability_table(evidence.stability))]
    parts += [f"Note: {plain(fault)}" for fault in evidence.faults]
    return "\n\n".join(parts)


def _data(view: View) -> str:
    used = set(view.state.model.datasets) if view.state.model else set()
    rows = [
        f"| {plain(data.id)} | {plain(data.source)} | {count(data.n_frames)} "
        f"| {plain(', '.join(data.groups))} | {'yes' if data.id in used else 'no'} |"
        for data in view.state.data
    ]
    if not rows:
        return "## Data\n\nNo labelled data."
    return "\n".join(["## Data\n", "| set | source | frames | groups | in training |", "|---|---|---|---|---|", *rows])


def _cost(view: View) -> str:
    cost, test = view.state.cost, view.state.test_cost
    rows = [
        ("reference calls", f"{count(cost.calls)}, {count(cost.labels)} of them kept as labels"),
        ("core-seconds", f"reference {cost.reference_s:.0f}, training {cost.training_s:.0f}, MD {cost.md_s:.0f}"),
        ("wall clock", duration(cost.wall_s)),
        ("frozen test set, charged apart", f"{count(test.calls)} calls" if test.calls else ""),
        ("language-model tokens", count(cost.tokens) if cost.tokens else ""),
    ]
    return f"## Cost of development\n\n{_bullets(rows)}"


def _origin(view: View) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in view.created.versions.items())
    commands = "\n".join(f"{command}   # {meaning}" for command, meaning in reproduce(view))
    return (
        f"## Origin\n\nVersions: {plain(versions) or 'not recorded'}\n\n```\n{commands.replace('```', '')}\n```\n\n"
        "## Licence\n\nThe software that made this potential is under the MIT licence. The potential learned from its "
        "reference: where that is a published model or parameter file, its own licence and citation apply as well."
    )


def _list(title: str, sentences: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def _bullets(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {plain(text)}" for name, text in rows if text)


def _table(table: tables.Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *([plain(cell.text) for cell in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
