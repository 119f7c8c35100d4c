"""A label that fails, a worker that dies, a full disk: the run goes on without it, or stops with a sentence."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tiny
from lang2mlip.record.run import Run

CALCULATORS = str(Path(__file__).parents[1] / "act")
"""Where `moody.Moody` lies."""

MOODS = {
    4: ("nan", "gave a value that is not finite"),
    8: ("raise", "the self-consistency did not converge"),
    12: ("strange", "AssertionError"),
    16: ("die", "The worker died 4 times"),
}
"""Atoms of a group's structures → what goes wrong with them where forces are large, and what is said of it."""

HARD = ("explore", "--steps", "20", "--strain", "0.0", "--strained", "1", "--rattled", "3", "--rattle-A", "0.4")
"""Quiet MD beside rattled cells in which `Moody` loses its temper."""


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """One run with a group for each mood, explored by hand; status, words, and the run."""
    place = tmp_path_factory.mktemp("moods")
    requests = [
        {"name": f"{mood}-{role}", "builder": "bulk", "group": mood, "role": role,
         "parameters": {"crystal": "Ar", "atoms": size}}
        for size, (mood, _) in MOODS.items()
        for role in ("train",)
    ]  # fmt: skip
    arguments = {"moods": {str(size): mood for size, (mood, _) in MOODS.items()}, "limit": 0.2}
    reference = {"name": "ase", "settings": {"path": "moody.Moody", "arguments": arguments}}
    run = tiny.new_run(place, plan={"requests": requests}, reference=reference)
    answer = tiny.lang2mlip(place, "act", tiny.NAME, *HARD, env={"PYTHONPATH": CALCULATORS})
    return (*answer, Run(run.folder))


@pytest.mark.parametrize(("mood", "words"), MOODS.values())
def test_a_label_that_fails_is_left_out_and_said_and_the_others_stay(explored, mood, words):
    _, said, run = explored
    result = run.view().steps()[0].result
    assert result.status == "partial" and "labelled frames" in said
    assert any(words in fault for fault in result.faults if fault.startswith(mood)), result.faults
    frames = [atoms for data in run.state.data for atoms in run.view().frames(data.file)]
    mine = [atoms for atoms in frames if atoms.info["group"] == mood]
    assert len(mine) >= 2
    assert all(np.isfinite(atoms.get_forces()).all() and abs(atoms.get_forces()).max() < 0.2 for atoms in mine)


def test_failed_calls_are_in_the_ledger(explored):
    assert explored[2].state.cost.failed >= 4


SHORT = """
- {action: reference, steps: 40}
- {action: explore, steps: 20, strained: 1, rattled: 1}
- {action: train}
"""


def full(size: int):
    """Before the command starts: no file may grow beyond `size` bytes, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 400 kB, with the way to start a process there and the way to make room.

    Only root can mount one; for others the limit on file sizes stands in, and making room means to lift it.
    """
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        yield tmp_path, full(60_000), lambda: None
        return
    yield tmp_path, None, lambda: subprocess.run(["mount", "-o", "remount,size=100m", tmp_path], check=True)
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk_stops_the_run_with_a_sentence_and_with_room_again_it_goes_on(small_disk):
    place, before, make_room = small_disk
    run = tiny.new_run(place)
    (place / "short.yaml").write_text(SHORT)
    words = ("resume", tiny.NAME, "--decider", "schedule:short.yaml")
    done = subprocess.run(
        [tiny.COMMAND, *words],
        cwd=place,
        env=tiny.environment(),
        preexec_fn=before,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 2 and "Traceback" not in done.stdout, done.stdout
    assert "Free some space" in done.stdout or "cannot be written" in done.stdout, done.stdout
    make_room()
    status, said = tiny.lang2mlip(place, *words)
    assert status == 3 and Run(run.folder).state.ended, said
    assert (run.folder / "potential" / "potential.json").exists()
