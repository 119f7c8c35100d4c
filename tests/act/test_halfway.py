"""A worker that is killed in the middle of a long walk: the next one goes on, and the walk is the same."""

import json
import subprocess
import sys
import time
from pathlib import Path

from lang2mlip.act.halfway import EVERY, FILE
from lang2mlip.record.run import Run


def job(finished, folder: Path, steps: int) -> list[str]:
    """A job folder with a long walk of the finished run's potential, and the command that does it."""
    run = Run(finished.place / "runs" / "argon")
    record = run.view().structures("train")[0]
    arguments = {
        "family": run.state.model.family, "model": run.state.model.folder, "structure": record.file, "health": {},
        "note": {"group": record.request.group, "structure": record.request.name}, "save_s": 0.0,
        "plan": {"temperature_K": 30.0, "steps": steps, "keep_every": 100, "seed": 7},
    }  # fmt: skip
    folder.mkdir()
    spec = {"function": "lang2mlip.act.walk:potential_walk", "arguments": arguments, "run": str(run.folder)}
    (folder / "spec.json").write_text(json.dumps(spec))
    return [sys.executable, "-m", "lang2mlip.act", str(folder)]


def test_a_killed_worker_costs_what_it_did_since_its_last_checkpoint_and_changes_nothing(finished, tmp_path):
    steps = 4 * EVERY
    assert subprocess.run(job(finished, tmp_path / "whole", steps)).returncode == 0
    command, cut = job(finished, tmp_path / "cut", steps), tmp_path / "cut"
    worker = subprocess.Popen(command)
    until = time.monotonic() + 120
    while not (cut / FILE).exists() and time.monotonic() < until:
        time.sleep(0.005)
    worker.kill()
    worker.wait()
    assert (cut / FILE).exists() and not (cut / "result.json").exists()
    assert subprocess.run(command).returncode == 0
    assert (cut / "frames.extxyz").read_bytes() == (tmp_path / "whole" / "frames.extxyz").read_bytes()
    first, second = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("whole", "cut"))
    assert first["thermo"] == second["thermo"] and first["seen"] == second["seen"]
    assert first["stability"]["healthy"] and second["stability"]["done"] == steps
    assert not (cut / FILE).exists()
