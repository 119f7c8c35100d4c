"""Inside of the sandbox of an attempt: `python inside.py told.json` checks the frozen data, sets limits, runs train.py.

It imports nothing of this package: it is what stands between the sandbox and the strategy, and is itself readable by
it. Nothing that it says is believed outside: the score comes from the saved model alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import runpy
import sys
from pathlib import Path


def main() -> int:
    """Exit codes: 0 done, 97 the frozen data are not what the manifest says."""
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for name, known in told["manifest"].items():
        if hashlib.sha256(Path(name).read_bytes()).hexdigest() != known:
            print(f"{name} is not the file of the manifest.")
            return 97
    seconds = int(told["cpu_s"])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = seconds + 2 if hard == resource.RLIM_INFINITY else min(seconds + 2, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most), most))
    os.environ |= {"NUMBA_CACHE_DIR": str(Path("numba").resolve()), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    sys.argv = ["train.py"]
    sys.path.insert(0, str(Path.cwd()))
    runpy.run_path("train.py", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
