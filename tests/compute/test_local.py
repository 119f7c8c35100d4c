"""Warm workers: in order, in parallel, and a dead one is replaced."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

import pytest

from lang2mlip.compute.local import Workers
from lang2mlip.compute.sandbox import available, run_confined
from lang2mlip.compute.slots import Slots

WORKER = """
import os, pathlib, sys
for line in sys.stdin:
    folder = pathlib.Path(line.strip())
    if (folder / "die").exists() and not (folder / "died").exists():
        (folder / "died").touch()
        os._exit(3)
    if (folder / "always-die").exists():
        print("out of memory", file=sys.stderr)
        os._exit(3)
    if (folder / "fail").exists():
        print("failed it was bad", flush=True)
        continue
    (folder / "pid").write_text(str(os.getpid()))
    print("done", folder, flush=True)
"""


FORKS = f"""
import sys
from lang2mlip.compute.forks import serve_forks
serve_forks(int(sys.argv[1]), lambda: exec({WORKER!r}))
"""


@pytest.fixture(params=[False, True], ids=["started", "forked"])
def workers(request):
    pool = Workers((sys.executable, "-c", FORKS if request.param else WORKER), count=2, forks=request.param)
    yield pool
    pool.close()


def one_pid(pool, folder):
    assert pool.run([folder])[0].fault is None
    return int((folder / "pid").read_text())


def gone(pid):
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.01)
    return False


def test_closing_the_pool_ends_its_workers_and_what_forked_them(tmp_path):
    pool = Workers((sys.executable, "-c", FORKS), count=2, forks=True)
    worker = one_pid(pool, folders(tmp_path, "ok")[0])
    forker = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    pool.close()
    assert gone(worker) and gone(forker)


def test_when_the_process_that_forks_is_killed_another_takes_its_place(tmp_path):
    pool = Workers((sys.executable, "-c", FORKS), count=1, forks=True)
    first, second = folders(tmp_path, "ok", "ok")
    try:
        worker = one_pid(pool, first)
        forker = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(forker, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        assert one_pid(pool, second) != worker
    finally:
        pool.close()


def test_where_no_worker_can_be_started_the_pieces_are_broken_and_not_failed(tmp_path):
    pool = Workers((sys.executable, "-c", "raise SystemExit(1)"), count=2, forks=True)
    outcomes = pool.run(folders(tmp_path, "ok", "ok", "ok"))
    pool.close()
    assert all(one.broken and "No worker can be started" in one.fault for one in outcomes)


def test_no_worker_outlives_a_pool_whose_process_was_killed(tmp_path):
    folder = folders(tmp_path, "ok")[0]
    code = f"""
import pathlib, sys, time
from lang2mlip.compute.local import Workers
Workers((sys.executable, "-c", {FORKS!r}), count=1, forks=True).run([pathlib.Path({str(folder)!r})])
pathlib.Path({str(folder / "ran")!r}).touch()
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", code])
    try:
        for _ in range(3000):
            if (folder / "ran").exists():
                break
            time.sleep(0.01)
    finally:
        owner.kill()
        owner.wait()
    assert gone(int((folder / "pid").read_text()))


OWNER = """
import pathlib, sys
from lang2mlip.compute.local import Workers
Workers((sys.executable, "-c", sys.argv[1]), count=1, forks=True).run([pathlib.Path(sys.argv[2])])
"""


def kill_the_owner_of(folder, forks):
    """A pool in a process of its own, killed while its worker is at the folder; the worker's process."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, forks, str(folder)])
    try:
        assert wait_for(lambda: (folder / "pid").exists() and (folder / "pid").read_text())
    finally:
        owner.kill()
        owner.wait()
    return int((folder / "pid").read_text())


LONG = """
import os, pathlib, sys, time
for line in sys.stdin:
    folder = pathlib.Path(line.strip())
    (folder / "pid").write_text(str(os.getpid()))
    while not (folder / "go").exists():
        time.sleep(0.01)
    (folder / "result").touch()
    print("done", folder, flush=True)
"""


def test_the_piece_in_hand_of_a_killed_pool_comes_to_its_end_and_its_worker_then_to_its_own(tmp_path):
    folder = folders(tmp_path, "long")[0]
    worker = kill_the_owner_of(folder, FORKS.replace(repr(WORKER), repr(LONG)))
    (folder / "go").touch()
    assert wait_for((folder / "result").exists) and gone(worker)


def test_a_piece_that_takes_longer_is_cut_off(tmp_path):
    folder = folders(tmp_path, "long")[0]
    forks = FORKS.replace(repr(WORKER), repr(LONG)).replace("))\n", "), 0.3)\n")
    assert gone(kill_the_owner_of(folder, forks)) and not (folder / "result").exists()


HOLDS = """
import pathlib, sys, time
from lang2mlip.compute.holding import alone
with alone(pathlib.Path(sys.argv[1])):
    print("holds", flush=True)
    time.sleep(60)
"""


def test_a_second_worker_waits_for_the_one_that_is_still_at_the_piece(tmp_path):
    first = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline() == "holds\n"
    second = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    lines = Queue()
    threading.Thread(target=lambda: lines.put(second.stdout.readline()), daemon=True).start()
    with pytest.raises(Empty):
        lines.get(timeout=1.0)
    first.kill()
    assert lines.get(timeout=30.0) == "holds\n"
    second.kill()
    for one in (first, second):
        one.wait()
        one.stdout.close()


WHERE = """
import os, pathlib, sys
for line in sys.stdin:
    folder = pathlib.Path(line.strip())
    (folder / "cores").write_text(repr(sorted(os.sched_getaffinity(0))))
    (folder / "gpu").write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "all"))
    while not (folder.parent / "go").exists():
        pass
    print("done", folder, flush=True)
