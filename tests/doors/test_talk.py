"""The conversation at a real terminal: left with Ctrl-D or Ctrl-C after any turn, taken up by its name."""

from __future__ import annotations

import pytest

import tiny
from keyboard import CTRL_C, CTRL_D, typed
from lang2mlip.prepare.dialogue import Dialogue
from lang2mlip.prepare.task import task_from_file

WORDS = "Solid argon at 40 K"
LJ = ("--reference", "lj", "--potential", "mtp")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("talk")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["Ctrl-C", "Ctrl-D"])
def test_a_conversation_is_left_without_loss_and_says_how_to_go_on(place, key):
    name = f"left-{key.hex()}"
    status, shown = typed(place, "prepare", WORDS, *LJ, "--name", name, keys=[b"density and rdf\n", key])
    assert status == 130, shown
    assert f"go on with: lang2mlip prepare {name}" in " ".join(shown.split())
    folder = place / "runs" / name
    assert not (folder / "run.db").exists()
    saved = Dialogue.load((folder / "dialogue.json").read_text())
    assert [one.field for one in saved.turn.questions] == ["confirm"]
    assert "density and rdf" in (folder / "dialogue.md").read_text()


def test_it_is_taken_up_by_its_name_and_becomes_the_run(place):
    typed(place, "prepare", WORDS, *LJ, "--name", "again", keys=[b"elastic constants\n", CTRL_D])
    status, shown = typed(place, "prepare", "again", keys=[b"no, make it 50 K\n", b"yes, it is correct\n"])
    assert status == 0, shown
    folder = place / "runs" / "again"
    task = task_from_file(folder / "task.yaml")
    assert (task.temperature_K, task.properties, task.reference.name) == ((50, 50), ("elastic",), "lj")
    told = (folder / "dialogue.md").read_text()
    assert "elastic constants" in told and "make it 50 K" in told and (folder / "run.db").exists()
    assert (folder / "summary.md").read_text().startswith("# A potential for argon")
    assert not (folder / "dialogue.json").exists()


def test_without_a_terminal_or_with_yes_nothing_is_asked(place):
    for number, options in enumerate((("--yes",), ())):
        name = f"quiet-{number}"
        status, said = tiny.lang2mlip(place, "prepare", WORDS, *LJ, "--name", name, *options)
        assert status == 0 and "[return:" not in said
        assert (place / "runs" / name / "summary.md").exists()


def test_what_cannot_go_on_is_one_sentence_and_exit_code_2(place):
    wrong = {
        "1 mol/L AgCl in water": "at most 1.3e-05 mol/L dissolve",
        "molten copper at 300 K": "melts at 1357.77 K",
        "copper (11000) surface": "5 Miller indices",
        "graphite (1011) surface": "must add up to zero",
        "copper at -20 K": "below absolute zero",
        "flurbanol liquid at 300 K": "No substance was found",
    }
    answers = tiny.batch(place, [("prepare", prompt, "--yes") for prompt in wrong])
    for (status, said), words in zip(answers, wrong.values(), strict=True):
        assert status == 2 and words in said, said
        assert len([line for line in said.splitlines() if line.strip()]) == 1, said
    assert not [f for f in (place / "runs").iterdir() if not f.name.startswith(("left", "again", "quiet"))]
