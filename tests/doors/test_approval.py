"""MD protocols at a real terminal: shown, used, left out, edited; leaving costs nothing that was answered or paid."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

import pytest
import yaml

from lang2mlip.compute.sandbox import available
from lang2mlip.contracts import Task
from lang2mlip.record.events import Created
from lang2mlip.record.run import Run
from tiny import COMMAND, PLAN, TASK

LONGEST_S = 180
CTRL_C, CTRL_D = b"\x03", b"\x04"
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


def typed(folder, *keys, editor="true"):
    """`prepare argon` at a terminal, a key for each question; (exit code, what was shown)."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "EDITOR": editor, "OMP_NUM_THREADS": "1"}
    environment.pop("VISUAL", None)
    process = subprocess.Popen(
        [COMMAND, "prepare", "argon"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True, preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(theirs)
    shown, left, until = b"", list(keys), time.monotonic() + LONGEST_S
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if time.monotonic() > until:
            process.kill()
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if left and b"[return:" in shown.rpartition(b"\x00")[2]:
            shown += b"\x00"
            os.write(ours, left.pop(0))
    os.close(ours)
    return process.wait(), shown.replace(b"\x00", b"").decode(errors="replace")


def _own_terminal():
    """Make the terminal on standard input the one of this process, so that Ctrl-C reaches it and is heard."""
    import fcntl
    import signal
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it


def test_a_written_protocol_is_shown_line_by_line_and_used_once_it_is_approved(tmp_path):
    if not available():
        pytest.skip("no sandbox on this machine")
    folder = new_run(tmp_path, protocols=[WRITTEN])
    status, shown = typed(tmp_path, CTRL_D)
    assert status == 130 and "Left. Nothing is lost" in shown, shown
    assert Run(folder).state.protocols == {}, "the end of the input is not a yes"
    status, shown = typed(tmp_path, b"y\n")
    assert status == 0, shown
    assert "fix one all nvt temp <low_K> <high_K> <damping_ps>" in shown
    assert "Warm it slowly." in " ".join(shown.split())
    assert set(Run(folder).state.protocols) == {"warming"}
    assert "fix one all nvt temp 20 60 0.1" in (folder / "protocols" / "warming.lmp").read_text()


def test_an_edit_is_proven_and_asked_about_again_and_a_spoilt_one_is_put_back(tmp_path):
    folder = new_run(tmp_path, ["equilibrate"])
    editor = tmp_path / "editor.sh"
    editor.write_text("if mkdir seen; then sed -i s/^ps:/pss:/ $1; else sed -i 's/^ps:.*/ps: 7.0/' $1; fi\n")
    status, shown = typed(tmp_path, b"e\n", b"\n", b"e\n", b"y\n", editor=f"sh {editor}")
    assert status == 0, shown
    assert "Did you mean 'ps'?" in " ".join(shown.split())
    assert "for 7 ps" in shown
    assert "\nps: 7.0" in (folder / "protocols" / "equilibrate.yaml").read_text()
    assert len(Run(folder).state.protocols) == 1


def test_ctrl_c_keeps_what_was_answered_and_paid_for_and_no_is_kept_as_refused(tmp_path):
    folder = new_run(tmp_path, ["anneal", "equilibrate"])
    status, shown = typed(tmp_path, b"maybe\n", b"y\n", CTRL_C)
    assert status == 130, shown
    assert "'maybe' is none of the answers" in shown and "Left. Nothing is lost" in shown
    state = Run(folder).state
    assert set(state.protocols) == {"anneal"} and state.refused_protocols == {}
    paid = state.cost.calls
    status, shown = typed(tmp_path, b"n\n")
    assert status == 0, shown
    state = Run(folder).state
    assert set(state.protocols) == {"anneal"} and set(state.refused_protocols) == {"equilibrate"}
    assert state.cost.calls == paid, "a dry run that was paid for is not paid for again"
    status, shown = typed(tmp_path)
    assert status == 0 and "[return:" not in shown, "what was answered is not asked again"
