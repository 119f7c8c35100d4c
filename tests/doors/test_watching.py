"""watch and status: what runs where, since when, how far; and that it ends with the run."""

import json
import os
import pty
import subprocess
import time

import tiny
from lang2mlip.record.run import Run


def test_watch_and_status_tell_what_runs_where_and_how_far(tmp_path):
    run = tiny.new_run(tmp_path)
    driver = tiny.start(tmp_path, "run", tiny.NAME, env={"LANG2MLIP_CACHE": str(tmp_path / "cache")})
    seen, end = {}, time.monotonic() + 60
    while time.monotonic() < end and not seen:
        facts = json.loads(tiny.batch(tmp_path, [["status", tiny.NAME, "--json"]])[0][1])["work"]
        seen = facts if facts["running"] else {}
    driver.kill()
    driver.communicate()
    assert seen["driven"] and seen["action"] and seen["driver"]["process"] == str(driver.pid)
    one = seen["running"][0]
    assert one["node"] == os.uname().nodename and 0 <= one["progress"] <= 1 and one["seconds"] < 60
    status, said = tiny.lang2mlip(tmp_path, "watch", tiny.NAME, "--once")
    assert status == 0 and f"go on with: lang2mlip resume {tiny.NAME}" in said
    assert not Run(run.folder).state.ended


def test_watch_ends_with_the_run(finished):
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [tiny.COMMAND, "watch", tiny.NAME], cwd=finished.place, stdin=theirs, stdout=theirs, env=tiny.environment()
    )
    os.close(theirs)
    assert done.wait(60) == 0
    assert b"reference calls" in os.read(ours, 100_000)
    os.close(ours)
