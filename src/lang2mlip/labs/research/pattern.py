"""Pattern search over a typed space: one setting at a time, a step either way, and on in a direction that paid.

R. Hooke, T. A. Jeeves, J. ACM 8, 212 (1961). With some tens of runs in ten dimensions an estimator has seen too little
to ask for anything but chance; a single step from what is kept tells which settings matter, and is more often better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.proposal import flat
from lang2mlip.labs.research.story import Story

__all__ = ["Step", "next_step"]

STEPS = 6
"""Steps from one end of an axis to the other."""

Step = tuple[str, Any]
"""Path and new value."""


def next_step(arena: Arena, story: Story, structural: bool) -> Step | None:
    """The next untried step from what is kept; None when there is none. `structural`: along such axes alone.

    First on in the direction of the last step that was kept, then up along every axis, then down. A value that was
    tried at a path, or that a kept attempt moved away from, is not tried again.
    """
    space: dict[str, dict[str, Any]] = arena.spec["space"]
    now, been = flat(arena.config(story.control)), _been(arena, story)
    for path, value in _wished(space, now, _direction(arena, story)):
        if structural and not space[path].get("structural"):
            continue
        if value is not None and not _among(value, [now.get(path), *been.get(path, [])]):
            return path, value
    return None


def _wished(space: dict[str, dict[str, Any]], now: dict[str, Any], last: tuple[str, int] | None) -> Iterator[Step]:
    if last is not None and last[0] in space:
        yield last[0], _moved(space[last[0]], now.get(last[0]), last[1])
    for way in (1, -1):
        for path, axis in space.items():
            yield path, _moved(axis, now.get(path), way)


def _moved(axis: dict[str, Any], value: Any, way: int) -> Any:
    """The value a step up (1) or down (-1) the axis; None beyond its end, and for a value that is not on it."""
    if "choices" in axis:
        return _next_choice(list(axis["choices"]), value, way)
    low, high = float(axis["low"]), float(axis["high"])
    if not isinstance(value, int | float) or not low <= value <= high:
        return None
    moved = value * (high / low) ** (way / STEPS) if axis.get("log") else value + way * (high - low) / STEPS
    moved = float(f"{min(high, max(low, moved)):.4g}")
    return None if math.isclose(moved, value, rel_tol=1e-3) else moved


def _next_choice(choices: list[Any], value: Any, way: int) -> Any:
    """The neighbour in the list; for a number that is not on it the nearest one on that side."""
    if value in choices:
        place = choices.index(value) + way
        return choices[place] if 0 <= place < len(choices) else None
    beyond = [one for one in choices if _number(one) and _number(value) and way * (one - value) > 0]
    return min(beyond, key=lambda one: abs(one - value), default=None)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _been(arena: Arena, story: Story) -> dict[str, list[Any]]:
    """Path → values that were tried there one at a time, and those that were left for better ones."""
    found: dict[str, list[Any]] = {}
    for attempt in story.attempts:
        if attempt.void:
            continue
        change, parent = attempt.proposal.get("change", {}), flat(arena.config(attempt.proposal["parent"]))
        for path, value in change.items():
            if attempt.kept:
                found.setdefault(path, []).append(parent.get(path))
            elif len(change) == 1:
                found.setdefault(path, []).append(value)
    return found


def _direction(arena: Arena, story: Story) -> tuple[str, int] | None:
    """Of the last attempt, where it was a single step that was kept: its path and which way it went."""
    last = story.attempts[-1] if story.attempts else None
    if last is None or not last.kept or len(last.proposal.get("change", {})) != 1:
        return None
    ((path, value),) = last.proposal["change"].items()
    before, axis = flat(arena.config(last.proposal["parent"])).get(path), arena.spec["space"].get(path, {})
    choices = list(axis.get("choices", ()))
    if {before, value} <= set(choices):
        return path, 1 if choices.index(value) > choices.index(before) else -1
    return (path, 1 if value > before else -1) if _number(before) and _number(value) else None


def _among(value: Any, values: list[Any]) -> bool:
    return any(
        math.isclose(value, one, rel_tol=1e-3)
        if isinstance(value, float) and isinstance(one, int | float)
        else value == one
        for one in values
    )
