"""The budget and the impossible come before any decider's wish."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import Decision, End, State
from lang2mlip.contracts.parts import Decider
from lang2mlip.decide.guards import refuse
from lang2mlip.errors import BadInput
from lang2mlip.record.ledger import spent

__all__ = ["Bounded"]

MOST_FAILURES = 5
"""Actions that may fail one after another, whoever decides."""


class Bounded:
    """Any decider, held to the budget and to what is possible."""

    def __init__(self, inner: Decider) -> None:
        self.inner = inner
        self.name = inner.name

    def decide(self, state: State, view: Any) -> Decision:
        """The inner decider's choice, or the end. Raises BadInput when it asks for what cannot be done."""
        ended = self._must_end(state)
        if ended is not None:
            return ended
        decision = self.inner.decide(state, view)
        refusal = refuse(state, decision.parameters)
        if refusal is not None:
            raise BadInput(f"{decision.decider} asked for {decision.action}, which cannot be done now: {refusal}")
        return decision

    def _must_end(self, state: State) -> Decision | None:
        used_up = spent(state)
        if used_up is not None:
            return _end("budget", f"The budget ends here: {used_up}.")
        if state.consecutive_failures >= MOST_FAILURES:
            return _end("failure", f"{state.consecutive_failures} actions failed in a row: {state.log[-1].summary}")
        return None


def _end(outcome: Any, reason: str) -> Decision:
    return Decision(
        parameters=End(outcome=outcome), reason=reason, expectation="The best model so far.", decider="budget"
    )
