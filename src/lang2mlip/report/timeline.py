"""The decisions in order: what was done, why, what was expected and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from lang2mlip.contracts import Cost, Decision
from lang2mlip.record.view import Step
from lang2mlip.report.words import count, duration

__all__ = ["Chapter", "Moment", "chapters"]

_LOOKS = {"done": ("pass", "✓"), "partial": ("partly", "≈"), "failed": ("fail", "✗"), "running": ("open", "…")}
_FLAT = 15
"""Up to so many steps stand open; longer runs are folded into chapters of ten."""
_CHAPTER = 10


@dataclass(frozen=True)
class Moment:
    """One step for people."""

    number: int
    action: str
    kind: str
    symbol: str
    reason: str
    summary: str
    faults: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    """What is folded away: (name, text)."""
    cost: str


@dataclass(frozen=True)
class Chapter:
    """Steps that are folded together; a run with few steps has a single open one."""

    title: str
    open: bool
    moments: tuple[Moment, ...]


def chapters(steps: Sequence[Step]) -> tuple[Chapter, ...]:
    """All steps, folded into chapters of ten when there are many; the last chapter stands open."""
    moments = [_moment(step) for step in steps]
    if len(moments) <= _FLAT:
        return (Chapter("", True, tuple(moments)),) if moments else ()
    parts = [moments[i : i + _CHAPTER] for i in range(0, len(moments), _CHAPTER)]
    return tuple(Chapter(_title(part), part is parts[-1], tuple(part)) for part in parts)


def _title(part: list[Moment]) -> str:
    runs = [(action, len(list(same))) for action, same in groupby(moment.action for moment in part)]
    story = ", ".join(action if times == 1 else f"{action} ×{times}" for action, times in runs)
    trouble = sum(moment.kind == "fail" for moment in part)
    note = f" · {trouble} failed" if trouble else ""
    return f"Steps {part[0].number} to {part[-1].number}: {story}{note}"


def _moment(step: Step) -> Moment:
    decision, result = step.decision, step.result
    kind, symbol = _LOOKS[result.status if result else "running"]
    summary = result.summary if result else "still running, or cut off before it ended"
    faults = result.faults if result else ()
    return Moment(
        step.number,
        decision.action,
        kind,
        symbol,
        decision.reason,
        summary,
        faults,
        tuple((name, text) for name, text in _facts(decision) if text),
        _cost(result.cost + Cost(tokens=decision.tokens)) if result else "",
    )


def _facts(decision: Decision) -> tuple[tuple[str, str], ...]:
    return (
        ("expected", decision.expectation),
        ("seen", decision.seen),
        ("decided by", decision.decider),
        ("parameters", _parameters(decision)),
        ("on the way", " · ".join(decision.remarks)),
    )


def _parameters(decision: Decision) -> str:
    given = decision.parameters.model_dump(mode="json", exclude={"action"})
    return ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())


def _cost(cost: Cost) -> str:
    parts = [
        f"{count(cost.calls)} reference calls" if cost.calls else "",
        f"{count(cost.labels)} labels" if cost.labels else "",
        f"{count(cost.cached)} from cache" if cost.cached else "",
        duration(cost.wall_s) if cost.wall_s else "",
        f"{count(cost.tokens)} tokens" if cost.tokens else "",
    ]
    return " · ".join(part for part in parts if part)
