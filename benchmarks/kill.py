"""kill -9 at random moments, many times: does every run end like one that was never touched?

    .venv/bin/python benchmarks/kill.py --quick      5 runs      (about 5 minutes on 2 cores)
    .venv/bin/python benchmarks/kill.py --runs 17    as many     (about 12 kills of the driver in each)
    .venv/bin/python benchmarks/kill.py              100 runs    (resumable: what is in kill.json is not done again)

Each run is the tiny job of the tests. Its driver, or one of its workers, is killed at random moments, again and again.
After each kill of a driver the run is resumed. What must come out the same, bit for bit: decisions and reasons, label
ids, calls and labels of every step, errors, verdicts. No process may be left over.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

import tiny  # noqa: E402 - the tests' tiny job
from lang2mlip.record.run import Run  # noqa: E402

TABLE = HERE / "kill.json"
LONGEST_S = 4.0
"""A process lives at most so long before it is killed; the whole job takes longer."""

MOST_KILLS = 12


def main() -> int:
    """Do the runs that are missing in the table; 0 when all of them ended as they should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="5 runs")
    parser.add_argument("--runs", type=int, default=100)
    wish = parser.parse_args()
    wanted = 5 if wish.quick else wish.runs
    rows = json.loads(TABLE.read_text())["runs"] if TABLE.exists() else []
    with tempfile.TemporaryDirectory() as place:
        clean = develop(Path(place) / "clean", None)
        for number in range(len(rows), wanted):
            rows.append(one_run(Path(place) / f"run-{number}", number, clean))
            print(" ".join(f"{key}={value}" for key, value in rows[-1].items()), flush=True)
            command = f"python benchmarks/kill.py --runs {wanted}"
            TABLE.write_text(json.dumps({"command": command, "runs": rows}, indent=1) + "\n")
    bad = [row for row in rows if row["differs"] or row["left_over"]]
    kills = sum(row["drivers_killed"] + row["workers_killed"] for row in rows)
    print(f"{len(rows)} runs, {kills} kills: {len(rows) - len(bad)} ended as if nothing had happened")
    return 1 if bad else 0


def one_run(place: Path, number: int, clean: dict) -> dict:
    """One run under fire, compared with the clean one."""
    tally = {"run": number, "drivers_killed": 0, "workers_killed": 0, "left_over": 0}
    mine = develop(place, random.Random(number), tally)
    differs = [key for key in clean if mine[key] != clean[key]]
    if differs:
        steps = Run(place / "runs" / tiny.NAME).view().steps()
        tally["faults"] = [fault for step in steps for fault in step.result.faults]
    return tally | {"differs": differs}


def develop(place: Path, dice: random.Random | None, tally: dict | None = None) -> dict:
    """The tiny job from its first command to its end; what came of it."""
    run = tiny.new_run(place)
    while True:
        driver = tiny.start(place, "resume", tiny.NAME, env={"LANG2MLIP_CACHE": str(place / "cache")})
        if dice is None or tally is None or tally["drivers_killed"] >= MOST_KILLS:
            driver.communicate()
            return tiny.outcome(Run(run.folder))
        if shoot(driver, dice, tally):
            return tiny.outcome(Run(run.folder))


def shoot(driver, dice: random.Random, tally: dict) -> bool:
    """Kill a worker or two, then the driver; True when the driver was quicker and has ended."""
    end = time.monotonic() + dice.uniform(0.3, LONGEST_S)
    while time.monotonic() < end and driver.poll() is None:
        time.sleep(dice.uniform(0.2, 2.0))
        victims = tiny.descendants(driver.pid)
        if victims and dice.random() < 0.15:
            os.kill(dice.choice(victims), signal.SIGKILL)
            tally["workers_killed"] += 1
    ended = driver.poll() is not None
    tally["drivers_killed"] += not ended
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    time.sleep(2.0)
    tally["left_over"] += len(tiny.descendants(driver.pid))
    return ended


if __name__ == "__main__":
    sys.exit(main())
