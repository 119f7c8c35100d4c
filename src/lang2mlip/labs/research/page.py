"""report.html of a search: one file, no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.card import Reading, read
from lang2mlip.labs.research.story import Attempt, Story, story_of

__all__ = ["write_page"]

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#1b2430;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse}td,th{padding:.25rem .8rem;
border-bottom:1px solid #e3e8ee;text-align:left;vertical-align:top}td.n{text-align:right;white-space:nowrap}
pre{background:#f5f7f9;padding:1rem;overflow:auto;font-size:12px}.bad{color:#a33}.good{color:#006f50}
small{color:#5a6572}ul.tree,ul.tree ul{list-style:none;border-left:2px solid #cbd5df;padding-left:1rem}"""
_WIDE, _HIGH, _EDGE = 640, 260, 45


def write_page(arena: Arena) -> Path:
    """Write the report of a search as it stands; its path."""
    story = story_of(arena.journal)
    target = arena.place / "report.html"
    title = escape(arena.spec["title"])
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>',
        f"<h1>Auto-research: {title}</h1>",
        f"<p>{len(story.attempts)} attempts, {len(story.runs)} runs, {story.seconds:.0f} s, {story.tokens} tokens; "
        f"{escape(story.ended or 'not ended')}.</p>",
        "<h2>On frames that no decision saw</h2>", _finals(arena),
        "<h2>Attempts</h2>", _tree(arena, story),
        "<h2>Score against cost</h2>", _plot(arena, story),
        "<h2>Gates</h2>", _gates(arena, story),
        "<h2>What was kept</h2>", _kept(arena, story),
        "<h2>What was learned</h2>", _learned(story), "</html>",
    ]  # fmt: skip
    target.write_text("\n".join(parts), encoding="utf-8")
    return target


def _readings(arena: Arena, story: Story, commit: str) -> list[Reading]:
    return [read(arena.card, one["metrics"]) for one in story.of(commit) if one["status"] == "scored"]


