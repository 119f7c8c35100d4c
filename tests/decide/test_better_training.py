"""A search for a better way to train is chosen where the model is the bottleneck, and where it is no dear addition."""

from __future__ import annotations

from typing import Any

import pytest
from decide_states import run
from world import World, errors, task

from lang2mlip.contracts import Research, Result, State, Strategy, Train
from lang2mlip.decide.agent import Agent
from lang2mlip.decide.better_training import affordable_s, searchable
from lang2mlip.decide.guards import refuse
from lang2mlip.decide.rules import Rules, weighed
from lang2mlip.language.scripted import Call
from lang2mlip.language.speaker import Speaker


class Dear(World):
    """A world whose trainings cost core-seconds, and whose search may find something."""

    each_s = 400.0
    finds = True

    def _train(self, state: Any, p: Any, number: int) -> Result:
        if state.strategy is not None:
            self.floor = {}
        result = super()._train(state, p, number)
        return result.model_copy(update={"cost": result.cost.model_copy(update={"training_s": self.each_s})})

    def _research(self, state: Any, p: Any, number: int) -> Result:
        strategy = Strategy(family="mtp", settings={"level": 10}) if self.finds else None
        return Result(action="research", status="done", summary="-", strategy=strategy)


def actions(decisions):
    return [one.action for one in decisions]


def test_where_labels_and_a_larger_model_did_not_help_a_better_training_is_searched_and_used():
    state, decisions = Dear(floor={"salt": 0.2}).watch(max_calls=20000, max_labels=2000)
    position = actions(decisions).index("research")
    larger = [n for n, one in enumerate(decisions) if one.action == "train" and one.parameters.settings]
    assert larger and larger[0] < position and actions(decisions).count("research") == 1
    assert "salt" in decisions[position].reason and decisions[position + 1].parameters == Train()
    assert "better way to train" in decisions[position + 1].reason and state.outcome == "success"


def test_a_strategy_that_is_newer_than_the_model_is_the_reason_to_train_whatever_came_between():
    state, _ = Dear().watch(max_labels=100)
    told = {"ended": False, "labels_since_training": 1, "strategy": Strategy(family="mtp", settings={"level": 10})}
    state = state.model_copy(update=told)
    assert "better way to train" in weighed(state)[0].reason
    model = state.model.model_copy(update={"settings": {"level": 10}})
    assert "1 labels are new" in weighed(state.model_copy(update={"model": model}))[0].reason


def test_a_search_that_finds_nothing_is_not_repeated_and_the_end_is_honest():
    world = Dear(floor={"salt": 0.2})
    world.finds = False
    state, decisions = world.watch(max_calls=20000, max_labels=2000)
    assert actions(decisions).count("research") == 1 and state.outcome == "failure"


def test_a_job_that_has_cost_little_never_searches():
    world = Dear(floor={"salt": 0.2})
    world.each_s = 10.0
    _, decisions = world.watch(max_calls=20000, max_labels=2000)
    assert "research" not in actions(decisions)


def test_a_run_whose_labels_still_help_never_searches():
    _, decisions = Dear().watch(max_calls=5000, max_labels=500)
    assert "research" not in actions(decisions)


SHARES = [(1000.0, None, None), (2000.0, None, 1000.0), (1e6, None, 3600.0), (1e6, 3000.0, 900.0), (1e6, 300.0, None)]


@pytest.mark.parametrize(("spent", "left", "seconds"), SHARES)
def test_it_may_take_half_of_what_was_spent_and_a_share_of_the_time_that_is_left(spent, left, seconds):
    state = State(task=task(max_time_s=left))
    state = state.model_copy(update={"cost": state.cost.model_copy(update={"reference_s": spent})})
    assert affordable_s(state) == seconds


def test_it_is_not_chosen_where_the_error_on_known_labels_is_small():
    world = Dear(floor={"salt": 0.2})
    state, decisions = world.watch(max_calls=20000, max_labels=2000)
    assert "research" in actions(decisions)
    salt = state.groups["salt"].model_copy(update={"train_error": errors(0.01)})
    learnt = state.model_copy(update={"ended": False, "groups": {**state.groups, "salt": salt}})
    assert not any(isinstance(choice.parameters, Research) for choice in weighed(learnt))


def test_what_no_arena_judges_and_what_has_no_model_is_refused():
    assert {"mtp", "mace"} <= set(searchable())
    state, _ = Dear().watch(max_labels=100)
    state = state.model_copy(update={"ended": False})
    assert refuse(state, Research()) is None
    spec = state.task.potential.model_copy(update={"family": "gap"})
    other = state.model_copy(update={"task": state.task.model_copy(update={"potential": spec})})
    assert "No arena judges the family gap; known: mace, mtp" in str(refuse(other, Research()))
    assert "train first" in str(refuse(state.model_copy(update={"model": None}), Research()))


def test_a_language_model_may_choose_it_and_sets_what_it_may_spend(serve, tmp_path):
    state, view = run(tmp_path, 3)
    told = {"action": "research", "goal": "other weights", "groups": [], "expectation": "-", "reason": "curve is flat"}
    with serve([Call("choose", told), Call("research", {"runs": 8, "seconds": 900})]) as model:
        decision = Agent(Speaker.live("openai:scripted", None), Rules()).decide(state, view)
    assert decision.parameters == Research(runs=8, seconds=900) and decision.remarks == ()
    assert "| research | search for better training settings" in model.requests[0].text
    assert "It pays only where the model is the bottleneck" in model.requests[1].text
