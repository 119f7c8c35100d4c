"""Answers rest on passages with their sources, come in prose when a model writes it, and are "not known" otherwise."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lang2mlip.data import table
from lang2mlip.doors.cli import app
from lang2mlip.errors import BadInput
from lang2mlip.labs.knowledge import ask
from lang2mlip.labs.knowledge.answering import NOT_KNOWN, Asking
from lang2mlip.labs.knowledge.engine_facts import engine_facts
from lang2mlip.labs.knowledge.passages import curated
from lang2mlip.labs.knowledge.search import Library
from lang2mlip.labs.knowledge.terms import Vectors, terms
from lang2mlip.language.scripted import Call, Fault, ScriptedModel

QUESTIONS = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))
THERMOSTAT = "which thermostat gives the canonical ensemble?"


@pytest.fixture(scope="module")
def library():
    return Library(curated())


def test_every_entry_says_one_thing_in_a_paragraph_and_names_its_source():
    entries = table("knowledge")
    assert len(entries) >= 60
    for key, entry in entries.items():
        assert set(entry) == {"title", "words", "text", "source"}, key
        assert 100 < len(entry["text"]) < 600, key
        assert "(" in entry["source"] or "manual" in entry["source"], key


def test_nine_of_ten_fresh_questions_find_their_entry(library):
    found = {question: {one.passage.key for one in library.find(question)} for question in QUESTIONS["known"]}
    missed = [question for question, keys in QUESTIONS["known"].items() if not found[question] & set(keys)]
    assert len(missed) <= 2, missed


@pytest.mark.parametrize("question", QUESTIONS["unknown"])
def test_what_no_entry_is_about_is_not_known(library, question):
    assert library.find(question) == []


def test_a_misspelt_word_and_another_form_of_it_find_the_same(library):
    for words in ("temperature of a small system fluctuates", "temprature fluctuation, small systems"):
        assert "temperature-fluctuations" in [one.passage.key for one in library.find(words)]


def test_vectors_have_length_one_and_a_text_is_nearest_to_itself():
    texts = [one.body for one in curated()]
    vectors = Vectors(texts)
    for number in (0, 17, 60):
        near = vectors.near(texts[number])
        assert near.argmax() == number and near[number] == pytest.approx(1.0)


def test_words_are_folded_and_their_parts_are_kept():
    assert terms("The eam/alloy files") == ["eam/alloy", "eam", "allo", "file"]
    assert terms("Nosé") == terms("nose")


def test_the_answer_shows_its_passages_and_their_sources():
    answer = ask(THERMOSTAT)
    assert answer.known and answer.passages[0].key == "nose-hoover"
    assert "[1]" in answer.text and "Phys. Rev. A 31, 1695" in answer.passages[0].source


def test_the_installed_lammps_is_asked_for_its_styles():
    (fact,) = engine_facts("Does LAMMPS have pair style eam/alloy?")
    assert "has the pair style 'eam/alloy'" in fact.text and fact.source.startswith("LAMMPS 20")
    (none,) = engine_facts("is there a pair_style eam/aloy")
    assert "no pair style 'eam/aloy'" in none.text and "'eam/alloy'" in none.text
    (listed,) = engine_facts("which compute styles are there for msd")
    assert "msd/chunk" in listed.text
    assert engine_facts("how do I fix lost atoms in a pair of crystals?") == []


def test_a_manual_of_the_person_is_indexed_and_quoted(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG2MLIP_CACHE", str(tmp_path / "cache"))
    pages = tmp_path / "manual"
    pages.mkdir()
    (pages / "fix_wobble.html").write_text(
        "<html><script>no()</script><h1>fix wobble command</h1><p>Wobbles the flux capacitor of a group.</p></html>"
    )
    for _ in range(2):  # the second time from the index
        answer = ask("how is the flux capacitor wobbled?", Asking(manual=pages))
        assert answer.known and answer.passages[0].kind == "manual"
        assert "fix_wobble.html" in answer.passages[0].source and "no()" not in answer.passages[0].text
    assert len(list((tmp_path / "cache" / "manuals").iterdir())) == 1
    with pytest.raises(BadInput, match="holds no pages"):
        ask("anything", Asking(manual=tmp_path / "cache" / "manuals"))


def prose(text, known=True):
    return Call("answer", {"known": known, "text": text})


def asked(monkeypatch, *replies):
    with ScriptedModel(replies) as model:
        for name, value in model.environment().items():
            monkeypatch.setenv(name, value)
        return ask(THERMOSTAT, Asking("openai:scripted")), model.requests


def test_a_model_writes_prose_over_the_passages_alone(monkeypatch):
    answer, requests = asked(monkeypatch, prose("Nosé–Hoover samples it [1]."))
    assert answer.text == "Nosé–Hoover samples it [1]." and answer.written_by == "openai:scripted" and answer.tokens
    assert "<data>" in requests[0].text and "driven by the difference to the target" in requests[0].text


def test_prose_without_sources_or_with_a_strange_one_goes_back_to_the_model(monkeypatch):
    answer, requests = asked(monkeypatch, prose("I just know."), prose("It does [9]."), prose("It does [2]."))
    assert answer.text == "It does [2]." and len(requests) == 3
    assert any("there is no passage [9]" in one for one in answer.remarks)


def test_a_model_that_finds_no_answer_in_the_passages_says_so(monkeypatch):
    answer, _ = asked(monkeypatch, prose("", known=False))
    assert not answer.known and answer.text == NOT_KNOWN


def test_without_its_model_the_passages_are_the_answer(monkeypatch):
    answer, _ = asked(monkeypatch, Fault(401))
    assert answer.known and not answer.written_by and "HTTP 401" in answer.remarks[-1]


def test_the_command_line_answers_and_says_what_it_does_not_know():
    told = CliRunner().invoke(app, ["ask", "What is a moment tensor potential?"])
    assert told.exit_code == 0 and "Shapeev" in told.output
    silent = CliRunner().invoke(app, ["ask", "capital of France"])
    assert silent.exit_code == 3 and "Not known" in silent.output
    with pytest.raises(BadInput, match="Ask something"):
        ask(" ? ")
