"""The worker that builds: `python -m lang2mlip.prepare serve` makes the structures in folders named on standard input.

A folder holds request.json. It gets structure.extxyz where one was made, and last of all made.json. Answers are
`done FOLDER` or `failed WHY`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from lang2mlip.contracts import StructureRequest, check
from lang2mlip.errors import Lang2mlipError
from lang2mlip.prepare.making import make
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import write_frames


def work(folder: Path) -> tuple[str, str]:
    """Make the structure of `folder`; ("done", its path), or ("failed", one line that says why)."""
    try:
        wish = json.loads((folder / "request.json").read_text(encoding="utf-8"))
        atoms, made = make(check(StructureRequest, wish["request"], str(folder)), wish["attempt"])
        if atoms is not None:
            write_frames(folder / "structure.extxyz", [atoms])
        write_json(folder / "made.json", {"key": wish["key"], "made": made.model_dump(mode="json")})
    except Lang2mlipError as error:
        return "failed", str(error)
    return "done", str(folder)


def serve() -> None:
    """Answer each folder on standard input with one line; end when the input or the parent does."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    threading.Thread(target=_watch_parent, daemon=True).start()
    for line in sys.stdin:
        word, what = work(Path(line.rstrip("\n")))
        answers.write(f"{word} {' '.join(what.split())}\n")


def _watch_parent() -> None:
    """End this process when its parent is gone: no orphans."""
    parent = int(os.environ.get("LANG2MLIP_PARENT", "0"))
    while parent and os.getppid() == parent:
        time.sleep(0.5)
    if parent:
        os._exit(1)


if __name__ == "__main__":
    serve()
