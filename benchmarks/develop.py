"""Deciders against controls on systems whose truth is known; a thin call of `lang2mlip bench develop`.

    python benchmarks/develop.py                          # quick: the three tuning systems, four arms, one seed
    python benchmarks/develop.py --tier standard          # what is missing of the table that counts
    python benchmarks/develop.py --systems A,B --arms rules,fixed --seeds 1,2 --core 0
    python benchmarks/develop.py --table                  # the table and the figure of what is there

Rows go into develop.json the moment they are done, and are never computed again (delete a row to do so). Stop it with
Ctrl-C and start it again with the same words; start it twice, with --core 0 and --core 1, to use two cores.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WORK = Path("/tmp/lang2mlip-develop")

if __name__ == "__main__":
    places = ["--results", str(HERE / "develop.json"), "--work", str(WORK)]
    command = [sys.executable, "-m", "lang2mlip.doors.cli", "bench", "develop", *places, *sys.argv[1:]]
    try:
        sys.exit(subprocess.run(command, check=False).returncode)
    except KeyboardInterrupt:
        sys.exit(130)
