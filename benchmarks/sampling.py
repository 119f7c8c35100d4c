"""How busy one action of sampling keeps the cores, and how much of it is not MD.

    python benchmarks/sampling.py                # first data and a fit by hand, then two rounds of sampling
    python benchmarks/sampling.py --steps 50000  # other lengths

`busy` is the CPU time of the program and all its workers over wall time times cores, starting and ending included;
`outside_percent` is what of that CPU time went neither into reference calls nor into MD and inference with the
potential. Rows are appended to sampling.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lang2mlip.record.run import Run

RESULTS = Path(__file__).with_name("sampling.json")
PROGRAM = (sys.executable, "-m", "lang2mlip.doors.cli")
PROMPT = "Copper: bulk, surfaces and the melt, 300 to 1500 K"


def call(*words: str) -> None:
    """The command line, to its end; codes 0 and 3 are honest ends."""
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")


def measure(folder: Path, steps: int) -> dict[str, Any]:
    """One action of sampling in a copy of the run."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        shutil.copytree(folder, copy)
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        call("act", "copy", "sample", "--steps", str(steps), "--keep-every", str(max(10, steps // 40)), "--out", place)
        wall, after = time.monotonic() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
        result = Run(copy).view().steps()[-1].result
    assert result is not None
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cores = len(os.sched_getaffinity(0))
    useful = result.cost.md_s + result.cost.reference_s
    return {
        "command": "python benchmarks/sampling.py", "steps": steps, "summary": result.summary, "cores": cores,
        "wall_s": round(wall, 1), "cpu_s": round(cpu, 1), "busy": round(cpu / wall / cores, 3),
        "outside_percent": round(100 * (cpu - useful) / cpu, 1), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    """Measure short and long rounds, print and keep the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="*", default=[4000, 20000])
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        call("prepare", PROMPT, "--yes", "--name", "small", "--out", place)
        for words in (("explore", "--steps", "0", "--strained", "5", "--rattled", "5"), ("train",)):
            call("act", "small", *words, "--out", place)
        rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
        for steps in wish.steps:
            rows.append(measure(Path(place) / "small", steps))
            RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
            print(rows[-1])


if __name__ == "__main__":
    main()
