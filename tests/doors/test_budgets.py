"""A budget ends the run cleanly: the best model so far, its report, exit code 3, and never one call too many."""

from __future__ import annotations

import pytest

import tiny
from lang2mlip import load_potential
from lang2mlip.record.run import Run


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("budgets")


@pytest.fixture(scope="module")
def ended(place):
    """Three runs with one tight budget each, two at a time."""
    wishes = {"calls": ("--max-calls", "80"), "labels": ("--max-labels", "9"), "time": ("--max-time", "2")}
    for name in wishes:
        tiny.new_run(place, name)
    answers = tiny.together(place, [("run", name, *words) for name, words in wishes.items()])
    return {name: (*answer, Run(place / "runs" / name)) for name, answer in zip(wishes, answers, strict=True)}


def _succeeded(run):
    wanted = run.view().steps()[-1].decision.parameters.outcome
    return wanted == "success" and run.state.verdicts[0].answer == "yes"


@pytest.mark.parametrize("name", ["calls", "labels", "time"])
def test_a_tight_budget_ends_with_verdicts_a_report_and_an_honest_exit_code(ended, name):
    status, said, run = ended[name]
    assert run.state.ended and len(run.state.verdicts) == 2, said
    assert status == (0 if _succeeded(run) else 3), said
    assert (run.folder / "report" / "index.html").exists()


def test_calls_are_never_overdrawn_preparation_included(ended):
    _, _, run = ended["calls"]
    assert run.view().preparation[0].cost.calls > 0
    assert run.state.task.budget.max_calls == 80
    assert run.state.cost.calls <= 80
    assert any("The budget allowed" in fault for step in run.view().steps() for fault in step.result.faults)


def test_labels_are_never_overdrawn(ended):
    _, _, run = ended["labels"]
    assert 0 < run.state.cost.labels <= 9
    assert sum(data.n_frames for data in run.state.data) == run.state.cost.labels


@pytest.mark.parametrize("name", ["calls", "labels"])
def test_the_best_potential_so_far_is_delivered_and_loads(ended, name):
    _, _, run = ended[name]
    atoms = run.view().frames("structures/bulk-1.extxyz")[-1]
    atoms.calc = load_potential(run.folder)
    assert abs(atoms.get_potential_energy()) < 1.0


def test_spent_time_is_said(ended):
    _, said, run = ended["time"]
    assert run.view().steps()[-1].decision.parameters.outcome == "budget" and ended["time"][0] == 3
    assert "all 2 s are spent" in said


def test_too_few_calls_to_build_anything_is_a_sentence(place):
    tiny.new_run(place, "few")
    commands = [("run", "few", "--max-calls", "3"), ("act", "few", "reference", "--steps", "10")]
    (status, said), (again, more) = tiny.batch(place, commands)
    assert status == 2 and "3 reference calls are too few to build the structures; raise --max-calls" in said
    assert again == 2 and "too few" in more


def test_a_budget_can_be_raised_while_the_run_goes_on_but_its_task_cannot_change(place):
    run = tiny.new_run(place, "more", budget={"max_calls": 60})
    (place / "short.yaml").write_text("- {action: explore, steps: 10, strained: 1, rattled: 1}\n")
    commands = [
        ("act", "more", "reference", "--steps", "30"),
        ("run", "more", "--potential", "gap"),
        ("run", "more", "--max-calls", "80", "--decider", "schedule:short.yaml"),
        ("run", "more", "--max-calls", "9000"),
    ]
    answers = tiny.batch(place, commands)
    assert [status for status, _ in answers] == [0, 2, 3, 2], answers
    assert "more has acted already, so potential cannot change" in answers[1][1]
    assert "The task was changed: budget." in answers[2][1]
    assert "more has ended, so budget cannot change. Start a new run from it" in answers[3][1]
    assert Run(run.folder).state.task.budget.max_calls == 80
    assert Run(run.folder).state.cost.calls <= 80
