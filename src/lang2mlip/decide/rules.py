"""The built-in expert: what to do next, read off the state. It needs no language model and knows no fixed order.

Each rule looks at the state alone and either has something to say or not; the first that has decides. Because every
rule asks "is this wanting now?", a state that gets worse brings earlier actions back: a group whose MD breaks is
sampled again, new data call for a new fit, a fit that made things worse is taken back, a simpler group that is
forgotten comes into play before what is made of it (decide/curriculum), and labels go where they are predicted to pay
(decide/prospects).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lang2mlip.contracts import Decision, State
from lang2mlip.decide.better_training import better_training
from lang2mlip.decide.choice import Choice
from lang2mlip.decide.circles import circle
from lang2mlip.decide.gather_data import (
    explore_where_empty,
    reference_at_last,
    reference_first,
    sample_in_play,
    select_from_pool,
)
from lang2mlip.decide.learn import enlarge, finish_training, prune_outliers, take_back, train_on_new
from lang2mlip.decide.needs import facts
from lang2mlip.decide.prove import (
    end_on_success,
    end_on_trouble,
    end_short,
    evaluate_model,
    follow_protocol,
    look,
    teach_pairs,
    try_again,
)

__all__ = ["RULES", "Rules", "facts", "weighed"]

Rule = Callable[[State], Choice | None]

RULES: tuple[Rule, ...] = (
    end_on_trouble,
    reference_first,
    explore_where_empty,
    take_back,
    prune_outliers,
    train_on_new,
    look,
    select_from_pool,
    sample_in_play,
    reference_at_last,
    follow_protocol,
    enlarge,
    better_training,
    finish_training,
    evaluate_model,
    end_on_success,
    teach_pairs,
    try_again,
    end_short,
)


def weighed(state: State) -> list[Choice]:
    """Everything the built-in expert could say at this moment, the choice first, then what it would do without it."""
    return [choice for choice in (rule(state) for rule in RULES) if choice is not None]


class Rules:
    """The decider that is used when no language model is configured, and the one that catches a model's falls."""

    name = "rules"

    def decide(self, state: State, view: Any) -> Decision:
        """The first rule that has something to say which is not the same round of actions once more."""
        steps = tuple(view.steps()) if view is not None else ()
        for rule in RULES:
            choice = rule(state)
            if choice is not None and circle(steps, choice.parameters) is None:
                return Decision(
                    parameters=choice.parameters,
                    reason=choice.reason,
                    expectation=choice.expectation,
                    decider=self.name,
                    seen=facts(state),
                )
        raise AssertionError("the last rule always speaks")
