"""A search in words: every attempt in a line, one explained, what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lang2mlip.errors import BadInput
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.story import Attempt, story_of

__all__ = ["difference", "explained", "told"]


def told(arena: Arena) -> Iterator[str]:
    """The baseline, each attempt, ablations and the final scores."""
    story = story_of(arena.journal)
    yield f"baseline      {_short(arena, story.of(story.baseline))}"
    for attempt in story.attempts:
        verdict = attempt.verdict
        word = "under way" if verdict is None else "kept" if verdict["keep"] else "reverted"
        runs = story.of(attempt.proposal["commit"]) if attempt.proposal["diff"] else []
        yield f"{attempt.number:3d} {word:9s} {_short(arena, runs)}  {attempt.proposal['hypothesis']}"
    for one in story.ablations:
        yield f"    without {one['path']}: {'no worse, left out' if one['keep'] else one['why']}"
    for one in arena.journal.of("final"):
        yield f"final, {one['of']}: {_reading(one['reading'])}"
    yield f"{len(story.runs)} runs, {story.seconds:.0f} s, {story.tokens} tokens; {story.ended or 'not ended'}"


def _short(arena: Arena, runs: list[dict[str, Any]]) -> str:
    scored = [read(arena.card, one["metrics"]) for one in runs if one["status"] == "scored"]
    if not scored:
        return f"{runs[0]['status'] if runs else 'not run':>8s}            "
    mean = sum(one.score for one in scored) / len(scored)
    gates = sorted({name for one in scored for name in one.violated})
    return f"{mean:8.3f} x{len(scored)} {'all gates' if not gates else 'VIOLATES ' + ', '.join(gates)}"


def _reading(reading: dict[str, Any] | None) -> str:
    if reading is None:
        return "no score"
    gates = ", ".join(reading["violated"]) or "none"
    force, energy = (reading["metrics"].get(f"{name}") for name in ("force_rmse_meV_A", "energy_rmse_meV_atom"))
    errors = f"forces {force:.1f} meV/Å, energies {energy:.2f} meV/atom"
    return f"score {reading['score']:.3f}, gates violated: {gates}; {errors}"


def explained(arena: Arena, number: int) -> Iterator[str]:
    """One attempt from hypothesis to lesson."""
    attempt = _attempt(arena, number)
    story, proposal = story_of(arena.journal), attempt.proposal
    yield f"Hypothesis ({proposal['origin']}): {proposal['hypothesis']}"
    if proposal["source"]:
        yield f"Source: {proposal['source']}"
    yield f"Predicted: {proposal['expected']}"
    for key, run in sorted(story.runs.items()):
        if key[0] == proposal["commit"] and proposal["diff"]:
            yield f"Run, seed {key[1]}, {key[2]}: {_run(arena, run)}"
    yield from _verdict(attempt)


def _run(arena: Arena, run: dict[str, Any]) -> str:
    if run["status"] not in ("scored", "hopeless"):
        return f"{run['status']}: {run['words']}"
    found = read(arena.card, run["metrics"])
    gates = ", ".join(f"{name} {found.metrics.get(name, float('nan')):.3g}" for name in found.violated) or "none"
    values = ", ".join(f"{name} {value:.4g}" for name, value in found.metrics.items())
    return f"{run['status']}, score {found.score:.3f}; gates violated: {gates}; {values}"


def _verdict(attempt: Attempt) -> Iterator[str]:
    if attempt.verdict is None:
        yield "No verdict yet."
    else:
        yield f"Verdict: {'kept' if attempt.verdict['keep'] else 'reverted'}: {attempt.verdict['why']}"
        yield f"Lesson: {attempt.verdict['lesson']}"


def difference(arena: Arena, number: int) -> str:
    """The diff of an attempt against the control of its time; of 0: from the baseline to the control of now."""
    story = story_of(arena.journal)
    if number == 0:
        return arena.history.diff(story.baseline, story.control)
    return str(_attempt(arena, number).proposal["diff"])


def _attempt(arena: Arena, number: int) -> Attempt:
    attempts = story_of(arena.journal).attempts
    if not 1 <= number <= len(attempts):
        raise BadInput(f"There is no attempt {number} in {arena.place.name}; it has {len(attempts)}.")
    return attempts[number - 1]
