"""Every write that a record makes fails once, for one of three reasons: it is said, and nothing is lost.

benchmarks/durability.py does the same, and more, to whole runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lang2mlip.act.base import ProgressFile

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

STORY = """
import errno, shutil, sys
from pathlib import Path
import numpy as np
import faulty, tiny
from lang2mlip.contracts import Decision, Explore, Result
from lang2mlip.errors import Lang2mlipError
from lang2mlip.record.events import Created
from lang2mlip.record.labels import Label, LabelCache
from lang2mlip.record.run import Run, write_json

place, why, start = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
machine = faulty.Machine.attached(place, place / "work")
decision = Decision(parameters=Explore(), reason="why", expectation="what", decider="test")
result = Result(action="explore", status="done", summary="well")
label = Label(-1.0, np.zeros((2, 3)), None, 0.1)


def steps(work):
    folder = work / "runs" / "argon"
    if not folder.exists():
        Run.create(folder, Created(task=tiny.task()), {"plan.yaml": "requests: []"})
    run = Run(folder)
    with run.driving():
        while run.state.step < 2:
            run.unfinished() or run.decided(decision)
            job = run.job(decision)
            cache = LabelCache(work / "cache")
            if cache.get("lj", str(run.state.step)) is None:
                with cache.claim("lj", str(run.state.step)):
                    cache.put("lj", str(run.state.step), label)
                made.append(run.state.step)
            cache._db.close()
            write_json(job / "result.json", result.model_dump(mode="json"))
            run.finished(result)
    run._log.close()
    return [event.model_dump() for event in run._events], sorted(made)


def untimed(told):
    return [{key: value for key, value in event.items() if key not in ("at", "command")} for event in told[0]], told[1]


made = []
(place / "work" / "clean" / "runs").mkdir(parents=True)
clean = untimed(steps(place / "work" / "clean"))
total = machine.writes
said, lost = set(), []
for first in range(start, total + 1, 3):
    work, made = place / "work" / "hurt", []
    shutil.rmtree(work, ignore_errors=True)
    (work / "runs").mkdir(parents=True)
    machine.writes_fail(first, 1, why)
    try:
        steps(work)
    except Lang2mlipError as error:
        said.add(str(error).partition(str(place))[0])
    machine.heal()
    made = made[:]
    mine = untimed(steps(work))
    if mine[0] != clean[0] or sorted(set(mine[1])) != clean[1]:
        lost.append(first)
print(total, len(said), lost)
"""


def tools():
    return shutil.which("cc") is not None and sys.platform == "linux"


@pytest.mark.skipif(not tools(), reason="faults of a machine need a C compiler and Linux")
@pytest.mark.parametrize(("start", "why"), [(1, 28), (2, 13), (3, 5)], ids=["full disk", "lost permission", "bad disk"])
def test_whichever_write_fails_it_is_said_and_what_was_recorded_stays(start, why, tmp_path):
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import faulty
    finally:
        sys.path.remove(str(BENCHMARKS))
    (tmp_path / "work").mkdir()
    machine = faulty.Machine(tmp_path, tmp_path / "work")
    paths = os.pathsep.join([str(BENCHMARKS), str(BENCHMARKS.parent / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", STORY, str(tmp_path), str(why), str(start)],
        env={**os.environ, **machine.environment, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    total, kinds, lost = done.stdout.split(None, 2)
    assert int(total) > 40 and int(kinds) >= 1, done.stdout
    assert lost.strip() == "[]"


def test_progress_that_cannot_be_told_stops_nothing(tmp_path):
    ProgressFile(tmp_path / "no such folder")(0.5, "half")
    ProgressFile(tmp_path)(0.5, "half")
    assert (tmp_path / "progress").read_text() == "0.5000 half"
