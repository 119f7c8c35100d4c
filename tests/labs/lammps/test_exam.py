"""Question papers of others: the layout of MD-EvalBench and any folder of JSON, read whole and marked by rule."""

import base64
import json

import pytest
from typer.testing import CliRunner

from lang2mlip.doors.cli import app
from lang2mlip.errors import BadInput
from lang2mlip.labs.knowledge.examining import Sitting, examine, share_right
from lang2mlip.labs.lammps.exam import Question, read_exam
from lang2mlip.language.scripted import Call, Fault, ScriptedModel


def coded(value):
    return "BASE64:" + base64.b64encode(json.dumps(value).encode()).decode()


ASKED = [
    {"id": "q1", "type": "single_choice", "question": "Which unit has time in metal units?",
     "options": {"A": "fs", "B": "ps"}, "answer": coded(["B"]), "answer_text": None, "tags": ["units"]},
    {"id": "q2", "type": "multiple_choice", "question": "Which move atoms?", "answer": coded(["C", "A"]),
     "options": {"A": "fix nve", "B": "fix print", "C": "fix nvt"}, "answer_text": None},
    {"id": "q3", "type": "fill_blank", "question": "A file is read by ____.", "answer_text": coded("read_data")},
    {"id": "q4", "type": "open_qa", "question": "Discuss.", "answer": coded([]), "answer_text": coded("x")},
    {"id": "q5", "type": "single_choice", "question": "Broken?", "options": {"A": "a"}, "answer": coded(["Z"])},
]  # fmt: skip


@pytest.fixture
def paper(tmp_path):
    """A copy in the layout of MD-EvalBench, with questions of our own."""
    home = tmp_path / "MD_Benchmark" / "EN"
    (home / "QA_Eval").mkdir(parents=True)
    (home / "Code_Eval").mkdir()
    (home / "QA_Eval" / "own.jsonl").write_text("\n".join(map(json.dumps, ASKED)), encoding="utf-8")
    request = [{"task": "Melt a crystal", "standrd_code": coded("units lj\nrun 10")}]
    (home / "Code_Eval" / "code.json").write_text(json.dumps(request), encoding="utf-8")
    return tmp_path


def test_the_public_layout_is_read_and_what_no_rule_can_mark_is_named(paper):
    exam = read_exam(paper)
    assert [(one.kind, one.answer) for one in exam.questions] == [
        ("one", ("B",)), ("several", ("A", "C")), ("blank", ("read_data",)),
    ]  # fmt: skip
    (request,) = exam.requests
    assert request.words == "Melt a crystal" and request.script == "units lj\nrun 10"
    assert ["judge" in exam.left_out[0], "none of its options" in exam.left_out[1]] == [True, True]
    with pytest.raises(BadInput, match="it has EN"):
        read_exam(paper, "ZH")


def test_any_folder_of_json_is_read(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"tasks": [{"prompt": "Simulate argon"}, {"nothing": 1}]}))
    (tmp_path / "b.json").write_text(json.dumps([{"question": "2?", "choices": ["one", "two"], "answer": 1}]))
    (tmp_path / "c.json").write_text(json.dumps([{"question": "3?", "choices": ["one", "two"], "answer": "one"}]))
    (tmp_path / "broken.jsonl").write_text("{")
    exam = read_exam(tmp_path)
    assert [one.words for one in exam.requests] == ["Simulate argon"]
    assert [one.answer for one in exam.questions] == [("B",), ("A",)]
    assert len(exam.left_out) == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no questions"):
        read_exam(tmp_path / "empty")


def test_all_right_letters_and_no_other_are_right():
    one = Question(name="x", words="?", options={"A": "a", "B": "b", "C": "c"}, answer=("A", "C"))
    assert one.right(("c", "A")) and not one.right(("A",)) and not one.right(("A", "B", "C"))
    blank = Question(name="y", words="?", answer=("fix ave/time",))
    assert blank.right(("`Fix ave/time`",)) and not blank.right(("fix ave/chunk",))


def sat(monkeypatch, paper, replies, arm="direct"):
    with ScriptedModel(replies) as model:
        for name, value in model.environment().items():
            monkeypatch.setenv(name, value)
        rows = examine(read_exam(paper), Sitting("openai:scripted", arm, paper / "rows.jsonl"))
        return rows, model.requests


def letters(*which):
    return Call("answer", {"letters": list(which)})


def test_a_model_is_marked_by_rule_and_not_asked_again(monkeypatch, paper):
    replies = [letters("Q"), letters("b"), letters("A"), Call("answer", {"text": "read_data"})]
    rows, requests = sat(monkeypatch, paper, replies)
    assert [one.right for one in rows] == [True, False, True] and len(requests) == 4
    assert share_right(rows)["all"] == (2, 3)
    again, none = sat(monkeypatch, paper, [])
    assert again == rows and not none


@pytest.mark.parametrize("arm", ["direct", "passages"])
def test_passages_of_the_knowledge_base_stand_below_the_question_where_they_shall(monkeypatch, paper, arm):
    _, requests = sat(monkeypatch, paper, [letters("B"), Fault(401), Fault(401)], arm)
    assert ("A time step of 1.0 is 1 fs in real" in requests[0].text) == (arm == "passages")


def test_a_question_that_the_model_could_not_answer_is_asked_again(monkeypatch, paper):
    rows, _ = sat(monkeypatch, paper, [letters("B"), Fault(401), Fault(401)])
    assert [bool(one.trouble) for one in rows] == [False, True, True]
    again, requests = sat(monkeypatch, paper, [letters("A", "C"), Call("answer", {"text": "read_data"})])
    assert [one.right for one in again] == [True, True, True] and len(requests) == 2


def test_without_a_model_the_command_says_what_the_place_holds(paper, monkeypatch):
    monkeypatch.delenv("LANG2MLIP_MODEL", raising=False)
    told = CliRunner().invoke(app, ["bench", "questions", str(paper)])
    assert told.exit_code == 0 and "Questions: 3; requests for simulations: 1" in told.output
