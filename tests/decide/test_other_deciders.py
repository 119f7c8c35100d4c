"""Fixed schedules, a person, a replay, and the bounds that hold for every decider."""

from __future__ import annotations

from io import StringIO

import pytest
from decide_states import decided, explored, records, run, task, trained

from lang2mlip.contracts import ACTIONS, Cost, Decision, End, Evaluate, Explore, ReferenceRun, Result, Train, check
from lang2mlip.decide.ask import Ask
from lang2mlip.decide.budget import AFTERWORDS, MOST_FAILURES, Bounded
from lang2mlip.decide.replay import Replay
from lang2mlip.decide.rules import Rules
from lang2mlip.decide.schedule import Schedule, schedules
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.events import Created, Finished, Prepared
from lang2mlip.record.run import Run
from lang2mlip.record.state import fold
from lang2mlip.record.view import View


class Always:
    """A decider that always wants the same."""

    name = "always"

    def __init__(self, parameters):
        self.parameters = parameters

    def decide(self, state, view):
        return Decision(parameters=self.parameters, reason="again", expectation="again", decider=self.name)


def after(*results, folder=None, **budget):
    """State and view after results, each of the action that it names."""
    events = [Created(task=task(**budget)), Prepared(structures=records())]
    for step, result in enumerate(results, start=1):
        parameters = ACTIONS[result.action].model_validate({"outcome": "failure"} if result.action == "end" else {})
        events += [decided(step, parameters), Finished(step=step, result=result)]
    state = fold(events)
    return state, View(folder, state, tuple(events))


def done(action, **cost):
    return Result(action=action, status="done", summary=action, cost=Cost(**cost))


@pytest.mark.parametrize("name", schedules())
def test_a_schedule_does_its_steps_in_order_and_ends(name, tmp_path):
    wanted = [step["action"] for step in schedules()[name]]
    results = {"explore": explored(), "train": trained(), "sample": None}
    seen, story = [], []
    for _ in range(len(wanted) + 1):
        state, view = after(*story, folder=tmp_path)
        decision = Schedule(name).decide(state, view)
        seen.append(decision.action)
        story.append(results.get(decision.action) or done(decision.action))
        if decision.action == "sample":
            story[-1] = story[-1].model_copy(update={"pool": run(tmp_path, 3)[0].pool})
    assert seen == [*wanted, "end"]


def test_a_schedule_passes_over_what_the_budget_forbids_and_still_trains_and_evaluates(tmp_path):
    story = [done("reference", calls=100), explored(), trained()]
    seen = []
    for _ in range(8):
        state, view = after(*story, folder=tmp_path, max_labels=40)
        decision = Schedule("random").decide(state, view)
        seen.append(decision.action)
        if decision.action == "end":
            break
        story.append(trained() if decision.action == "train" else done(decision.action))
    assert "select" not in seen
    assert seen[-3:] == ["train", "evaluate", "end"] and decision.parameters.outcome == "budget"


def test_a_misspelt_step_of_an_own_schedule_is_found_before_anything_runs(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("- {action: explore, stepps: 100}\n")
    with pytest.raises(BadInput, match="step 1 of schedule.*'stepps' is not known. Did you mean 'steps'"):
        Schedule(str(file))
    with pytest.raises(UnknownName, match="Did you mean 'one-shot'"):
        Schedule("one-shoot")


def test_a_person_takes_the_advice_decides_and_is_asked_again_after_a_slip(tmp_path, capsys):
    state, view = run(tmp_path, 0)
    advice = Rules().decide(state, view)
    assert Ask(StringIO("\n")).decide(state, view).parameters == advice.parameters
    assert Ask(StringIO("explore steps=30 strain=0.02\n")).decide(state, view).parameters == Explore(
        steps=30, strain=0.02
    )
    said = Ask(StringIO("dance\nexplore stepps=3\ntrain\nreference steps=20\n")).decide(state, view)
    assert said.parameters == ReferenceRun(steps=20) and said.decider == "person"
    heard = capsys.readouterr().err
    assert "No action is called 'dance'" in heard and "Did you mean 'steps'" in heard and "no labelled frames" in heard


def test_a_replay_repeats_every_decision_and_says_when_there_are_no_more(tmp_path):
    made = Run.create(tmp_path / "first", Created(task=task()))
    made.record(Prepared(structures=records()))
    wanted = [ReferenceRun(steps=20), Explore(steps=30)]
    for parameters in wanted:
        made.decided(Always(parameters).decide(None, None))
        made.finished(done(parameters.action))
    again = Replay(str(made.folder))
    states = [after()[0], after(done("reference"))[0], after(done("reference"), done("explore"))[0]]
    assert [again.decide(state, None).parameters for state in states[:2]] == wanted
    with pytest.raises(BadInput, match="has no step 3; go on with another decider"):
        again.decide(states[2], None)
    with pytest.raises(BadInput, match="Nothing to replay"):
        Replay(str(tmp_path / "nowhere"))


def test_the_impossible_is_a_sentence_while_there_is_budget_and_the_end_when_there_is_none(tmp_path):
    with pytest.raises(BadInput, match="always asked for explore, which cannot be done now: There is no group"):
        Bounded(Always(Explore(groups=("glass",)))).decide(*after(folder=tmp_path))
    spent = after(done("reference", calls=500), folder=tmp_path, max_calls=500)
    decision = Bounded(Always(Explore())).decide(*spent)
    assert decision.parameters == End(outcome="budget") and decision.decider == "budget"


@pytest.mark.parametrize(
    ("budget", "cost", "word"),
    [({"max_time_s": 60}, {"wall_s": 61.0}, "60 s"), ({"max_tokens": 100}, {"tokens": 100}, "tokens")],
)
def test_spent_time_or_tokens_end_the_run_whoever_decides(tmp_path, budget, cost, word):
    decision = Bounded(Always(Explore())).decide(*after(done("reference", **cost), folder=tmp_path, **budget))
    assert decision.action == "end" and word in decision.reason


def test_a_decider_that_goes_in_circles_without_calls_is_stopped(tmp_path):
    story = [done("reference", calls=500), explored(), trained(), *[done("evaluate")] * (AFTERWORDS - 1)]
    before = Bounded(Always(Evaluate())).decide(*after(*story[:-1], folder=tmp_path, max_calls=980))
    assert before.action == "evaluate"
    assert Bounded(Always(Evaluate())).decide(*after(*story, folder=tmp_path, max_calls=980)).action == "end"


def test_one_failure_after_another_is_an_end_and_no_circle(tmp_path):
    failures = [Result(action="train", status="failed", summary="singular")] * MOST_FAILURES
    decision = Bounded(Always(Train())).decide(*after(explored(), *failures, folder=tmp_path))
    assert decision.parameters == End(outcome="failure") and "singular" in decision.reason


def test_every_action_of_every_schedule_has_sound_parameters():
    for name, steps in schedules().items():
        for step in steps:
            assert check(ACTIONS[step["action"]], step, name).action == step["action"]
