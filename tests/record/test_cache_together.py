"""Several processes share the label cache: one writes at a time, and all that was put is there and whole."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time

import numpy as np

from lang2mlip.record import labels
from lang2mlip.record.labels import Label, LabelCache

PUT = """
import sys
from pathlib import Path
import numpy as np
from lang2mlip.record.labels import Label, LabelCache

print("ready", flush=True)
sys.stdin.readline()
for first in range(0, 60, 20):
    cache = LabelCache(Path(sys.argv[1]))
    for number in range(first, first + 20):
        cache.put("lj", f"{sys.argv[2]} {number}", Label(-1.0, np.ones((50, 3)), None, 0.1))
    print(first, flush=True)
"""


def writer(folder, name):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    child = subprocess.Popen([sys.executable, "-c", PUT, str(folder), name], **pipes)
    assert child.stdout.readline() == "ready\n"
    return child


def test_while_one_writes_the_others_wait_and_then_all_is_there(tmp_path):
    cache = LabelCache(tmp_path)
    children = [writer(tmp_path, name) for name in "abc"]
    with labels._one_at_a_time(tmp_path / "claims", labels._WRITING):
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        time.sleep(0.5)
        assert cache._db.execute("SELECT count(*) FROM labels").fetchone() == (0,)
        assert all(child.poll() is None for child in children)
    assert [child.communicate()[0].split() for child in children] == [["0", "20", "40"]] * 3
    cache.put("lj", "own", Label(-2.0, np.ones((2, 3)), np.zeros(6), 0.1))
    db = sqlite3.connect(tmp_path / "labels.sqlite")
    assert db.execute("SELECT count(*) FROM labels").fetchone() == (181,)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
