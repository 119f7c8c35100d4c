"""A decider that goes round in circles, or on and on, while nothing is learnt: seen in the last steps of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lang2mlip.contracts import Noun
from lang2mlip.record.view import Step

__all__ = ["BARREN", "barren", "circle"]

ROUNDS = 2
"""Identical rounds in a row after which the same once more is refused."""

LONGEST = 4
"""Actions of a round at most: same, same; to and fro; and so on."""

BARREN = 12
"""Steps in a row that brought no label and dropped no frame, after which the built-in rules decide for a step."""


def circle(steps: Sequence[Step], wanted: Noun) -> str | None:
    """Why `wanted` would begin the same round of actions again, in a sentence; None where it would not.

    The same action time after time is a circle whatever it brings; several in turn are one when no label came of them.
    """
    done = [step.decision.parameters for step in steps]
    for length in range(1, LONGEST + 1):
        last = done[-ROUNDS * length :]
        turned = len(last) == ROUNDS * length and last[:length] == last[length:]
        if turned and wanted == last[0] and (length == 1 or _nothing_new(steps[-ROUNDS * length :])):
            return _words([parameters.action for parameters in last[:length]])
    return None


def barren(steps: Sequence[Step]) -> str | None:
    """Why a decider is not asked this time: its steps have brought nothing for long; None where they have."""
    last = steps[-BARREN:]
    if len(last) < BARREN or not _nothing_new(last):
        return None
    actions = ", ".join(dict.fromkeys(step.decision.action for step in last))
    return f"the last {BARREN} steps ({actions}) brought no label and took no outlier out"


def _words(actions: Sequence[str]) -> str:
    if len(actions) == 1:
        return (
            f"The last {ROUNDS} steps were exactly this, and a further one would tell nothing new; "
            "choose other parameters, or decline so that another action is chosen."
        )
    return (
        f"The last {ROUNDS * len(actions)} steps were {', '.join(actions)} and the same again, parameters and all, "
        "no label came of them, and this would begin a further round; choose what brings something new, or end."
    )


def _nothing_new(steps: Sequence[Step]) -> bool:
    return not any(_new(step.result) for step in steps)


def _new(result: Any) -> bool:
    """Labels, or frames dropped for good: what is dropped and put back by turns is nothing new."""
    if result is None:
        return False
    labels = any(data.n_frames for data in result.data)
    return labels or (result.pruning is not None and bool(result.pruning.frames) and not result.pruning.restored)
