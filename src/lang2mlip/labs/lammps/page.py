"""report.html of a simulation: one file, no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from lang2mlip.report.words import measured

if TYPE_CHECKING:
    from lang2mlip.labs.lammps.simulation import Round, Simulation

__all__ = ["page"]

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#1b2430;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse}td,th{padding:.25rem .8rem;
border-bottom:1px solid #e3e8ee;text-align:left;vertical-align:top}td.n{text-align:right;white-space:nowrap}
.plots{display:flex;flex-wrap:wrap;gap:1rem}.plots svg{max-width:22rem;height:auto}figure{margin:0;text-align:center}
pre{background:#f5f7f9;padding:1rem;overflow:auto;font-size:12px}.bad{color:#a33}.good{color:#006f50}small{color:#5a6572}"""


def page(made: Simulation, script: str, figures: Sequence[str]) -> str:
    """The whole page."""
    verdict = f'<p class="{"good" if made.grade.passed else "bad"}">{escape(made.grade.sentence())}</p>'
    facts = [("asked", made.prompt),
             ("recipe", made.measures), ("system", made.system),
             ("potential", f"{made.potential.name}: {made.potential.reason}"),
             ("run", f"{made.steps:,} steps of {made.step}, {made.wall_s:.0f} s, {made.sandbox}")]  # fmt: skip
    return "\n".join((
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<title>{escape(made.name)}</title><style>{_STYLE}</style>',
        f"<h1>{escape(made.prompt)}</h1>", verdict, _table(facts),
        "<h2>Results</h2>", _numbers(made), _list("Remarks", made.remarks),
        '<h2>Curves and pictures</h2><div class="plots">', *figures, "</div>",
        "<h2>Rounds</h2>", _table([_round(one) for one in made.rounds]),
        "<h2>How it was graded</h2>", _rubric(made), "<h2>Script</h2>", f"<pre>{escape(script)}</pre>", "</html>",
    ))  # fmt: skip


def _numbers(made: Simulation) -> str:
    if not made.numbers:
        return "<p>None: the run was not sound enough to read a number from.</p>"
    rows = "".join(
        f"<tr><td>{escape(one.name)}</td><td class=n>{measured(one.value, one.error)}</td><td>{escape(one.unit)}</td>"
        f"<td><small>{escape(one.how)}</small></td></tr>"
        for one in made.numbers
    )
    return f"<table>{rows}</table>"


def _rubric(made: Simulation) -> str:
    points = [(one, f" ({one.why})" if one.why else "") for one in made.grade.parts]
    return _table([(one.name, f"{one.points:g} of {one.of}{why}") for one, why in points])


def _round(one: Round) -> tuple[str, str]:
    return str(one.number), f"{one.change or 'as asked'}: {one.verdict}"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows) + "</table>"


def _list(title: str, lines: Sequence[str]) -> str:
    return f"<h2>{title}</h2><ul>" + "".join(f"<li>{escape(one)}</li>" for one in lines) + "</ul>" if lines else ""
