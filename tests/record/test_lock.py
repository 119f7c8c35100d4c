"""Two processes cannot drive one run, with locks or without; and clocks, rights and sizes of disks change nothing."""

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import tiny
from lang2mlip.contracts import DataSet, Decision, Explore, Result
from lang2mlip.errors import RunFault
from lang2mlip.record.events import Created, Remarked
from lang2mlip.record.lock import held
from lang2mlip.record.log import _as_it_is, _lockless
from lang2mlip.record.run import Run


def lockless(handle, operation):
    """What flock says on a file system that has no locks."""
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "argon", Created(task=tiny.task()))


DRIVES = """
import sys, time
from pathlib import Path
from lang2mlip.record.run import Run
with Run(Path(sys.argv[1])).driving():
    print("drives", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_and_after_a_kill_the_next_one_is_not(run):
    other = subprocess.Popen([sys.executable, "-c", DRIVES, str(run.folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "drives\n"
    with pytest.raises(RunFault, match="Another process is driving argon"), run.driving():
        pass
    other.kill()
    other.wait()
    other.stdout.close()
    with run.driving():
        pass


def test_without_locks_a_file_keeps_the_second_out_and_says_so(tmp_path):
    with held(tmp_path, lockless) as instead:
        assert "has no locks" in instead
        holder = json.loads((tmp_path / ".driver").read_text())
        assert (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname())
        with pytest.raises(RunFault, match=f"Another process \\({os.getpid()}\\) is driving"), held(tmp_path, lockless):
            pass
    assert not (tmp_path / ".driver").exists()


def test_the_file_of_a_process_that_was_killed_is_taken_over(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    file = tmp_path / ".driver"
    for pid in (gone.pid, os.getpid()):  # a number that was given to another process since is not the holder either
        file.write_text(json.dumps({"host": socket.gethostname(), "pid": pid, "began": "1"}))
        with held(tmp_path, lockless):
            assert json.loads(file.read_text())["pid"] == os.getpid()


def test_a_holder_on_another_machine_is_never_taken_for_gone(tmp_path):
    file = tmp_path / ".driver"
    file.write_text(json.dumps({"host": "elsewhere", "pid": 1, "began": "1"}))
    with pytest.raises(RunFault, match=r"on elsewhere; if that is gone, delete .*\.driver"), held(tmp_path, lockless):
        pass
    file.write_text("")
    with pytest.raises(RunFault, match="does not say who drives"), held(tmp_path, lockless):
        pass
    assert file.exists()


def test_a_clock_that_jumps_backwards_changes_nothing(run):
    for number in range(3):
        run.remark(f"remark {number}")
    db = sqlite3.connect(run.folder / "run.db")
    db.execute("UPDATE events SET written_at = 1e9 - seq * 1e6")
    db.commit()
    db.close()
    again = Run(run.folder)
    again.remark("remark 3")
    assert Run(run.folder).view().remarks == ("remark 0", "remark 1", "remark 2", "remark 3")


CANNOT_WRITE = """
import os, sys
from pathlib import Path
from lang2mlip.errors import Lang2mlipError
from lang2mlip.record.events import Remarked
from lang2mlip.record.run import Run
os.setegid(65534); os.seteuid(65534)
run = Run(Path(sys.argv[1]))
print(run.state.task.prompt)
for attempt in (lambda: run.record(Remarked(text="x")), lambda: run.driving().__enter__()):
    try:
        attempt()
    except Lang2mlipError as error:
        print(error)
"""


def open_to_all(*places):
    """Whether somebody else could read these: a clone in a private home is not."""
    return all(one.stat().st_mode & 0o005 == 0o005 for place in places for one in (place, *place.parents))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not open_to_all(Path(__file__).parent, Path(sys.prefix)), reason="others cannot read this clone")
def test_a_folder_that_may_only_be_read_can_be_looked_at_and_says_why_it_cannot_go_on(tmp_path):
    run = Run.create(tmp_path / "argon", Created(task=tiny.task()))
    run._log.close()
    for folder in (run.folder, tmp_path, *(one for one in tmp_path.parents if "pytest" in one.name + one.parent.name)):
        os.chmod(folder, 0o755)
    done = subprocess.run([sys.executable, "-c", CANNOT_WRITE, run.folder], capture_output=True, text=True)
    said = done.stdout.splitlines()
    assert said[0] == tiny.WORDS, done.stderr
    assert "cannot be written: attempt to write a readonly database" in said[1]
    assert "cannot be locked: Permission denied. Make the folder writable." in said[2]


def test_a_million_frames_open_without_being_read(run):
    """The log holds a row per batch; benchmarks/durability.py measures how long a million takes to open."""
    from lang2mlip.record.events import Decided, Finished

    for step in range(1, 4):
        data = DataSet(id=f"d{step}", file=f"data/d{step}.extxyz", source="explore", groups={"bulk": 333_333})
        run.record(Decided(step=step, decision=Decision(parameters=Explore(), reason="", expectation="", decider="t")))
        run.record(Finished(step=step, result=Result(action="explore", status="done", summary="", data=(data,))))
    assert sum(data.n_frames for data in Run(run.folder).state.data) == 999_999
    run.record(Remarked(text="opened though no data file is there"))


def test_a_log_that_cannot_be_locked_is_written_by_one_and_read_by_others(run):
    run.remark("with locks")
    run._log.close()
    writer = _lockless(run.folder / "run.db")
    writer.execute("INSERT INTO events SELECT 99, 0, body, chain FROM events WHERE seq = 1")
    reader = _as_it_is(run.folder / "run.db")
    assert reader.execute("SELECT max(seq) FROM events").fetchone() == (99,)
    assert not list(run.folder.glob("run.db-*"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM events")
    for one in (writer, reader):
        one.close()
