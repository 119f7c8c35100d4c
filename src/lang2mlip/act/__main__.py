"""The worker: `python -m lang2mlip.act serve` does the job folders named on standard input; with a FOLDER, that one.

A job folder holds spec.json: a function of the `act` package and its arguments. The function gets (arguments, folder,
progress) and returns a JSON object, which is written to result.json, whole or not at all.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from lang2mlip.act.base import ProgressFile
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.record.run import write_json


def work(folder: Path) -> str | None:
    """Do the job in `folder`; None, or one line that says why it failed."""
    try:
        spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        module, _, name = spec["function"].partition(":")
        if not module.startswith("lang2mlip.act."):
            raise BadInput(f"{folder}: a worker runs functions of lang2mlip.act only, not {module!r}.")
        function = getattr(importlib.import_module(module), name)
        arguments = {**spec["arguments"], "run": spec["run"]}
        write_json(folder / "result.json", function(arguments, folder, ProgressFile(folder)))
    except Lang2mlipError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the worker's border: what failed becomes a record, not a dead worker
        (folder / "log").write_text(traceback.format_exc(), encoding="utf-8")
        return f"{type(error).__name__}: {error} (the whole story is in {folder / 'log'})"
    return None


def serve() -> None:
    """Answer each folder on standard input with `done` or `failed`; end when the input or the parent does."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    _watch_parent()
    for line in sys.stdin:
        folder = Path(line.rstrip("\n"))
        fault = work(folder)
        answers.write(f"done {folder}\n" if fault is None else f"failed {' '.join(fault.split())}\n")


def _watch_parent() -> None:
    """End this process when its parent is gone: no orphans."""
    parent = int(os.environ.get("LANG2MLIP_PARENT", "0"))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if parent:
        threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Command line of the worker."""
    if sys.argv[1:] == ["serve"]:
        serve()
        return 0
    fault = work(Path(sys.argv[1]))
    if fault is not None:
        print(fault, file=sys.stderr)
    return 0 if fault is None else 1


if __name__ == "__main__":
    sys.exit(main())