def _row(cells: Sequence[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _finals(arena: Arena) -> str:
    found = {one["of"]: one["reading"] for one in arena.journal.of("final")}
    if not found:
        return "<p>Not measured yet: that is the last thing that a search does.</p>"
    names = sorted({name for one in found.values() if one for name in one["metrics"]})
    rows = [
        _row(["", *found], "th"),
        _row(["score", *(f"{one['score']:.3f}" if one else "-" for one in found.values())]),
    ]
    rows.append(
        _row(
            [
                "gates violated",
                *(escape(", ".join(one["violated"])) or "none" if one else "-" for one in found.values()),
            ]
        )
    )
    rows += [
        _row([name, *(f"{one['metrics'].get(name, 0):.4g}" if one else "-" for one in found.values())])
        for name in names
    ]
    return f"<table>{''.join(rows)}</table>"


def _tree(arena: Arena, story: Story) -> str:
    """Each attempt below the control that it changed."""
    below: dict[str, list[Attempt]] = {}
    for attempt in story.attempts:
        below.setdefault(attempt.proposal["parent"], []).append(attempt)

    def branch(commit: str) -> str:
        items = []
        for attempt in below.get(commit, []):
            own = attempt.proposal["commit"]
            deeper = branch(own) if attempt.kept and own != commit else ""
            items.append(f"<li>{_line(arena, story, attempt)}{deeper}</li>")
        return f'<ul class="tree">{"".join(items)}</ul>' if items else ""

    return f"<p>baseline {_scores(_readings(arena, story, story.baseline))}</p>{branch(story.baseline)}"


def _line(arena: Arena, story: Story, attempt: Attempt) -> str:
    verdict = attempt.verdict
    word = "under way" if verdict is None else "kept" if verdict["keep"] else "reverted"
    scores = _scores(_readings(arena, story, attempt.proposal["commit"])) if attempt.proposal["diff"] else ""
    why = escape(verdict["why"]) if verdict else ""
    return (f'<b class="{"good" if attempt.kept else "bad"}">{attempt.number} {word}</b> '
            f"{escape(attempt.proposal['hypothesis'])} {scores}<br><small>{why}</small>")  # fmt: skip


def _scores(readings: Sequence[Reading]) -> str:
    if not readings:
        return "<small>no score</small>"
    gates = sorted({name for one in readings for name in one.violated})
    told = f' <span class="bad">violates {escape(", ".join(gates))}</span>' if gates else ""
    return f"<small>{', '.join(f'{one.score:.3f}' for one in readings)}</small>{told}"


def _plot(arena: Arena, story: Story) -> str:
    """Seconds of runs so far against the score of each run with seed 0 (logarithmic); filled: all gates kept."""
    points, spent = [], 0.0
    for (_, seed, role), run in story.runs.items():
        spent += run.get("wall_s", 0.0)
        if seed == 0 and role == "screen" and run["status"] == "scored":
            points.append((spent, read(arena.card, run["metrics"])))
    if not points:
        return "<p>No run has a score yet.</p>"
    low, high = (edge(one.score for _, one in points) for edge in (min, max))
    drawn = [_dot(second / max(spent, 1e-9), one, low, high) for second, one in points]
    axes = (f'<path d="M{_EDGE} 10V{_HIGH - 30}H{_WIDE}" fill="none" stroke="#5a6572"/>'
            f'<text x="2" y="16" font-size="12">{high:.3g}</text>'
            f'<text x="2" y="{_HIGH - 32}" font-size="12">{low:.3g}</text>'
            f'<text x="{_WIDE - 130}" y="{_HIGH - 8}" font-size="12">{spent:.0f} s of runs</text>')  # fmt: skip
    return f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="score against cost">{axes}{"".join(drawn)}</svg>'


def _dot(share: float, reading: Reading, low: float, high: float) -> str:
    from math import log

    up = 0.5 if high == low else log(reading.score / low) / log(high / low)
    x, y = _EDGE + 8 + share * (_WIDE - _EDGE - 20), _HIGH - 36 - up * (_HIGH - 56)
    fill = "#006f50" if reading.accepted else "none"
    colour = "#006f50" if reading.accepted else "#a33"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'


def _gates(arena: Arena, story: Story) -> str:
    now, first = (_readings(arena, story, commit) for commit in (story.control, story.baseline))
    rows = [_row(["gate", "limit", "baseline", "control", "why"], "th")]
    for name, gate in arena.card.gates.items():
        limit = f"≤ {gate.at_most:g}" if gate.at_most is not None else f"≥ {gate.at_least:g}"
        rows.append(_row([name, limit, _values(first, name), _values(now, name), escape(gate.why)]))
    return f"<table>{''.join(rows)}</table>"


def _values(readings: Sequence[Reading], name: str) -> str:
    cells = []
    for one in readings:
        mark = "bad" if name in one.violated else "good"
        cells.append(f'<span class="{mark}">{one.metrics.get(name, float("nan")):.3g}</span>')
    return ", ".join(cells) or "-"


def _kept(arena: Arena, story: Story) -> str:
    kept = [(attempt.number, attempt.proposal) for attempt in story.attempts if attempt.kept]
    parts = [f"<h3>{n}. {escape(one['hypothesis'])}</h3><pre>{escape(one['diff'])}</pre>" for n, one in kept]
    parts += [
        f"<p>Ablation, {escape(one['path'])} as at the start: {'left out, ' if one['keep'] else 'needed, '}"
        f"{escape(one['why'])}</p>"
        for one in story.ablations
    ]
    return "".join(parts) or "<p>Nothing yet.</p>"


def _learned(story: Story) -> str:
    lines = [(one.number, one.verdict["lesson"]) for one in story.attempts if one.verdict]
    return "<ul>" + "".join(f"<li>{number}: {escape(lesson)}</li>" for number, lesson in lines) + "</ul>"
