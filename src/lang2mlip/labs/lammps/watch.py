"""The one who watches: `python -m lang2mlip.labs.lammps.watch SILENT_S LIMIT_S -- COMMAND…` in the folder of the run.

It starts the command, looks whether its files still grow, ends it when they have not for too long or when its time is
over, and leaves ended.json. It runs inside the sandbox, where nothing else could reach the child.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ENDED", "watched"]

ENDED = "ended.json"
_LOOK_S = 0.1


def watched(command: Sequence[str], folder: Path, silent_s: float, limit_s: float) -> dict[str, object]:
    """Run `command` in `folder`: {"status", "timed_out", "why", "wall_s", "cpu_s"}; no `why` if it ended alone."""
    begun, before = time.monotonic(), _cpu_s()
    why = ""
    with (folder / "said.txt").open("wb") as said:
        child = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        while child.poll() is None:
            why = _trouble(folder, begun, silent_s, limit_s)
            if why:
                child.kill()
                child.wait()
                break
            time.sleep(_LOOK_S)
    wall = time.monotonic() - begun
    ended = {"status": child.returncode, "timed_out": bool(why), "why": why, "wall_s": round(wall, 3)}
    return {**ended, "cpu_s": round(_cpu_s() - before, 3)}


def _cpu_s() -> float:
    """Processor time of children that have ended, s."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _trouble(folder: Path, begun: float, silent_s: float, limit_s: float) -> str:
    ran = time.monotonic() - begun
    if ran > limit_s:
        return f"its {limit_s:g} s were over"
    newest = max((file.stat().st_mtime for file in folder.iterdir() if file.is_file()), default=0.0)
    quiet = min(ran, time.time() - newest)
    return f"it wrote nothing for {quiet:.0f} s, so it hangs" if quiet > silent_s else ""


def main(words: Sequence[str]) -> int:
    """The process."""
    silent_s, limit_s, _, *command = words
    ended = watched(command, Path.cwd(), float(silent_s), float(limit_s))
    Path(ENDED).write_text(json.dumps(ended), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
