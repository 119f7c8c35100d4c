"""The whole story: decide, act, record, until it is done; what was cut off is taken up first."""

from __future__ import annotations

import pytest

import tiny
from lang2mlip.contracts import Cost, Decision, End, Explore, ReferenceRun, Result
from lang2mlip.errors import PartFailed
from lang2mlip.loop import develop
from lang2mlip.record.run import Run


class Listed:
    """Decides what is next in a list, by the step alone."""

    name = "listed"

    def __init__(self, *parameters):
        self.parameters = parameters
        self.asked = []

    def decide(self, state, view):
        self.asked.append(state.step)
        parameters = self.parameters[state.step]
        return Decision(parameters=parameters, reason="it is next", expectation="done", decider=self.name)


def done(decision, run):
    """Perform nothing, well."""
    return Result(action=decision.action, status="done", summary=decision.action, cost=Cost(calls=1))


STORY = (ReferenceRun(steps=20), Explore(steps=20), End(outcome="failure"))


def test_every_decision_is_recorded_with_its_result_until_the_end(tmp_path):
    run, decider = tiny.new_run(tmp_path), Listed(*STORY)
    state = develop(run, decider, done)
    assert state.ended and decider.asked == [0, 1, 2]
    assert [step.decision.parameters for step in run.view().steps()] == list(STORY)
    assert [step.result.summary for step in run.view().steps()] == ["reference", "explore", "end"]
    assert Run(run.folder).state == state and state.cost.calls == 3


def test_a_run_that_was_cut_off_takes_up_the_decision_at_work_and_asks_nobody(tmp_path):
    run, decider = tiny.new_run(tmp_path), Listed(*STORY)
    run.decided(decider.decide(run.state, None))
    again = Listed(*STORY)
    develop(Run(run.folder), again, done)
    assert again.asked == [1, 2]
    assert [step.decision.parameters for step in Run(run.folder).view().steps()] == list(STORY)


def test_an_ended_run_is_left_as_it_is(tmp_path):
    run = tiny.new_run(tmp_path)
    develop(run, Listed(*STORY), done)
    before = run.view().events
    develop(run, Listed(), done)
    assert run.view().events == before


def test_a_failed_action_is_a_result_and_the_decider_sees_it(tmp_path):
    def fails(decision, run):
        status = "failed" if decision.action == "explore" else "done"
        return Result(action=decision.action, status=status, summary=status)

    run = tiny.new_run(tmp_path)
    state = develop(run, Listed(*STORY), fails)
    assert [entry.status for entry in state.log] == ["done", "failed", "done"]


def test_an_end_that_fails_again_and_again_is_given_up_with_its_reason(tmp_path):
    def broken(decision, run):
        return Result(action=decision.action, status="failed", summary="The folder is read-only.", cost=Cost(calls=0))

    run = tiny.new_run(tmp_path)
    with pytest.raises(PartFailed, match="cannot be ended: The folder is read-only. Mend that, then: lang2mlip resume"):
        develop(run, Listed(*[End(outcome="failure")] * 9), broken)
    assert len(run.view().steps()) == 3
