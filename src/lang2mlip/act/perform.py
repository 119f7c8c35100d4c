"""Decision → Result: the one way in which every action is carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lang2mlip.act.base import Action, Desk, run_pieces
from lang2mlip.catalogue import load
from lang2mlip.compute.pool import Pool
from lang2mlip.contracts import Decision, Result, State
from lang2mlip.errors import Lang2mlipError, RunFault
from lang2mlip.record.ledger import time_left_s
from lang2mlip.record.run import Run, write_json

__all__ = ["Performer"]


def _silent(words: str, fraction: float) -> None:
    """Tell nobody."""


def _until(decision: Decision, state: State) -> float | None:
    """When the budget's time is over; the end alone may take what it needs: without it there is no verdict."""
    left = time_left_s(state)
    return None if left is None or decision.action == "end" else time.monotonic() + left


@dataclass
class Performer:
    """Carries out decisions with a pool of workers."""

    workers: Pool
    tell: Callable[[str, float], None] = field(default=_silent)

    def __call__(self, decision: Decision, run: Run) -> Result:
        """The result of `decision`; a failure of the action is a result too. Raises RunFault when the folder fails."""
        job = run.job(decision)
        begun = time.monotonic()
        write_json(job / "spec.json", decision.model_dump(mode="json"))
        desk = Desk(run.view(), job, self.workers, self.tell, _until(decision, run.state))
        result = self._carry_out(desk, decision.parameters)
        cost = result.cost.model_copy(update={"wall_s": time.monotonic() - begun})
        result = result.model_copy(update={"cost": cost})
        write_json(job / "result.json", result.model_dump(mode="json"))
        return result

    def _carry_out(self, desk: Desk, parameters: Any) -> Result:
        action: Action = load("action", parameters.action)()
        try:
            pieces = action.pieces(desk, parameters)
            done = run_pieces(desk, pieces, parameters.action, desk.until) if pieces else []
            return action.gather(desk, parameters, done)
        except RunFault:
            raise
        except Lang2mlipError as error:
            return Result(action=parameters.action, status="failed", summary=str(error), faults=(str(error),))
