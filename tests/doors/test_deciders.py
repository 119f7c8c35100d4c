"""Who decides, through the real command line: a scripted language model, a person at a pipe, a replay."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
import yaml

import tiny
from lang2mlip.language.scripted import Call, Garbage, ScriptedModel
from lang2mlip.record.run import Run

MODEL = "openai:gpt-scripted"
SMALL = {"max_calls": 260, "max_labels": 8}


def choose(action: str, why: str) -> Call:
    return Call("choose", {"action": action, "goal": "a first potential", "groups": [], "expectation": f"{action} pays",
                           "reason": why})  # fmt: skip


SCRIPT = [
    choose("train", "There must be a model."),  # refused: there are no data yet
    choose("reference", "0 of 2 groups have reference MD."),
    Call("reference", {"steps": 40}),
    choose("explore", "0 labels in 2 groups."),
    Call("decline", {"why": "20 steps will do; say so in the goal."}),
    choose("explore", "0 labels in 2 groups."),
    Call("explore", {"steps": 20, "keep_every": 10, "strained": 1, "rattled": 1}),
    choose("train", "8 labels are new."),
    Call("train", {}),
    *[Garbage()] * 200,
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("deciders")


@pytest.fixture(scope="module")
def by_model(place):
    """A run that a model leads for three actions and then loses; the rules take it to its end."""
    run = tiny.new_run(place, "model", budget=SMALL)
    with ScriptedModel(SCRIPT) as model:
        status, said = tiny.lang2mlip(place, "run", "model", "--model", MODEL, env=model.environment())
    return status, said, Run(run.folder), model


def test_the_models_decisions_are_recorded_with_what_was_seen_why_and_expected(by_model):
    first, second, third = [step.decision for step in by_model[2].view().steps()[:3]]
    assert [one.action for one in (first, second, third)] == ["reference", "explore", "train"]
    assert all(one.decider == f"llm:{MODEL}" for one in (first, second, third))
    assert first.parameters.steps == 40 and second.parameters.strained == 1
    assert "0 of 2 groups have reference MD." in first.reason and first.expectation == "reference pays"
    assert "0 labels in 2 groups" in first.seen
    assert any("no labelled frames" in remark for remark in first.remarks)
    assert any("20 steps will do" in remark for remark in second.remarks)
    assert first.tokens > 0


def test_a_model_that_talks_nonsense_is_replaced_by_the_rules_and_the_report_says_so(by_model):
    status, said, run, _ = by_model
    later = [step.decision for step in run.view().steps()[3:]]
    assert run.state.ended and status in (0, 3), said
    assert all(one.decider in ("rules", "budget") for one in later)
    assert "rules decided, not llm" in later[0].remarks[-1]
    page = (run.folder / "report" / "index.html").read_text()
    assert "rules decided, not llm" in page
    assert "rules decided, not llm" in said


def test_every_word_of_the_model_is_in_the_transcript(by_model):
    folder = by_model[2].folder / "transcript"
    said = "".join(file.read_text() for file in folder.rglob("*") if file.is_file())
    for words in ("There must be a model.", "20 steps will do", "8 labels are new."):
        assert words in said
    assert "scripted-key" not in said


def test_the_key_is_in_no_file_of_the_run_and_in_no_word_that_was_said(by_model, own_cache):
    _, said, run, model = by_model
    key = b"scripted-key"
    assert any(key.decode() in value for value in model.requests[0].headers.values())
    seen = files_with("Ar", run.folder, own_cache)
    assert len(seen) > 30 and any(file.endswith("run.db") for file in seen)
    assert files_with(key.decode(), run.folder, own_cache) == [] and key.decode() not in said


def files_with(words: str, *folders: Path) -> list[str]:
    """By another process: one that itself closes a file of SQLite gives up the locks of its own connections to it."""
    return subprocess.run(["grep", "-rlaF", words, *folders], capture_output=True, text=True).stdout.split()


def test_an_endpoint_that_is_down_leaves_the_words_to_the_built_in_reader(place):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    env = {"OPENAI_BASE_URL": nowhere, "OPENAI_API_KEY": "none"}
    status, said = tiny.lang2mlip(place, "prepare", tiny.WORDS, "--yes", "--name", "down", "--model", MODEL, env=env)
    assert status == 0 and "Going on with the built-in reader" in said, said
    assert Run(place / "runs" / "down").state.task.elements == ("Ar",)


TYPED = """reference steps=40
exlore
explore steps=20 keep_every=10 strained=1 rattled=1

end outcome=failure
"""


@pytest.fixture(scope="module")
def by_hand(place):
    """A person at a pipe: one slip, one advice taken, and an early end."""
    run = tiny.new_run(place, "hand", budget=SMALL)
    status, said = tiny.lang2mlip(place, "run", "hand", "--decider", "ask", typed=TYPED)
    return status, said, Run(run.folder)


def test_a_person_decides_at_the_terminal_and_a_slip_is_asked_again(by_hand):
    status, said, run = by_hand
    assert status == 3, said
    assert [step.decision.action for step in run.view().steps()] == ["reference", "explore", "train", "end"]
    assert {step.decision.decider for step in run.view().steps()} == {"person"}
    assert "No action is called 'exlore'" in said
    assert run.view().steps()[2].decision.reason.startswith("As advised")


def test_a_replay_makes_the_same_labels_and_the_same_errors_at_no_cost(place, by_hand):
    tiny.new_run(place, "again", budget=SMALL)
    status, said = tiny.lang2mlip(place, "run", "again", "--decider", "replay:runs/hand")
    first, second = by_hand[2], Run(place / "runs" / "again")
    assert status == 3, said
    assert [s.decision.parameters for s in second.view().steps()] == [
        s.decision.parameters for s in first.view().steps()
    ]
    assert second.state.evaluations[-1].errors == first.state.evaluations[-1].errors
    assert second.state.cost.calls == second.state.cost.cached == first.state.cost.calls
    labels = [[atoms.info["id"] for atoms in run.view().training_frames()] for run in (first, second)]
    assert labels[0] == labels[1]


def test_words_and_plan_come_back_from_their_files(by_hand):
    folder = by_hand[2].folder
    assert yaml.safe_load((folder / "plan.yaml").read_text())["requests"][0]["name"] == "bulk-1"
    assert yaml.safe_load((folder / "task.yaml").read_text())["prompt"] == tiny.WORDS
