"""The report: one HTML page that needs no network, for people who must decide whether to trust a potential."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from lang2mlip.errors import RunFault
from lang2mlip.record.run import write_text
from lang2mlip.record.view import View
from lang2mlip.report import headline, sections, tables
from lang2mlip.report.evidence import gather
from lang2mlip.report.explain import Explanation
from lang2mlip.report.timeline import chapters
from lang2mlip.report.validity import validity
from lang2mlip.report.words import pressures, sentence, temperatures

__all__ = ["render", "reproduce", "write_report", "write_step"]

_TEMPLATES = Path(__file__).parent / "templates"


def write_report(view: View, folder: Path) -> Path:
    """Write `folder`/index.html whole or not at all, and return its path; the run may be at any stage.

    A run counts as finished once its `end` is recorded, so call this after that. Raises RunFault when the folder
    cannot be written.
    """
    try:
        return write_text(folder / "index.html", render(view))
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunFault(f"The report cannot be written to {folder}: {reason}. Free or choose another place.") from error


def write_step(view: View, step: Explanation, folder: Path) -> Path:
    """Write `folder`/step-009.html, one decision explained, and return its path."""
    context = {"step": step, "run": view.folder.name, "prompt": view.task.prompt, "css": _own("report.css")}
    text = _environment().get_template("step.html.j2").render(context)
    return write_text(folder / f"step-{step.number:03d}.html", text)


def render(view: View) -> str:
    """The page as text. All words of people and models are escaped."""
    return _environment().get_template("report.html.j2").render(_context(view))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup  # our own drawings; figures.py escapes the words in them
    environment.filters["cited"] = _cited
    return environment


def _cited(text: str) -> Markup:
    """Escaped text in which each `doi:10…` is a link."""
    link = r'<a href="https://doi.org/\1" rel="noopener noreferrer">doi:\1</a>'
    return Markup(re.sub(r"\bdoi:\s?(10\.\d{4,}/[\w./()<>:;-]*[\w)])", link, str(escape(text))))


def _context(view: View) -> dict[str, Any]:
    state, evidence = view.state, gather(view)
    limits = validity(state, evidence)
    outcome, advice = headline.ending(view)
    return {
        "task": view.task,
        "first": headline.first_line(state),
        "verdicts": headline.verdict_cards(state),
        "keys": headline.key_figures(state, evidence),
        "measured_on": evidence.configurations,
        "outcome": outcome,
        "outcome_words": sentence(state.outcome or ""),
        "advice": advice,
        "model": evidence.model,
        "limits": limits,
        "understood": tables.task_table(state),
        "sections": sections.sections(view, evidence, limits.groups),
        "chapters": chapters(view.steps()),
        "steps": state.step,
        "remarks": (*(r for event in view.preparation for r in event.remarks), *view.remarks),
        "range": f"{temperatures(view.task)}, {pressures(view.task)}",
        "run": view.folder.name,
        "versions": view.created.versions,
        "commands": reproduce(view),
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "css": _own("report.css"),
        "js": _own("print.js"),
        "js_hash": Markup(base64.b64encode(hashlib.sha256(_own("print.js").encode()).digest()).decode()),
    }


@cache
def _own(name: str) -> Markup:
    """A file of the template folder, to stand in the page as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def reproduce(view: View) -> tuple[tuple[str, str], ...]:
    """Commands that make the run again: (command, what it does)."""
    task = view.task
    words = ["lang2mlip", "run", task.prompt, "--yes", "--reference", task.reference.name]
    words += ["--potential", task.potential.family, "--seed", str(task.seed)]
    found = [(view.created.command, "the command that began this run")] if view.created.command else []
    return (
        *found,
        (shlex.join(words), "from the words, with the same parts and seed"),
        ("lang2mlip run task.yaml", "from the task in the run folder, every setting as it was used"),
    )
