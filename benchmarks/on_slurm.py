"""Faults of a cluster, on the real Slurm of one node that scripts/slurm-up brings up: a lost node, the end of time."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import faulty
from faulty import Trial

UP = faulty.HERE.parent / "scripts" / "slurm-up"
PROFILE = {
    "kind": "slurm", "look_s": 1.0, "beat_s": 1.0, "linger_s": 5.0, "tries": 5,
    "reference": {"time_min": 1}, "md": {"time_min": 1}, "training": {"time_min": 1}, "other": {"time_min": 1},
}  # fmt: skip


def cases() -> dict[str, list[Callable[[Path], tuple[Trial, dict[str, object]]]]]:
    """Fault → its cases."""
    return {
        "node-down": [partial(hurt, what=node_down, after=5.0), partial(hurt, what=node_down, after=12.0)],
        "node-daemon-killed": [partial(hurt, what=daemon_killed, after=6.0)],
        "job-cancelled": [partial(hurt, what=cancelled, after=6.0), partial(hurt, what=cancelled, after=12.0)],
        "time-limit": [time_limit],
    }


def hurt(place: Path, what: Callable[[Trial], None], after: float) -> tuple[Trial, dict[str, object]]:
    """A run on Slurm to which that happens, so many seconds after its first job began."""
    up()
    trial = on_slurm(place)
    driver = trial.start()
    with faulty.waiting(driver) as over:
        journal = trial.run.folder / "compute" / "log.jsonl"
        while not over.wait(0.2) and not (journal.exists() and '"began"' in journal.read_text()):
            pass
        over.wait(after)
        what(trial)
    return trial, {"case": what.__name__, "status": trial.ended(driver), "retried": retried(trial)}


def time_limit(place: Path) -> tuple[Trial, dict[str, object]]:
    """Labels that together take longer than the longest time of a job, which is a minute."""
    up()
    trial = on_slurm(place, pause_s=0.5)
    return trial, {"case": "a minute", "status": trial.ended(trial.start()), "retried": retried(trial)}


def up() -> None:
    """A Slurm that answers and that nobody else uses: what is done to it would be done to them."""
    subprocess.run([str(UP)], check=True, capture_output=True)
    if subprocess.run(["squeue", "--noheader"], check=True, capture_output=True).stdout.strip():
        raise FileNotFoundError("Others have jobs on this Slurm, so it is left alone.")


def on_slurm(place: Path, pause_s: float = 0.0) -> Trial:
    """The tiny job, with its work on the cluster."""
    trial = Trial(place, trouble={"pause_s": pause_s})
    folder = trial.run.folder / "compute"
    folder.mkdir()
    (folder / "profile.json").write_text(json.dumps(PROFILE | {"setup": [f"export PYTHONPATH={faulty.CALCULATORS}"]}))
    return trial


def retried(trial: Trial) -> dict[str, int]:
    """How often what happened in the journal of the work."""
    words = [
        json.loads(line)["event"] for line in (trial.run.folder / "compute" / "log.jsonl").read_text().splitlines()
    ]
    return {word: words.count(word) for word in ("lost", "retried", "requeued", "silent") if word in words}


def node_down(trial: Trial) -> None:
    """The node is lost for ten seconds."""
    name = socket.gethostname()
    subprocess.run(["scontrol", "update", f"nodename={name}", "state=down", "reason=trial"], check=True)
    threading.Timer(10.0, back).start()


def daemon_killed(trial: Trial) -> None:
    """The daemon of the node is killed, and begins again after five seconds."""
    pid = Path("/var/lib/slurm-up/slurmd.pid").read_text().strip()
    subprocess.run(["kill", "-9", pid], check=True)
    time.sleep(5.0)
    subprocess.run(["slurmd", "-c"], check=False, stdin=subprocess.DEVNULL, capture_output=True)
    back()


def cancelled(trial: Trial) -> None:
    """Somebody cancels all jobs of the run."""
    lines = (trial.run.folder / "compute" / "log.jsonl").read_text().splitlines()
    jobs = {job for line in lines if (job := json.loads(line).get("job", "")) and "_" in job}
    subprocess.run(["scancel", "--quiet", *jobs], check=True)


def back() -> None:
    """The node is there again."""
    name = socket.gethostname()
    subprocess.run(["scontrol", "update", f"nodename={name}", "state=resume"], check=False, capture_output=True)
