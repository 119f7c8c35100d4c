"""Over whole runs the rules show what an expert does, though nobody tells them an order."""

from __future__ import annotations

from world import World

from lang2mlip.decide.curriculum import STALE
from lang2mlip.decide.learn import larger_to_try


def actions(decisions):
    return [one.action for one in decisions]


def groups_of(decisions, action):
    return [set(one.parameters.groups) for one in decisions if one.action == action]


def test_an_easy_world_ends_in_success_with_few_labels():
    state, decisions = World().watch(max_calls=5000, max_labels=500)
    assert decisions[-1].action == "end" and state.outcome == "success"
    assert state.cost.labels < 250


def test_simple_groups_come_before_what_is_made_of_them():
    _, decisions = World().watch()
    sampled = groups_of(decisions, "sample")
    first = next(number for number, names in enumerate(sampled) if "contact" in names)
    assert first > 0 and all(names <= {"solid", "salt"} for names in sampled[:first])
    assert groups_of(decisions, "explore") == [{"solid", "salt"}]


def test_a_hard_group_gets_more_labels_than_an_easy_one():
    world = World(hard={"solid": 0.1, "salt": 0.8})
    world.watch(max_labels=500)
    assert world.labels["salt"] > 2 * world.labels["solid"]


def test_a_group_that_stood_is_measured_again_when_the_labels_of_others_have_grown_by_half():
    state, _ = World(hard={"solid": 0.05, "salt": 1.6}).watch(max_labels=900)
    assert len(state.groups["solid"].fresh) >= 3
    total = sum(group.labels for group in state.groups.values())
    assert state.groups["solid"].measured_at > total / STALE**2


def test_a_group_whose_md_breaks_is_sampled_again_cooler_too_and_gets_labels_until_it_holds():
    world = World(hard={"solid": 0.05, "salt": 0.05}, holds={"salt": 60})
    state, decisions = world.watch(max_labels=500)
    salt = [one.parameters for one in decisions if one.action == "sample" and one.parameters.groups == ("salt",)]
    assert salt and any(len(one.temperatures_K) > 1 for one in salt)
    assert world.labels["salt"] >= 60 > world.labels["solid"]
    assert state.outcome == "success"


def test_a_fit_that_made_everything_worse_is_taken_back_and_done_again():
    state, decisions = World(spoil=3).watch(max_labels=500)
    backs = [one.parameters.models for one in decisions if one.action == "prune" and one.parameters.models]
    assert backs == [("m3",)] and state.set_aside == ("m3",)
    after = actions(decisions)[actions(decisions).index("prune") :]
    assert after[1] == "train" and state.outcome == "success"


def test_a_fit_that_is_a_little_worse_but_within_the_goals_is_kept():
    state, _ = World(hard={"solid": 0.02, "salt": 0.02, "contact": 0.02}, spoil=2, harm=2.0).watch(max_labels=500)
    assert state.set_aside == () and state.outcome == "success"


def test_where_more_labels_do_not_pay_the_model_is_made_larger_and_the_end_is_honest():
    world = World(floor={"salt": 0.2})
    state, decisions = world.watch(max_calls=20000, max_labels=2000)
    assert any(one.action == "train" and one.parameters.settings for one in decisions)
    assert state.outcome == "failure" and world.labels["salt"] < 600


def test_a_potential_of_many_elements_is_not_made_larger():
    state, _ = World(floor={"salt": 0.2}).watch(max_calls=2000, max_labels=200)
    many = state.task.model_copy(update={"elements": ("C", "F", "H", "O")})
    before = state.model_copy(update={"models": (), "model": None})
    assert larger_to_try(before) and not larger_to_try(before.model_copy(update={"task": many}))


def test_a_stuck_part_does_not_keep_the_whole_from_its_turn():
    _, decisions = World(floor={"salt": 0.2}).watch(max_labels=2000)
    assert any("contact" in names for names in groups_of(decisions, "sample"))


def test_a_part_whose_md_goes_on_breaking_keeps_the_whole_waiting_three_rounds_at_most():
    world = World(hard={"solid": 0.05, "salt": 0.05, "contact": 0.5}, holds={"salt": 10**6})
    _, decisions = world.watch(max_labels=2000)
    rounds = [names for names in groups_of(decisions, "select")]
    first = next(number for number, names in enumerate(rounds) if not names or "contact" in names)
    assert first <= 2 * 3 and world.labels["contact"] >= 20  # rounds of solid and salt apart


def test_every_run_ends_with_a_small_budget_too():
    for labels in (5, 20, 60):
        state, decisions = World().watch(max_calls=900, max_labels=labels)
        assert state.ended and state.cost.labels <= labels, actions(decisions)
