"""A reference, a training, a file or a model that goes wrong: the run goes on or ends honestly, and its report says so.

What a single action does about each of them is in tests/act/test_select_faults.py and tests/decide/test_agent.py.
"""

from __future__ import annotations

import html
import re
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest

import tiny
from lang2mlip.act.patience import dawdled
from lang2mlip.language.scripted import Call, ScriptedModel
from lang2mlip.record.run import Run

HERE = {"PYTHONPATH": str(Path(__file__).parent)}
"""Where `troubled.Troubled` lies."""

BULK = {"requests": [request for request in tiny.PLAN["requests"] if request["group"] == "bulk"]}


def page_of(run: Run) -> str:
    """The words of the report, without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", " ", (run.folder / "report" / "index.html").read_text()))


TROUBLES = {"raise": 0.1, "nan": 0.1, "slow": 0.03}
"""What goes wrong → on which share of the configurations."""

THREE_ACTIONS = """
- {action: reference, steps: 60}
- {action: explore, steps: 20, keep_every: 5, strained: 2, rattled: 6, rattle_A: 0.3}
- {action: train}
"""


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """A run whose reference fails on a tenth of what it is asked, gives NaN on another, and dawdles on some."""
    place = tmp_path_factory.mktemp("troubled")
    reference = {"name": "ase", "settings": {"path": "troubled.Troubled", "arguments": {"shares": TROUBLES}}}
    run = tiny.new_run(place, plan=BULK, reference=reference)
    (place / "three.yaml").write_text(THREE_ACTIONS)
    status, said = tiny.lang2mlip(place, "run", tiny.NAME, "--decider", "schedule:three.yaml", env=HERE)
    assert status == 3, said
    return Run(run.folder)


def test_a_reference_that_fails_on_some_frames_leaves_a_run_with_its_verdicts(troubled):
    assert troubled.state.ended and len(troubled.state.verdicts) == 2 and troubled.state.model is not None
    assert troubled.state.cost.failed >= 3
    labels = troubled.view().training_frames()
    assert len(labels) >= 5 and all(np.isfinite(atoms.get_forces()).all() for atoms in labels)


@pytest.mark.parametrize("words", ["the self-consistency did not converge", "gave a value that is not finite"])
def test_the_report_names_why_labels_are_missing(troubled, words):
    assert words in page_of(troubled)


def test_the_report_names_a_call_that_took_far_longer_than_the_others(troubled):
    assert re.search(r"One call of the reference took \d\.\d s, where 0\.\d+ s is usual", page_of(troubled))


def test_reference_md_that_broke_off_is_never_said_to_have_settled(troubled):
    result = troubled.view().steps()[0].result
    assert "Broke off: bulk-validation-nvt" in result.summary and "All of them settled" not in result.summary
    assert result.settled == {"bulk": False}


def test_test_walks_that_the_reference_could_not_finish_are_named(troubled):
    assert any(fault.startswith("test-bulk-test") for fault in troubled.view().steps()[-1].result.faults)
    assert "test-bulk-test" in page_of(troubled)


def test_only_a_call_that_stands_out_from_many_is_told_of():
    assert dawdled([9.0, 0.1, 0.1, 0.1, 0.1]) == []  # the first sets things up
    assert dawdled([0.1, 0.001, 0.001, 0.001, 0.9]) == []  # nobody waits for less than a second
    assert dawdled([1.0, 20.0, 21.0, 22.0, 100.0]) == []
    assert dawdled([1.0, 2.0, 2.0, 2.0, 200.0])[0].startswith("One call of the reference took 200.0 s")


FOUR_ACTIONS = """
- {action: explore}
- {action: train}
- {action: train}
- {action: sample}
- {action: select, count: 2}
"""


@pytest.fixture(scope="module")
def diverged(tmp_path_factory):
    """A fit that overflows, one that sees no neighbours and whose MD breaks, and that MD's file cut within a line."""
    place = tmp_path_factory.mktemp("diverged")
    run = tiny.new_run(place, plan=BULK)
    by_hand = [
        ["explore", "--steps", "20", "--keep-every", "5", "--strained", "1", "--rattled", "1"],
        ["train", "--settings", "{energy_weight: 1.0e308}"],
        ["train", "--settings", "{cutoff_A: 2.0, core: false}"],
        ["sample", "--steps", "800", "--temperatures-K", "2000"],
    ]
    tiny.batch(place, [["act", tiny.NAME, *step] for step in by_hand])
    file = run.folder / Run(run.folder).state.pool[0].file
    file.write_bytes(file.read_bytes()[:-40])
    (place / "four.yaml").write_text(FOUR_ACTIONS)
    go_on = ["resume", tiny.NAME, "--decider", "schedule:four.yaml"]
    answers = tiny.batch(place, [go_on, ["verify", tiny.NAME], ["repair", tiny.NAME], go_on])
    return answers, Run(run.folder)


