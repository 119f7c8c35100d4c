"""The budget and the impossible come before any decider's wish."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import Decision, End, State
from lang2mlip.contracts.parts import Decider
from lang2mlip.decide.guards import refuse
from lang2mlip.decide.needs import facts
from lang2mlip.errors import BadInput
from lang2mlip.record.ledger import calls_to_spend, labels_left, must_stop, rows

__all__ = ["Bounded"]

MOST_FAILURES = 5
"""Actions that may fail one after another, whoever decides."""

AFTERWORDS = 6
"""Actions that may follow when the last reference call is spent: fits and evaluations of what is there."""

MOST_STEPS = 200
"""Actions in a run: a decider that goes in circles is stopped."""


class Bounded:
    """Any decider, held to the budget and to what is possible."""

    def __init__(self, inner: Decider) -> None:
        self.inner = inner
        self.name = inner.name

    def decide(self, state: State, view: Any) -> Decision:
        """The inner decider's choice, or the end. Raises BadInput when it asks for what cannot be done."""
        ended = _must_end(state, view)
        if ended is not None:
            return ended
        decision = self.inner.decide(state, view)
        refusal = refuse(state, decision.parameters)
        if refusal is None:
            return decision
        if 0 in (calls_to_spend(state), labels_left(state)):
            return _end(state, "budget", f"The budget ends here: {refusal}")
        raise BadInput(f"{decision.decider} asked for {decision.action}, which cannot be done now: {refusal}")


def _must_end(state: State, view: Any) -> Decision | None:
    used_up = must_stop(state)
    if used_up is not None:
        return _end(state, "budget", f"The budget ends here: {used_up}.")
    if view is not None and calls_to_spend(state) == 0 and _since_last_call(view) >= AFTERWORDS:
        return _end(state, "budget", f"All reference calls were spent {AFTERWORDS} actions ago.")
    if state.consecutive_failures >= MOST_FAILURES:
        last = state.log[-1].summary
        return _end(state, "failure", f"{state.consecutive_failures} actions failed in a row: {last}")
    if state.step >= MOST_STEPS:
        return _end(state, "failure", f"{state.step} actions have not led to an end.")
    return None


def _since_last_call(view: Any) -> int:
    """Actions since the running total of reference calls last grew."""
    totals = [row.total_calls for row in rows(view)]
    return sum(total == totals[-1] for total in totals) - 1


def _end(state: State, outcome: Any, reason: str) -> Decision:
    return Decision(
        parameters=End(outcome=outcome),
        reason=reason,
        expectation="The best model so far.",
        decider="budget",
        seen=facts(state),
    )
