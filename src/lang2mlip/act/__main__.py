"""The worker: `python -m lang2mlip.act serve` does the job folders named on standard input; with a FOLDER, that one;
with `forks SOCKET` it forks such workers, which share its imports.

A job folder holds spec.json: a function of the `act` package and its arguments. The function gets (arguments, folder,
progress) and returns a JSON object, which is written to result.json, whole or not at all. Answers are `done FOLDER`,
`failed WHY` (this piece cannot be done) and `broken WHY` (the disk or the run folder is at fault: nothing can be).
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from lang2mlip.act.allowance import time_is_over
from lang2mlip.act.base import ProgressFile
from lang2mlip.act.clock import from_driver
from lang2mlip.compute.forks import serve_forks
from lang2mlip.compute.holding import LINGER_S, alone
from lang2mlip.compute.parent import watch_parent
from lang2mlip.errors import BadInput, BudgetSpent, Lang2mlipError, RunFault
from lang2mlip.record.run import write_json

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
NO_DISK = (errno.EIO, errno.ESTALE, errno.ENOTCONN)
NOT_MINE = (errno.EACCES, errno.EPERM)
"""In the run folder these stop everything; elsewhere they may be a fault of this piece alone."""

_PIECES = ("explore", "frozen", "judge", "properties", "score", "select", "train", "walk")
SHARED = (*(f"lang2mlip.act.{name}" for name in _PIECES), "lang2mlip.science.reference.method",
          "lang2mlip.science.evaluation.errors")  # fmt: skip
"""Modules that the pieces of any job need; what one reference or potential alone needs, a worker imports itself."""


def work(folder: Path) -> tuple[str, str]:
    """Do the job in `folder`; ("done", its path), or ("failed" or "broken", one line that says why)."""
    try:
        with alone(folder):
            return _work(folder)
    except RunFault as error:
        return "broken", str(error)
    except Lang2mlipError as error:
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001 - the worker's border: what failed becomes a record, not a dead worker
        if isinstance(error, OSError) and _stops_all(error, folder):
            mend = "Free some space" if error.errno in NO_ROOM else "Make the place writable"
            return "broken", f"Cannot write to {error.filename or folder}: {error.strerror}. {mend}."
        with contextlib.suppress(OSError):
            (folder / "log").write_text(traceback.format_exc(), encoding="utf-8")
        return "failed", f"{type(error).__name__}: {error} (the whole story is in {folder / 'log'})"


def _stops_all(error: OSError, folder: Path) -> bool:
    """Whether the disk, or the rights in the run folder, are at fault, and not this piece."""
    inside = str(error.filename or "").startswith(str(folder.parent.parent))
    return error.errno in (*NO_ROOM, *NO_DISK) or (error.errno in NOT_MINE and inside)


def _work(folder: Path) -> tuple[str, str]:
    if (folder / "result.json").exists():  # by a worker whose driver was killed
        return "done", str(folder)
    spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    module, _, name = spec["function"].partition(":")
    if not module.startswith("lang2mlip.act."):
        raise BadInput(f"{folder}: a worker runs functions of lang2mlip.act only, not {module!r}.")
    function = getattr(importlib.import_module(module), name)
    until = from_driver(spec.get("until"))
    if time_is_over(until):
        raise BudgetSpent("The time that the budget allows was over before this began.")
    arguments = {**spec["arguments"], "run": spec["run"], "until": until, "patience": spec.get("patience")}
    write_json(folder / "result.json", function(arguments, folder, ProgressFile(folder)))
    return "done", str(folder)


def serve() -> None:
    """Answer each folder on standard input with one line; end when the input or the parent does."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    watch_parent()
    for line in sys.stdin:
        folder = Path(line.rstrip("\n"))
        word, what = work(folder)
        answers.write(f"{word} {' '.join(what.split())}\n")


def serve_shared(descriptor: int) -> None:
    """Import what the pieces of any job need, then fork a `serve` for each request on the socket `descriptor`."""
    for name in SHARED:
        importlib.import_module(name)
    in_job = "SLURM_JOB_ID" in os.environ  # nothing may outlive a job
    serve_forks(descriptor, _serve_forked, 0.0 if in_job else LINGER_S)


def _serve_forked() -> None:
    import numpy as np

    np.random.seed()  # the state was forked, too: no two workers may draw the same numbers
    os.environ["LANG2MLIP_PARENT"] = str(os.getppid())
    serve()


def main() -> int:
    """Command line of the worker."""
    if sys.argv[1:] == ["serve"]:
        serve()
        return 0
    if sys.argv[1] == "forks":
        serve_shared(int(sys.argv[2]))
        return 0
    word, what = work(Path(sys.argv[1]))
    if word != "done":
        print(what, file=sys.stderr)
    return 0 if word == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
