"""The whole story: decide, act, record, until it is done."""

from __future__ import annotations

from collections.abc import Callable

from lang2mlip.contracts import Decision, Result, State
from lang2mlip.contracts.parts import Decider
from lang2mlip.errors import PartFailed
from lang2mlip.record.run import Run

__all__ = ["develop"]

MOST_ENDS = 3
"""Failures in a row after which an `end` that fails is not tried again: no decision could do anything else."""

Perform = Callable[[Decision, Run], Result]


def develop(run: Run, decider: Decider, perform: Perform) -> State:
    """Develop the potential of `run` until the decider ends it; a run that was cut off goes on where it was.

    Raises PartFailed when the end itself fails again and again.
    """
    while not run.state.ended:
        decision = run.unfinished() or run.decided(decider.decide(run.state, run.view()))
        result = perform(decision, run)
        run.finished(result)
        if decision.action == "end" and run.state.consecutive_failures >= MOST_ENDS:
            again = f"Mend that, then: lang2mlip resume {run.name}"
            raise PartFailed(f"{run.name} cannot be ended: {result.summary} {again}")
    return run.state
