"""The decisions of an earlier run again, at no cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lang2mlip.contracts import Decision, State
from lang2mlip.errors import BadInput
from lang2mlip.record.events import Decided
from lang2mlip.record.log import Log

__all__ = ["Replay"]


class Replay:
    """Decision after decision from the run.db of another run. Raises BadInput when there is none, or no more."""

    def __init__(self, file: str) -> None:
        path = Path(file)
        path = path / "run.db" if path.is_dir() else path
        if not path.is_file():
            raise BadInput(f"Nothing to replay: {file} is neither a run folder nor its run.db.")
        self.name = f"replay:{file}"
        events = (event for event in Log(path).read() if isinstance(event, Decided))
        self._decisions = {event.step: event.decision for event in events}

    def decide(self, state: State, view: Any) -> Decision:
        """The decision that the other run took at this step."""
        number = state.step + 1
        if number not in self._decisions:
            raise BadInput(f"{self.name} has no step {number}; go on with another decider: --decider rules.")
        decision = self._decisions[number]
        return decision.model_copy(update={"decider": self.name, "tokens": 0})
