"""kill -9 at random moments, many times: does every run end like one that was never touched?

    .venv/bin/python benchmarks/kill.py --quick           25 kills on local workers  (about 5 minutes on 2 cores)
    .venv/bin/python benchmarks/kill.py                   200 kills
    .venv/bin/python benchmarks/kill.py --slurm           30 kills, the work on Slurm (scripts/slurm-up)
    .venv/bin/python benchmarks/kill.py --kills 60        as many

Resumable: kills that are in kill.json count, and each run is written down as it ends. Each run is the tiny job of the
tests. Its driver, or one of its workers, is killed at random moments, again and again. After each kill of a driver the
run is resumed. What must come out the same, bit for bit: decisions and reasons, label ids, calls and labels of every
step, errors, verdicts. A minute after a kill no process of that driver may be left over, and no job in the queue.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import on_slurm  # noqa: E402

import tiny  # noqa: E402 - the tests' tiny job
from lang2mlip.record.run import Run  # noqa: E402
from lang2mlip.science.trainers.mtp.warm import warm_up  # noqa: E402

TABLE = HERE / "kill.json"
LONGEST_S = 4.0
"""A process lives at most so long before it is killed; the whole job takes longer."""

MOST_KILLS = 12


def main() -> int:
    """Do the kills that are missing in the table; 0 when all runs ended as they should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="25 kills")
    parser.add_argument("--slurm", action="store_true", help="the work on Slurm, 30 kills")
    parser.add_argument("--kills", type=int, help="as many kills in all")
    wish = parser.parse_args()
    where, usual = ("slurm", 30) if wish.slurm else ("local", 200)
    wanted = 25 if wish.quick else wish.kills or usual
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    rows = table.setdefault(where, [])
    if wish.slurm:
        on_slurm.up()
    warm_up()  # as `make` does: a fit in the process that compiled the kernels differs in the fourteenth digit
    with tempfile.TemporaryDirectory() as folder:
        clean = develop(Path(folder) / "clean", None, {}, where)
        while kills(rows) < wanted:
            number = len(rows)
            rows.append(one_run(Path(folder) / f"run-{number}", number, clean, where))
            print(" ".join(f"{key}={value}" for key, value in rows[-1].items()), flush=True)
            TABLE.write_text(json.dumps({"command": "python benchmarks/kill.py"} | table, indent=1) + "\n")
    bad = [row for row in rows if row["differs"] or row["left_over"]]
    print(f"{where}: {len(rows)} runs, {kills(rows)} kills: {len(rows) - len(bad)} ended as if nothing had happened")
    return 1 if bad else 0


def kills(rows: list[dict]) -> int:
    """Kills of drivers and workers in all."""
    return sum(row["drivers_killed"] + row["workers_killed"] for row in rows)


def one_run(place: Path, number: int, clean: dict, where: str) -> dict:
    """One run under fire, compared with the clean one."""
    tally = {"run": number, "drivers_killed": 0, "workers_killed": 0, "left_over": 0}
    mine = develop(place, random.Random(number), tally, where)
    differs = [key for key in clean if mine[key] != clean[key]]
    if differs:
        steps = Run(place / "runs" / tiny.NAME).view().steps()
        tally["faults"] = [fault for step in steps for fault in step.result.faults]
    return tally | {"differs": differs}


def develop(place: Path, dice: random.Random | None, tally: dict, where: str) -> dict:
    """The tiny job from its first command to its end; what came of it."""
    run = tiny.new_run(place)
    if where == "slurm":
        (run.folder / "compute").mkdir()
        (run.folder / "compute" / "profile.json").write_text(json.dumps(on_slurm.PROFILE | {"tries": 9}))
    shot: list[tuple[int, float]] = []
    while True:
        driver = tiny.start(place, "resume", tiny.NAME, env={"LANG2MLIP_CACHE": str(place / "cache")})
        if dice is None or tally["drivers_killed"] >= MOST_KILLS:
            driver.communicate()
            break
        ended = shoot(driver, dice, tally, run.folder)
        if ended:
            break
        shot.append((driver.pid, time.monotonic()))
    tally["left_over"] = sum(outlives(pid, when) for pid, when in shot) + (jobs_left() if where == "slurm" else 0)
    return tiny.outcome(Run(run.folder))


def shoot(driver, dice: random.Random, tally: dict, folder: Path) -> bool:
    """Kill a worker or two, then the driver; True when the driver was quicker and has ended."""
    end = time.monotonic() + dice.uniform(0.3, LONGEST_S)
    while time.monotonic() < end and driver.poll() is None:
        time.sleep(dice.uniform(0.2, 2.0))
        victims = tiny.descendants(driver.pid) + jobs_of(folder)
        if victims and dice.random() < 0.15:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(victims), signal.SIGKILL)
                tally["workers_killed"] += 1
    ended = driver.poll() is not None
    tally["drivers_killed"] += not ended
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    return ended


def outlives(driver: int, killed: float) -> int:
    """Processes of a killed driver that are there a minute after."""
    while (left := tiny.descendants(driver)) and time.monotonic() < killed + 60.0:
        time.sleep(0.2)
    return len(left)


def jobs_of(folder: Path) -> list[int]:
    """Processes of this run's jobs on the one node of a Slurm."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "lang2mlip.compute.batch" in words and any(word.startswith(str(folder)) for word in words):
                found.append(int(process.name))
    return found


def jobs_left() -> int:
    """Jobs that are in the queue a minute after the end; nobody else's are there, see on_slurm.up."""
    end = time.monotonic() + 60.0
    while left := subprocess.run(["squeue", "--noheader"], capture_output=True, text=True).stdout.split("\n")[:-1]:
        if time.monotonic() > end:
            break
        time.sleep(1.0)
    return len(left)


if __name__ == "__main__":
    sys.exit(main())
