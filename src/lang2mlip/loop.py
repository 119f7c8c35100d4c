"""The whole story: decide, act, record, until it is done."""

from __future__ import annotations

from collections.abc import Callable

from lang2mlip.contracts import Decision, Result, State
from lang2mlip.contracts.parts import Decider
from lang2mlip.record.run import Run

__all__ = ["develop"]

Perform = Callable[[Decision, Run], Result]


def develop(run: Run, decider: Decider, perform: Perform) -> State:
    """Develop the potential of `run` until the decider ends it; a run that was cut off goes on where it was."""
    while not run.state.ended:
        decision = run.unfinished() or run.decided(decider.decide(run.state, run.view()))
        run.finished(perform(decision, run))
    return run.state
