"""MD protocols at a real terminal: shown, used, left out, edited; leaving costs nothing that was answered or paid."""

from __future__ import annotations

import pytest
import yaml

from keyboard import CTRL_C, CTRL_D, typed
from lang2mlip.compute.sandbox import available
from lang2mlip.contracts import Task
from lang2mlip.record.events import Created
from lang2mlip.record.run import Run
from tiny import PLAN, TASK

WRITTEN = {
    "name": "warming",
    "purpose": "Warm it slowly.",
    "temperature_K": [20, 60],
    "text": "fix one all nvt temp <low_K> <high_K> <damping_ps>\nrun <steps 10>\nunfix one\n",
}


def new_run(place, simulations=(), protocols=()):
    told = {"simulations": simulations, "protocols": protocols, "budget": {"max_calls": 2000, "max_labels": 40}}
    run = Run.create(place / "runs" / "argon", Created(task=Task(**TASK | told)))
    (run.folder / "plan.yaml").write_text(yaml.safe_dump(PLAN))
    return run.folder


def test_a_written_protocol_is_shown_line_by_line_and_used_once_it_is_approved(tmp_path):
    if not available():
        pytest.skip("no sandbox on this machine")
    folder = new_run(tmp_path, protocols=[WRITTEN])
    status, shown = typed(tmp_path, "prepare", "argon", keys=(CTRL_D,))
    assert status == 130 and "Left. Nothing is lost" in shown, shown
    assert Run(folder).state.protocols == {}, "the end of the input is not a yes"
    status, shown = typed(tmp_path, "prepare", "argon", keys=(b"y\n",))
    assert status == 0, shown
    assert "fix one all nvt temp <low_K> <high_K> <damping_ps>" in shown
    assert "Warm it slowly." in " ".join(shown.split())
    assert set(Run(folder).state.protocols) == {"warming"}
    assert "fix one all nvt temp 20 60 0.1" in (folder / "protocols" / "warming.lmp").read_text()


def test_an_edit_is_proven_and_asked_about_again_and_a_spoilt_one_is_put_back(tmp_path):
    folder = new_run(tmp_path, ["equilibrate"])
    editor = tmp_path / "editor.sh"
    editor.write_text("if mkdir seen; then sed -i s/^ps:/pss:/ $1; else sed -i 's/^ps:.*/ps: 7.0/' $1; fi\n")
    status, shown = typed(tmp_path, "prepare", "argon", keys=(b"e\n", b"\n", b"e\n", b"y\n"), editor=f"sh {editor}")
    assert status == 0, shown
    assert "Did you mean 'ps'?" in " ".join(shown.split())
    assert "for 7 ps" in shown
    assert "\nps: 7.0" in (folder / "protocols" / "equilibrate.yaml").read_text()
    assert len(Run(folder).state.protocols) == 1


def test_ctrl_c_keeps_what_was_answered_and_paid_for_and_no_is_kept_as_refused(tmp_path):
    folder = new_run(tmp_path, ["anneal", "equilibrate"])
    status, shown = typed(tmp_path, "prepare", "argon", keys=(b"maybe\n", b"y\n", CTRL_C))
    assert status == 130, shown
    assert "'maybe' is none of the answers" in shown and "Left. Nothing is lost" in shown
    state = Run(folder).state
    assert set(state.protocols) == {"anneal"} and state.refused_protocols == {}
    paid = state.cost.calls
    status, shown = typed(tmp_path, "prepare", "argon", keys=(b"n\n",))
    assert status == 0, shown
    state = Run(folder).state
    assert set(state.protocols) == {"anneal"} and set(state.refused_protocols) == {"equilibrate"}
    assert state.cost.calls == paid, "a dry run that was paid for is not paid for again"
    status, shown = typed(tmp_path, "prepare", "argon")
    assert status == 0 and "[return:" not in shown, "what was answered is not asked again"