"""


@pytest.mark.parametrize("forks", [False, True], ids=["started", "forked"])
def test_each_worker_keeps_to_a_core_and_a_gpu_of_its_own_and_a_fit_has_all_cores(forks, tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    code = FORKS.replace(repr(WORKER), repr(WHERE)) if forks else WHERE
    cores = tuple(sorted(os.sched_getaffinity(0)))
    pool = Workers((sys.executable, "-c", code), count=2, forks=forks, slots=Slots(pinned=True, gpus=2))
    made, fit = folders(tmp_path, "one", "two"), folders(tmp_path, "fit")
    try:
        threading.Thread(target=lambda: pool.run(made), daemon=True).start()
        assert wait_for(lambda: all((folder / "gpu").exists() and (folder / "gpu").read_text() for folder in made))
        (tmp_path / "go").touch()
        found = {(folder / "cores").read_text() for folder in made}
        assert found == {repr([core]) for core in cores[:2]}
        assert {(folder / "gpu").read_text() for folder in made} == {"0", "1"}
        assert wait_for(lambda: len(pool._idle) == 2) and pool.run(fit, None, "training")[0].fault is None
        assert (fit[0] / "cores").read_text() == repr(list(cores))
    finally:
        (tmp_path / "go").touch()
        pool.close()


def test_gpus_are_taken_from_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,7")
    assert [Slots(gpus=2).environment(slot)["CUDA_VISIBLE_DEVICES"] for slot in range(3)] == ["3", "5", "3"]
    assert Slots().environment(0) == {}


def wait_for(what):
    for _ in range(3000):
        if what():
            return True
        time.sleep(0.01)
    return False


def folders(tmp_path, *names):
    made = [tmp_path / f"{number}-{name}" for number, name in enumerate(names)]
    for folder, name in zip(made, names, strict=True):
        folder.mkdir()
        (folder / name).touch()
    return made


def test_outcomes_come_in_the_order_of_the_folders(workers, tmp_path):
    outcomes = workers.run(folders(tmp_path, "ok", "fail", "ok", "ok"))
    assert [outcome.fault for outcome in outcomes] == [None, "it was bad", None, None]


def test_a_worker_stays_warm_between_calls(workers, tmp_path):
    made = folders(tmp_path, *["ok"] * 6)
    workers.run(made[:3])
    workers.run(made[3:])
    assert len({(folder / "pid").read_text() for folder in made}) <= 2


def test_a_folder_whose_worker_died_is_tried_once_more(workers, tmp_path):
    outcomes = workers.run(folders(tmp_path, "die", "ok"))
    assert [outcome.fault for outcome in outcomes] == [None, None]


def test_a_folder_that_kills_every_worker_is_given_back_with_its_last_words(workers, tmp_path):
    outcome, other = workers.run(folders(tmp_path, "always-die", "ok"))
    assert "out of memory" in outcome.fault
    assert other.fault is None


def test_a_worker_that_shows_no_sign_of_life_is_ended_and_its_folder_given_back(tmp_path):
    silent = "import sys, time; sys.stdin.readline(); time.sleep(3600)"
    pool = Workers((sys.executable, "-c", silent), 1, patience_s=0.3)
    try:
        outcome = pool.run(folders(tmp_path, "ok"))[0]
    finally:
        pool.close()
    assert "no sign of life for 0.3 s" in outcome.fault


def test_progress_in_the_folder_is_a_sign_of_life(tmp_path):
    slow = "import sys, time, pathlib; folder = pathlib.Path(sys.stdin.readline().strip())\n"
    slow += "for n in range(12): (folder / 'progress').write_text(str(n)); time.sleep(0.1)\n"
    pool = Workers((sys.executable, "-c", slow + "print('done', folder, flush=True)"), 1, tries=1, patience_s=0.6)
    try:
        assert pool.run(folders(tmp_path, "ok"))[0].fault is None
    finally:
        pool.close()


needs_sandbox = pytest.mark.skipif(not available(), reason="no bubblewrap here")


@needs_sandbox
def test_the_sandbox_writes_in_its_own_folder_only(tmp_path):
    code = "open('mine', 'w').write('x'); open('/usr/yours', 'w')"
    done = run_confined([sys.executable, "-c", code], tmp_path)
    assert (tmp_path / "mine").read_text() == "x"
    assert done.status != 0 and "Read-only" in done.output


@needs_sandbox
def test_the_sandbox_has_no_network_no_other_files_and_a_clean_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_API_KEY", "do-not-leak")
    secret, folder = tmp_path / "secret", tmp_path / "job"
    secret.write_text("private")
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import os, socket; print(dict(os.environ), os.path.exists({str(secret)!r}), flush=True);"
        code += f"socket.create_connection(('127.0.0.1', {port}), 1)"
        done = run_confined([sys.executable, "-c", code], folder)
    assert "do-not-leak" not in done.output
    assert done.output.splitlines()[0].endswith("False")
    assert done.status != 0 and "refused" in done.output


@needs_sandbox
def test_a_time_out_is_said_to_be_one(tmp_path):
    assert run_confined([sys.executable, "-c", "while True: pass"], tmp_path, timeout_s=1).timed_out
