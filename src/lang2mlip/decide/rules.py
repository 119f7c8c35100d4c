"""The built-in expert: what to do next, read off the state. It needs no language model and knows no fixed order.

Each rule looks at the state alone and either has something to say or not; the first that has decides. Because every
rule asks "is this wanting now?", a state that gets worse brings earlier actions back: a group whose MD breaks is
sampled again, new data call for a new fit, a bad fit for pruning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lang2mlip.contracts import (
    Decision,
    End,
    Evaluate,
    Explore,
    Prune,
    ReferenceRun,
    Sample,
    Select,
    State,
    Train,
)
from lang2mlip.decide.needs import (
    advice,
    affordable_steps,
    broken,
    built,
    converged,
    facts,
    listed,
    protocol_to_follow,
    pruned_already,
)
from lang2mlip.record.ledger import calls_to_spend, labels_left, must_stop

__all__ = ["Rules", "facts"]

EXPLORE_SHARE = 0.45
"""Share of the label budget that the first data may take; the rest goes where the potential itself shows need."""

ROUNDS = 4
"""Rounds of sample–select that the remaining labels are spread over."""

BROKEN = 100
"""A force error this many times the rmse of its group is no hard configuration but a broken label."""

MOST_FAILURES = 3
"""Actions that may fail one after another before the run ends honestly."""

MOST_TRIES = 3
"""Accurate trainings that may miss the goals before the run ends honestly."""


@dataclass(frozen=True)
class Choice:
    """What a rule says: the parameters, why, and what should come of it."""

    parameters: Any
    reason: str
    expectation: str


Rule = Callable[[State], Choice | None]


class Rules:
    """The decider that is used when no language model is configured, and the one that catches a model's falls."""

    name = "rules"

    def decide(self, state: State, view: Any) -> Decision:
        """The first rule that has something to say."""
        for rule in RULES:
            choice = rule(state)
            if choice is not None:
                return Decision(
                    parameters=choice.parameters,
                    reason=choice.reason,
                    expectation=choice.expectation,
                    decider=self.name,
                    seen=facts(state),
                )
        raise AssertionError("the last rule always speaks")


def end_on_trouble(state: State) -> Choice | None:
    """Nothing left to spend, or one failure after another."""
    used_up = must_stop(state)
    if used_up is not None:
        return Choice(
            End(outcome="budget", advice=advice(state)), f"The budget ends here: {used_up}.", "The best model so far."
        )
    if state.consecutive_failures >= MOST_FAILURES:
        last = state.log[-1].summary
        return Choice(
            End(outcome="failure", advice=f"Mend this first: {last}"),
            f"{state.consecutive_failures} actions failed one after another; the last said: {last}",
            "An honest report of what stands in the way.",
        )
    return None


