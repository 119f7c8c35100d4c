"""A swarm through Parsl: the same contract as every pool."""

import os
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("parsl", reason="the parsl extra is not installed")

from lang2mlip.compute.journal import Reader
from lang2mlip.compute.parsl_swarm import ParslPool
from lang2mlip.compute.plan import Worker
from lang2mlip.compute.profile import Profile
from lang2mlip.errors import BadInput

WORKER = """
import os, pathlib, sys
for line in sys.stdin:
    folder = pathlib.Path(line.strip())
    (folder / "pid").write_text(f"{os.getpid()} {'SWARM_API_KEY' in os.environ}")
    if folder.name.endswith("fail"):
        print("failed it was bad", flush=True)
        continue
    print("done", folder, flush=True)
"""


@pytest.fixture
def pool(tmp_path):
    os.environ["SWARM_API_KEY"] = "do-not-leak"
    profile = Profile.model_validate({"kind": "parsl", "cores": 2})
    made = ParslPool(Worker((sys.executable, "-c", WORKER)), profile, tmp_path / "compute")
    yield made
    made.close()
    del os.environ["SWARM_API_KEY"]


def test_a_swarm_gives_outcomes_in_order_from_warm_workers_that_have_no_keys_and_end_with_it(pool, tmp_path):
    made = [tmp_path / f"{number}-{'fail' if number == 3 else 'ok'}" for number in range(40)]
    for folder in made:
        folder.mkdir()
    outcomes = pool.run(made)
    assert [outcome.fault for outcome in outcomes] == ["it was bad" if n == 3 else None for n in range(40)]
    told = {(folder / "pid").read_text() for folder in made}
    assert 1 <= len(told) <= 2 and all(one.endswith("False") for one in told)
    events = [one.event for one in Reader(pool.journal.file).new()]
    assert events.count("done") == 39 and events.count("failed") == 1
    pool.close()
    for one in told:
        with pytest.raises(ProcessLookupError):
            for _ in range(500):
                os.kill(int(one.split()[0]), 0)
                signal.sigtimedwait([], 0.02)


def test_a_provider_that_parsl_has_not_is_said(tmp_path):
    profile = Profile.model_validate({"kind": "parsl", "provider": {"name": "SlurmProvidr"}})
    with pytest.raises(BadInput, match="no provider called 'SlurmProvidr'. It has: .*SlurmProvider"):
        ParslPool(Worker(("true",)), profile, tmp_path).run([Path(tmp_path)])
