"""LAMMPS driven by one of our own potentials: `python -m lang2mlip.labs.lammps.drive SCRIPT`, in the folder of the run.

job.json beside the script says which calculator, and the elements of the types.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lang2mlip.errors import Lang2mlipError
from lang2mlip.labs.lammps.kernels import use_kernels
from lang2mlip.science.lammps.dry import Maker, made
from lang2mlip.science.lammps.protocol import run_text

__all__ = ["JOB"]

JOB = "job.json"


def main(script: str) -> int:
    """The process. What fails is said in a line of the log, where LAMMPS' own errors stand."""
    folder = Path.cwd()
    use_kernels(folder)
    job = json.loads((folder / JOB).read_text(encoding="utf-8"))
    try:
        calculator = made(Maker(**job["maker"]))
        run_text((folder / script).read_text(encoding="utf-8"), folder, calculator, job["elements"])
    except Lang2mlipError as error:
        with (folder / "log.lammps").open("a", encoding="utf-8") as log:
            log.write(f"\nERROR: {' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
