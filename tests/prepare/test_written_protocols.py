"""A model writes an MD protocol in the conversation, at the wire: tried in the sandbox, sent back, left out, shown."""

from __future__ import annotations

import pytest

from lang2mlip.compute.sandbox import available
from lang2mlip.language.models import Limits
from lang2mlip.language.scripted import Call, ScriptedModel
from lang2mlip.language.speaker import Speaker
from lang2mlip.prepare.dialogue import Dialogue
from lang2mlip.prepare.task import save_task, task_from_file
from lang2mlip.prepare.trial import TRIES

pytestmark = pytest.mark.skipif(not available(), reason="no sandbox on this machine")

DRAFT = {
    "goal": "A potential of solid and liquid argon.",
    "components": [{"name": "argon", "formula": "Ar", "phases": ["crystal", "liquid"]}],
    "elements": ["Ar"],
    "temperature_low_K": 20,
    "temperature_high_K": 120,
    "properties": ["lattice", "density"],
    "reference": "lj",
    "reference_reason": "a toy that describes rare gases",
    "potential": "mtp",
    "potential_reason": "one element",
}
TEXT = "fix one all nvt temp <low_K> <high_K> <damping_ps>\nrun <steps 10>\nunfix one\n"


def begun(name: str = "openai:gpt-scripted") -> Dialogue:
    return Dialogue.start("argon, warmed", None, Speaker.live(name, limits=Limits(timeout_s=20, retries=1)))


def draft(text: str) -> Call:
    one = {"name": "warming", "purpose": "Warm it slowly.", "temperature_K": [20, 60], "text": text}
    return Call("draft", DRAFT | {"protocols": [one]})


@pytest.mark.parametrize("name", ["openai:gpt-scripted", "anthropic:claude-scripted"])
def test_a_protocol_that_fails_comes_back_with_lammps_words_and_the_mended_one_is_shown(serve, name, tmp_path):
    wrong = TEXT.replace("<damping_ps>", "")
    with serve([draft(wrong), draft(TEXT)]) as model:
        talk = begun(name=name)
        talk.reply("yes")
    assert "Illegal fix nvt command" in model.requests[1].text or "fix nvt" in model.requests[1].text
    assert "at line" in model.requests[1].text
    assert [one.text for one in talk.task.protocols] == [TEXT]
    assert "MD protocol warming" in talk.dialogue and "run <steps 10>" in talk.dialogue
    save_task(talk.task, tmp_path / "task.yaml")
    assert task_from_file(tmp_path / "task.yaml") == talk.task


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("shell touch /tmp/harm", "it starts programs"),
        ("fix two all print 1 x file ../job", "outside the protocol's folder"),
        ("compute two all mds", "Did you mean 'msd'?"),
        ("fix two all addforce 1e9 0 0", "failed its trial"),
    ],
)
def test_what_is_unsafe_unknown_or_explosive_goes_back_with_the_reason(serve, line, why):
    with serve([draft(f"{line}\n{TEXT}"), draft(TEXT)]) as model:
        talk = begun()
    assert why in model.requests[1].text
    assert "warming" in talk.dialogue


def test_after_some_tries_the_protocol_is_left_out_and_the_task_stands(serve):
    with serve([draft(f"shell ls {n}\n{TEXT}") for n in range(TRIES + 1)]) as model:
        talk = begun()
        talk = Dialogue.load(talk.state())
        talk.reply("yes")
    assert len(model.requests) == TRIES + 1
    assert talk.task.protocols == ()
    assert any("warming" in note and "shell" in note for note in talk.task.notes)


def test_the_model_is_told_how_to_write_one(serve):
    with serve([Call("draft", DRAFT)]) as model:
        begun()
    sent = model.requests[0].text
    assert isinstance(model, ScriptedModel) and "run <steps 20>" in sent and "<pressure_bar>" in sent
