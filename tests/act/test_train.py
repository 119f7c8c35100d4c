"""A fit has the machine to itself."""

import os
import subprocess
import sys
from types import SimpleNamespace

from lang2mlip.act.train import _cores, many_threads

ASK = [sys.executable, "-S", "-c", "import os; print(os.environ['OMP_NUM_THREADS'])"]


def test_a_program_that_fits_gets_all_cores_and_the_worker_keeps_its_own_setting(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with many_threads(7):
        assert subprocess.run(ASK, capture_output=True, text=True, check=True).stdout == "7\n"
    assert os.environ["OMP_NUM_THREADS"] == "1" and "MKL_NUM_THREADS" not in os.environ


def test_as_many_cores_as_workers_unless_a_person_says_otherwise(monkeypatch):
    desk = SimpleNamespace(workers=SimpleNamespace(count=5))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert _cores(desk) == 5
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert _cores(desk) == 2
