"""A child that hangs, dies or takes too long is found and told apart."""

import sys

from lang2mlip.labs.lammps.watch import watched

PYTHON = [sys.executable, "-c"]


def test_a_child_that_ends_by_itself_is_left_alone(tmp_path):
    ended = watched([*PYTHON, "print('done')"], tmp_path, silent_s=60, limit_s=60)
    assert (ended["status"], ended["timed_out"], ended["why"]) == (0, False, "")
    assert (tmp_path / "said.txt").read_text() == "done\n"


def test_a_child_that_dies_shows_how(tmp_path):
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    ended = watched([*PYTHON, killed], tmp_path, silent_s=60, limit_s=60)
    assert ended["status"] == -11
    assert not ended["timed_out"]


def test_a_child_that_writes_nothing_any_more_hangs_and_is_ended(tmp_path):
    ended = watched([*PYTHON, "import time; time.sleep(600)"], tmp_path, silent_s=0.5, limit_s=60)
    assert ended["timed_out"]
    assert "hangs" in str(ended["why"])


def test_a_child_that_writes_on_and_on_is_ended_when_its_time_is_over(tmp_path):
    busy = "import time\nwhile True: print('x', flush=True); time.sleep(0.05)"
    ended = watched([*PYTHON, busy], tmp_path, silent_s=30, limit_s=0.8)
    assert "were over" in str(ended["why"])


def test_the_processor_time_of_the_child_is_told(tmp_path):
    ended = watched([*PYTHON, "sum(n * n for n in range(3_000_000))"], tmp_path, silent_s=60, limit_s=60)
    assert 0.05 < float(str(ended["cpu_s"])) <= float(str(ended["wall_s"])) + 0.5
