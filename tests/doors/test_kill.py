"""kill -9 of driver and workers at any moment, Ctrl-C, and then `resume`: the same end, nothing lost, no orphans."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tiny
from lang2mlip.record.labels import LabelCache
from lang2mlip.record.run import Run

FOLDERS = ("1.0 s", "0001-reference", "0002-explore", "0005-select", "end")
"""A driver is killed shortly after each of these appears; benchmarks/kill.py does it at any moment."""


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether `what` came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def appeared(folder: Path, name: str) -> bool:
    return any((folder / "jobs").glob(f"*{name}"))


def cached(folder: Path) -> int:
    """Structures in a label cache."""
    return LabelCache(folder)._db.execute("SELECT count(*) FROM labels").fetchone()[0]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The finished run again with a cache of its own, its driver killed in every kind of action, resumed to the end."""
    place = tmp_path_factory.mktemp("killed")
    own = {"LANG2MLIP_CACHE": str(place / "cache")}
    tiny.prepare_from_words(place, own)
    run = Run(place / "runs" / tiny.NAME)
    moments, kills, left = random.Random(7), 0, []
    for name in FOLDERS:
        driver = tiny.start(place, "resume", tiny.NAME, env=own)
        if name == FOLDERS[0]:
            time.sleep(1.0)  # while structures are built again
        else:
            assert wait_for(lambda d=driver, n=name: d.poll() is not None or appeared(run.folder, n))
        time.sleep(moments.uniform(0.0, 0.5))
        kills += driver.poll() is None
        driver.send_signal(signal.SIGKILL)
        driver.communicate()
        wait_for(lambda d=driver: not tiny.descendants(d.pid), 5.0)
        left += tiny.descendants(driver.pid)
    status, said = tiny.lang2mlip(place, "resume", tiny.NAME, env=own)
    return {
        "run": Run(run.folder),
        "status": status,
        "said": said,
        "kills": kills,
        "left": left,
        "cache": place / "cache",
    }


def test_a_run_killed_in_every_action_ends_like_one_that_never_was(finished, killed):
    assert killed["kills"] >= 4
    assert killed["status"] == finished.status, killed["said"]
    mine, theirs = tiny.outcome(killed["run"]), tiny.outcome(finished.run)
    for key in mine:
        assert mine[key] == theirs[key], key


def test_a_killed_run_pays_for_no_structure_twice(finished, killed):
    mine, theirs = killed["run"].state, finished.run.state
    assert (mine.cost.calls, mine.cost.labels) == (theirs.cost.calls, theirs.cost.labels)
    paid = sum(cost.calls - cost.cached for cost in (mine.cost, mine.test_cost))
    at_once = 4  # two workers may ask for the same start at the same moment
    assert paid <= cached(killed["cache"]) + at_once


def test_no_worker_outlives_a_killed_driver(killed):
    assert killed["left"] == []


def test_every_resume_is_told_in_the_report(killed):
    resumed = [remark for remark in killed["run"].view().remarks if remark.startswith("Resumed after step")]
    assert len(resumed) >= 2
    assert "Resumed after step" in (killed["run"].folder / "report" / "index.html").read_text()


def test_a_killed_worker_is_replaced_and_its_piece_done_again(tmp_path):
    run = tiny.new_run(tmp_path)
    driver = tiny.start(tmp_path, "run", tiny.NAME)
    assert wait_for(
        lambda: any((run.folder / "jobs").glob("0001-reference/*/spec.json")) and tiny.descendants(driver.pid)
    )
    victim = tiny.descendants(driver.pid)[0]
    os.kill(victim, signal.SIGKILL)
    assert wait_for(lambda: appeared(run.folder, "0002-explore"))
    driver.send_signal(signal.SIGINT)
    said = driver.communicate()[0]
    assert driver.returncode == 130, said
    assert f"Nothing is lost; go on with: lang2mlip resume {tiny.NAME}" in said
    assert wait_for(lambda: not tiny.descendants(driver.pid), 5.0)
    result = Run(run.folder).view().steps()[0].result
    assert result.status == "done" and result.faults == ()


def test_only_one_process_drives_a_run(tmp_path):
    run = tiny.new_run(tmp_path)
    with run.driving():
        status, said = tiny.lang2mlip(tmp_path, "resume", tiny.NAME)
    assert status == 2 and "Another process is driving argon" in said
