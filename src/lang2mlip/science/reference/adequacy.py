"""The second verdict: is the reference itself good enough for the goal? From the cited table, never measured here."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import ReferenceSpec, Task, Verdict
from lang2mlip.science.reference.choice import NEEDS_STRESS, entry_of

__all__ = ["LEVELS", "adequacy"]

WORST_FIRST = ("no", "demonstration only", "not known", "partly", "yes")

LEVELS = {
    "toy": "a toy model",
    "classical": "a classical potential",
    "ml-fitted": "a potential fitted to electronic structure",
    "semi-empirical": "a semi-empirical method",
    "ml-universal": "a universal potential fitted to electronic structure",
    "dft": "density functional theory",
    "wavefunction": "wave-function theory",
    "unknown": "a method of a level unknown here",
}
"""Level of theory → what people call it."""


def adequacy(spec: ReferenceSpec, task: Task) -> Verdict:
    """Whether `spec` is adequate for `task`: the worst answer over its phases and properties, with cited reasons."""
    entry = entry_of(spec)
    if not entry:
        return _verdict("not known", f"Nothing is known here about the reference {spec.name}: it is no part of ours.")
    phases: list[str] = sorted({phase for component in task.components for phase in component.phases})
    answers = {phase: entry["answer"].get(phase, entry["answer"]["rule"]) for phase in phases or ["rule"]}
    if not entry.get("stress", True):
        answers |= {f"{name} (needs a stress)": "no" for name in task.properties if name in NEEDS_STRESS}
    worst = min(answers.values(), key=WORST_FIRST.index)
    weak = [what for what, answer in answers.items() if answer == worst and what != "rule"]
    return _verdict(worst, _because(spec, entry, worst, weak))


def _because(spec: ReferenceSpec, entry: dict[str, Any], worst: str, weak: list[str]) -> str:
    """Level, weak points, known errors with their sources, and what would be better."""
    parts = [f"{_name(spec)} is {LEVELS[entry['level']]} ({entry['source']})"]
    if worst != "yes" and weak:
        parts.append(f"the answer is {worst!r} for {', '.join(weak)}")
    parts.append(f"it is good for {', '.join(entry['adequate_for'])}; not for {', '.join(entry['not_adequate_for'])}")
    parts += [f"known: {error['text']} [{error['source']}]" for error in entry.get("known_errors", ())]
    if "better" in entry and worst != "yes":
        parts.append(f"better: {entry['better']}")
    return ". ".join(part[0].upper() + part[1:] for part in parts) + "."


def _name(spec: ReferenceSpec) -> str:
    """With its file, or its method and basis set, behind a colon."""
    file = str(spec.settings.get("file", "")).rpartition("/")[2]
    method = "/".join(str(spec.settings[key]) for key in ("method", "basis") if key in spec.settings)
    return ":".join(part for part in (spec.name, file or method) if part)


def _verdict(answer: Any, because: str) -> Verdict:
    return Verdict(question="reference adequate for this goal", answer=answer, because=because)