def reference_first(state: State) -> Choice | None:
    """Without the reference's own MD there is nothing to compare with and no normal range."""
    missing = tuple(name for name, group in built(state).items() if not group.reference_done)
    tried = sum(entry.action == "reference" for entry in state.log)
    if not missing or tried > 1:
        return None
    cost = ReferenceRun().steps * len(missing)
    left = calls_to_spend(state)
    steps = ReferenceRun().steps if left is None or cost <= 0.3 * left else max(20, int(0.3 * left / len(missing)))
    return Choice(
        ReferenceRun(groups=missing if tried else (), steps=steps, keep_every=max(1, steps // 90)),
        f"No reference MD yet for {listed(missing)}; it gives the frames to judge by and the normal ranges.",
        f"Ranges and held-out frames for {len(missing)} groups at about {steps * len(missing)} reference calls.",
    )


def explore_where_empty(state: State) -> Choice | None:
    """A group without labels cannot be learnt."""
    empty = tuple(name for name, group in built(state).items() if group.labels == 0)
    tried = sum(entry.action == "explore" for entry in state.log)
    if not empty or tried > 1 or calls_to_spend(state) == 0:
        return None
    structures = sum(state.groups[name].structures for name in empty)
    parameters = _explore(state, empty, max(1, structures))
    return Choice(
        parameters,
        f"No labels yet for {listed(empty)}.",
        f"First data at about {parameters.steps * structures * 2} reference calls, enough for a first fit.",
    )


def _explore(state: State, groups: tuple[str, ...], structures: int) -> Explore:
    """MD as long and as densely kept as its share of the budget allows."""
    labels, calls = labels_left(state), calls_to_spend(state)
    per_structure = 40 if labels is None else max(4, int(EXPLORE_SHARE * labels / structures))
    strained, rattled = min(Explore().strained, per_structure // 4), min(Explore().rattled, per_structure // 4)
    kept = max(1, (per_structure - strained - rattled) // 2)
    steps = 240 if calls is None else max(20, min(240, int(0.3 * calls / (structures * 2))))
    return Explore(groups=groups, steps=steps, keep_every=max(1, steps // kept), strained=strained, rattled=rattled)


def train_on_new(state: State) -> Choice | None:
    """Data that the model does not know, and no model at all, call for a fit."""
    if state.labels_since_training == 0 or not state.data:
        return None
    if state.model is None:
        return Choice(Train(), "There are data and no model yet.", "A first potential that can run MD.")
    pruned = state.log[-1].action == "prune"
    return Choice(
        Train(),
        f"Data were taken out since {state.model.id}."
        if pruned
        else f"{state.labels_since_training} labels are new since {state.model.id}.",
        "Lower errors where the new labels lie.",
    )


def prune_outliers(state: State) -> Choice | None:
    """A residual far outside its group spoils the fit; asked once for every batch of new data."""
    if state.model is None or state.model.effort == "accurate" or pruned_already(state):
        return None
    bad = [
        name
        for name, errors in state.model.train_errors.items()
        if name != "all" and errors.force_rmse_meV_A and errors.force_max_error_meV_A > BROKEN * errors.force_rmse_meV_A
    ]
    if not bad:
        return None
    return Choice(Prune(), f"Single frames of {listed(bad)} lie far outside the rest.", "Lower errors without them.")


def select_from_pool(state: State) -> Choice | None:
    """Frames wait in the pool and there are labels to spend."""
    pool = {name: group.pool for name, group in state.groups.items() if group.pool}
    left, calls = labels_left(state), calls_to_spend(state)
    if not pool or left == 0 or calls == 0:
        return None
    rounds_done = sum(entry.action == "select" for entry in state.log)
    share = max(1, ROUNDS - rounds_done)
    count = 60 if left is None else max(6, min(120, left // share))
    bounds = [bound for bound in (count, sum(pool.values()), left, calls) if bound is not None]
    return Choice(
        Select(count=min(bounds)),
        f"{sum(pool.values())} frames wait in the pool ({listed(pool)}); the old model is scored on the picks.",
        "Labels where the potential extrapolates, and an honest error of the model as it is.",
    )


def sample_where_untested(state: State) -> Choice | None:
    """A group that this model has not run, or in which its MD broke, needs sampling."""
    if state.model is None or state.model.effort == "accurate" or converged(state):
        return None
    if labels_left(state) == 0 or calls_to_spend(state) == 0:
        return None
    weak = tuple(name for name, group in built(state).items() if group.walkers == 0)
    if not weak:
        return None
    rounds = sum(entry.action == "sample" for entry in state.log)
    steps = min(4000, 500 * 2**rounds, affordable_steps(state, weak))
    return Choice(
        Sample(groups=weak if len(weak) < len(state.groups) else (), steps=steps, keep_every=max(10, steps // 40)),
        f"{state.model.id} has not been run in {listed(weak)}{broken(state)}.",
        f"MD of {steps} steps stays healthy, or shows where the potential is weak.",
    )


def follow_protocol(state: State) -> Choice | None:
    """Once a model holds in plain MD, each approved protocol is tried: it goes where plain MD does not."""
    name, steps = protocol_to_follow(state), min(1000, affordable_steps(state, ()))
    if name is None:
        return None
    return Choice(
        Sample(protocol=name, steps=steps, keep_every=max(10, steps // 20)),
        f"The potential holds in plain MD, and the protocol {name} is its use.",
        "It stays healthy, or shows where labels are wanting.",
    )


def finish_training(state: State) -> Choice | None:
    """Nothing more to learn cheaply: fit with full effort."""
    if state.model is None or state.model.effort == "accurate":
        return None
    if converged(state):
        why = "The error on fresh labels is within the goals"
    else:
        why = "The label budget is used" if labels_left(state) == 0 else "The reference calls are used"
    return Choice(
        Train(effort="accurate", start="current"),
        f"{why}; now the full optimisation.",
        "Errors well below those of the quick fit.",
    )


def evaluate_model(state: State) -> Choice | None:
    """A model that was fitted with full effort has to show what it can."""
    if state.model is None or state.evaluation is not None:
        return None
    return Choice(
        Evaluate(depth="full"),
        f"{state.model.id} has not been evaluated.",
        "Held-out errors, properties and MD against the reference; every gate holds.",
    )


def end_on_success(state: State) -> Choice | None:
    """Every gate holds."""
    if state.evaluation is None or not state.evaluation.passed:
        return None
    return Choice(
        End(outcome="success", advice=advice(state)),
        f"All {len(state.evaluation.gates)} gates hold on held-out data.",
        "The frozen test set confirms it.",
    )


def try_again(state: State) -> Choice | None:
    """Gates failed and there are means left: sample the groups that failed, harder."""
    accurate = sum(model.effort == "accurate" for model in state.models)
    left = labels_left(state)
    if state.evaluation is None or accurate >= MOST_TRIES or left == 0 or calls_to_spend(state) == 0:
        return None
    failed = tuple(dict.fromkeys(g.group for g in state.evaluation.gates if not g.passed and g.group in state.groups))
    steps = min(2000, affordable_steps(state, failed, walkers=2))
    return Choice(
        Sample(groups=failed, steps=steps, keep_every=max(10, steps // 40), walkers=2),
        f"{listed([gate.name for gate in state.evaluation.gates if not gate.passed])} missed the goal"
        + (f" in {listed(failed)}." if failed else "."),
        "New configurations where the potential misses its goals.",
    )


def end_short(state: State) -> Choice | None:
    """Nothing above applies: the goals were missed and further work is not predicted to pay."""
    missed = [gate.name for gate in state.evaluation.gates if not gate.passed] if state.evaluation else ["everything"]
    outcome: Any = "budget" if labels_left(state) == 0 or calls_to_spend(state) == 0 else "failure"
    return Choice(
        End(outcome=outcome, advice=advice(state)),
        f"Missed: {listed(missed)}; the means to go on are used.",
        "The best model so far, with what it misses said plainly.",
    )


RULES: tuple[Rule, ...] = (
    end_on_trouble,
    reference_first,
    explore_where_empty,
    prune_outliers,
    train_on_new,
    select_from_pool,
    sample_where_untested,
    follow_protocol,
    finish_training,
    evaluate_model,
    end_on_success,
    try_again,
    end_short,
)