def test_a_training_that_diverges_is_a_failed_step_and_the_next_one_is_made(diverged):
    steps = diverged[1].view().steps()
    assert [step.result.status for step in steps[1:3]] == ["failed", "done"]
    assert "The fit failed: The fit of the moment tensor potential gave values that are not finite" in page_of(
        diverged[1]
    )


def test_a_model_that_breaks_in_md_is_named_and_never_called_faithful(diverged):
    page = page_of(diverged[1])
    assert "0 of 1 walkers stayed healthy" in page and "Broke in bulk (1)" in page
    assert diverged[1].state.verdicts[0].answer == "no"


def test_a_trajectory_that_was_cut_stops_the_run_is_made_again_and_the_report_tells_of_it(diverged):
    (stopped, why), (_, found), (mended, _), (ended, said) = diverged[0]
    assert stopped == 2 and "is not a whole extxyz file (it ends within a line)" in why
    assert "lang2mlip verify" in why
    assert "Damaged: jobs/0004-sample/pool.extxyz" in found
    assert mended == 0 and ended == 3, said
    assert diverged[1].state.ended
    assert "jobs/0004-sample/pool.extxyz is lost" in page_of(diverged[1])


def choose(action: str, why: str) -> Call:
    return Call("choose", {"action": action, "goal": "a potential", "groups": [], "expectation": "it pays",
                           "reason": why})  # fmt: skip


DATA = "0001-explore-explore"

BACK_AND_FORTH = [
    choose("prune", "The data are bad."),
    Call("prune", {"outliers": False, "datasets": [DATA]}),
    choose("train", "The data are all that is needed."),  # refused: it has just taken them away
    choose("prune", "The data are good."),
    Call("prune", {"outliers": False, "restore": [DATA]}),
]


@pytest.fixture(scope="module")
def undecided(tmp_path_factory):
    """A model that contradicts itself over and over again and never ends; what it said, and the run."""
    place = tmp_path_factory.mktemp("undecided")
    run = tiny.new_run(place, plan=BULK, budget={"max_tokens": 1500})
    first = [choose("explore", "There are no labels."), Call("explore", {"steps": 10, "strained": 1, "rattled": 1})]
    with ScriptedModel([*first, *islice(cycle(BACK_AND_FORTH), 500)]) as model:
        status, said = tiny.lang2mlip(
            place, "run", tiny.NAME, "--model", "openai:gpt-scripted", env=model.environment()
        )
    return status, said, Run(run.folder), len(model.requests)


def test_a_model_that_never_ends_is_ended_by_its_budget_and_the_report_says_why(undecided):
    status, said, run, requests = undecided
    assert status == 3 and run.state.ended, said
    assert requests < 20
    assert "all 1500 language-model tokens are spent" in page_of(run)


def test_contradictions_of_a_model_are_in_the_report_with_what_was_refused(undecided):
    page = page_of(undecided[2])
    assert "The data are bad." in page and "The data are good." in page
    assert "refused: There are no labelled frames in use" in page
