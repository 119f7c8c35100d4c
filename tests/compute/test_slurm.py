"""On a real Slurm of one node: the same outcomes as here, jobs that outlive their driver, lost ones done again."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tiny
from lang2mlip.compute.journal import Reader
from lang2mlip.compute.plan import Worker
from lang2mlip.compute.profile import Profile
from lang2mlip.compute.queue import Slurm
from lang2mlip.compute.slurm import SlurmPool
from lang2mlip.doors.wire import pool_of
from lang2mlip.errors import RunFault

UP = Path(__file__).parents[2] / "scripts" / "slurm-up"

WORKER = """
import os, pathlib, sys, time
for line in sys.stdin:
    folder = pathlib.Path(line.strip())
    with (folder / "jobs").open("a") as handle:
        handle.write(os.environ["SLURM_ARRAY_JOB_ID"] + " ")
    if folder.name.endswith("fail"):
        print("failed it was bad", flush=True)
        continue
    while folder.name.endswith("wait") and not (folder / "go").exists():
        time.sleep(0.05)
    print("done", folder, flush=True)
"""


@pytest.fixture(scope="session", autouse=True)
def slurm():
    """A Slurm that answers; scripts/slurm-up brings one up where it can, and only one at a time."""
    up = subprocess.run([str(UP)], capture_output=True, text=True, timeout=300)
    if up.returncode:
        pytest.skip(f"no Slurm can be brought up here: {up.stderr.strip()}")


@pytest.fixture
def pool(tmp_path):
    made = new_pool(tmp_path)
    yield made
    made.close()


def new_pool(place, **settings):
    quick = {"kind": "slurm", "look_s": 0.3, "beat_s": 3.0, "linger_s": 0.0, "at_once": 2} | settings
    return SlurmPool(Worker((sys.executable, "-c", WORKER)), Profile.model_validate(quick), place / "compute")


def folders(place, *names):
    made = [place / "jobs" / f"{number}-{name}" for number, name in enumerate(names)]
    for folder in made:
        folder.mkdir(parents=True)
    return made


def jobs_of(folder):
    """The jobs that worked on the folder, in their order. A job that is cancelled may begin it twice: its worker can
    hear of the end before the job itself does, and is then replaced for a moment."""
    return list(dict.fromkeys((folder / "jobs").read_text().split())) if (folder / "jobs").exists() else []


def times_begun(folder):
    return len((folder / "jobs").read_text().split())


def wait_for(what, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def in_thread(pool, made):
    """The pool at work beside the test; the outcomes come in the list."""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.extend(pool.run(made)), daemon=True)
    thread.start()
    return thread, outcomes


def events(pool, *words):
    return [one for one in Reader(pool.journal.file).new() if one.event in words]


def test_outcomes_come_in_order_and_a_failed_piece_is_not_tried_again(tmp_path):
    pool = new_pool(tmp_path, other={"sbatch": ["--begin=now+2"]})  # long enough in the queue to be met there
    made = folders(tmp_path, "ok", "fail", "ok")
    said = []
    outcomes = pool.run(made, lambda *words: said.append(words))
    assert [outcome.fault for outcome in outcomes] == [None, "it was bad", None]
    assert [times_begun(folder) for folder in made] == [1, 1, 1]
    assert len({job for folder in made for job in jobs_of(folder)}) == 1  # one array
    assert any("in the queue since 0:0" in words for _, _, words in said)
    pool.close()


def test_a_job_that_is_done_takes_the_next_batch_at_once(tmp_path):
    pool = new_pool(tmp_path, linger_s=20.0, at_once=1)
    first, second = folders(tmp_path, "ok", "ok")
    assert pool.run([first])[0].fault is None and pool.run([second])[0].fault is None
    job = f"{jobs_of(first)[0]}_0"
    pool.close()
    assert jobs_of(first) == jobs_of(second)
    assert wait_for(lambda: Slurm().states()[job].over, 10.0)


def test_a_job_that_is_done_takes_what_still_waits_in_the_queue(tmp_path):
    pool = new_pool(tmp_path, linger_s=20.0, at_once=1)  # one at once: the others wait
    pool.profile = pool.profile.model_copy(update={"batch_s": 0.001})
    pool.seconds["other"] = [1.0, 1.0]
    made = folders(tmp_path, *["ok"] * 4)
    outcomes = pool.run(made)
    pool.close()
    assert [outcome.fault for outcome in outcomes] == [None] * 4
    assert [times_begun(folder) for folder in made] == [1] * 4
    assert len(events(pool, "submitted")) == 4 and len(events(pool, "handed over")) == 3


def test_pieces_are_put_together_to_jobs_by_the_time_that_earlier_ones_took(pool, tmp_path):
    made = folders(tmp_path, *["ok"] * 12)
    pool.run(made[:2])
    pool.run(made[2:])
    batches = [one.count for one in events(pool, "submitted")]
    assert batches[:2] == [1, 1] and batches[-1] == 10  # between them at most one that was lost and given again


def kill_a_driver(place, folder):
    """A driver in a process of its own, killed as soon as its job works on the folder."""
    code = f"import sys, pathlib; sys.path[:0] = {[str(Path(__file__).parents[1]), str(Path(__file__).parent)]!r}\n"
    code += "from test_slurm import new_pool\n"
    code += f"new_pool(pathlib.Path({str(place)!r})).run([pathlib.Path({str(folder)!r})])"
    driver = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert wait_for(lambda: jobs_of(folder))
    finally:
        driver.kill()
        driver.wait()


def test_when_a_driver_is_killed_the_next_one_waits_for_its_job(tmp_path):
    made = folders(tmp_path, "wait")
    kill_a_driver(tmp_path, made[0])
    pool = new_pool(tmp_path)
    thread, outcomes = in_thread(pool, made)
    (made[0] / "go").touch()
    thread.join(30)
    pool.close()
    assert outcomes[0].fault is None
    assert times_begun(made[0]) == 1


def test_a_run_that_goes_on_elsewhere_cancels_what_a_killed_driver_left_in_the_queue(tmp_path):
    made = folders(tmp_path, "wait")
    kill_a_driver(tmp_path, made[0])
    pool_of(Profile(kind="local"), tmp_path / "compute").close()
    job = f"{jobs_of(made[0])[0]}_0"
    assert wait_for(lambda: Slurm().states()[job].over, 10.0)


def test_a_lost_job_is_submitted_again_and_only_what_was_undone(pool, tmp_path):
    made = folders(tmp_path, "ok", "wait")
    pool.profile = pool.profile.model_copy(update={"at_once": 1})  # both in one job
    thread, outcomes = in_thread(pool, made)
    assert wait_for(lambda: jobs_of(made[1]))
    Slurm().cancel(f"{jobs_of(made[1])[0]}_0")
    assert wait_for(lambda: len(jobs_of(made[1])) == 2)
    (made[1] / "go").touch()
    thread.join(30)
    assert [outcome.fault for outcome in outcomes] == [None, None]
    assert times_begun(made[0]) == 1
    lost = [one.piece for one in events(pool, "retried") if "job was" in one.words]
    assert lost == [str(made[1])]


def test_a_piece_whose_jobs_are_lost_again_and_again_is_given_back(tmp_path):
    pool = new_pool(tmp_path, tries=2)
    made = folders(tmp_path, "wait")
    thread, outcomes = in_thread(pool, made)
    for number in (1, 2):
        assert wait_for(lambda n=number: len(jobs_of(made[0])) == n)
        Slurm().cancel(f"{jobs_of(made[0])[-1]}_0")
    thread.join(30)
    assert outcomes[0].fault == "The job was lost 2 times while it worked on 0-wait: the job was cancelled"


def test_a_job_without_a_sign_of_life_is_taken_for_dead(pool, tmp_path):
    made = folders(tmp_path, "wait")
    pool.profile = pool.profile.model_copy(update={"beat_s": 0.3})
    thread, outcomes = in_thread(pool, made)
    assert wait_for(lambda: jobs_of(made[0]))
    subprocess.run(["scancel", "--signal=STOP", "--batch", f"{jobs_of(made[0])[0]}_0"], check=True)
    assert wait_for(lambda: len(jobs_of(made[0])) == 2)
    (made[0] / "go").touch()
    thread.join(30)
    assert outcomes[0].fault is None
    assert "no sign of life" in events(pool, "silent")[0].words


def test_before_the_end_of_its_time_a_job_is_queued_again_for_what_is_left(pool, tmp_path):
    made = folders(tmp_path, "wait", "ok")
    pool.profile = pool.profile.model_copy(update={"at_once": 1})
    thread, outcomes = in_thread(pool, made)
    assert wait_for(lambda: jobs_of(made[0]))
    subprocess.run(["scancel", "--signal=USR1", "--batch", f"{jobs_of(made[0])[0]}_0"], check=True)
    time.sleep(1.0)
    (made[0] / "go").touch()  # the piece in hand may end
    thread.join(60)
    assert [outcome.fault for outcome in outcomes] == [None, None]
    assert [times_begun(folder) for folder in made] == [1, 1]
    assert jobs_of(made[0]) == jobs_of(made[1])  # the same job, in the queue a second time
    assert [one.count for one in events(pool, "requeued")] == [1]


def test_closing_the_pool_cancels_its_jobs(pool, tmp_path):
    made = folders(tmp_path, "wait")
    in_thread(pool, made)
    assert wait_for(lambda: jobs_of(made[0]))
    pool.close()
    job = f"{jobs_of(made[0])[0]}_0"
    assert wait_for(lambda: Slurm().states()[job].over, 10.0)


def test_what_slurm_refuses_is_said_with_its_own_words(tmp_path):
    pool = new_pool(tmp_path, other={"partition": "nowhere"})
    with pytest.raises(RunFault, match="invalid partition"):
        pool.run(folders(tmp_path, "ok"))


def test_no_key_of_the_driver_reaches_a_job(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_API_KEY", "do-not-leak")
    tell = "import os, pathlib, sys\n"
    tell += "for line in sys.stdin:\n    pathlib.Path(line.strip(), 'env').write_text(str(dict(os.environ)))\n"
    tell += "    print('done x')"
    pool = new_pool(tmp_path)
    pool.worker = Worker((sys.executable, "-u", "-c", tell))
    made = folders(tmp_path, "ok")
    assert pool.run(made)[0].fault is None
    told = (made[0] / "env").read_text()
    assert "do-not-leak" not in told and os.environ["LANG2MLIP_CACHE"] in told


def test_a_whole_job_on_slurm_decides_and_labels_as_it_does_here(finished, tmp_path):
    own = {"LANG2MLIP_CACHE": str(tmp_path / "cache")}
    tiny.prepare_from_words(tmp_path, own)
    (tmp_path / "compute.toml").write_text('default = "two"\n[profiles.two]\nkind = "slurm"\nat_once = 2\nlook_s = 1\n')
    status, said = tiny.lang2mlip(tmp_path, "run", tiny.NAME, env=own)
    assert status == finished.status, said
    run = tiny.Developed(tmp_path, said, status).run
    mine, theirs = tiny.outcome(run), tiny.outcome(finished.run)
    for key in ("steps", "labels", "calls"):
        assert mine[key] == theirs[key], key
    for one, other in zip(mine["errors"], theirs["errors"], strict=True):  # another number of cores rounds differently
        assert {name: pytest.approx(errors.force_rmse_meV_A, rel=1e-6) for name, errors in other.items()} == {
            name: errors.force_rmse_meV_A for name, errors in one.items()
        }
    assert [one.answer for one in mine["verdicts"]] == [one.answer for one in theirs["verdicts"]]
    assert any(one.event == "submitted" for one in Reader(run.folder / "compute" / "log.jsonl").new())
    assert Profile.model_validate_json((run.folder / "compute" / "profile.json").read_text()).kind == "slurm"
