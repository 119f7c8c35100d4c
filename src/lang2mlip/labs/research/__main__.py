"""The worker: `python -m lang2mlip.labs.research serve` does the runs whose folders are named on standard input.

A folder holds spec.json, see trial.Asked; result.json is written whole or not at all, and one that is there is not made
again. Answers are `done FOLDER` or `failed WHY`. `order FOLDER` searches as a run has ordered, see ordered.py.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from lang2mlip.compute.parent import watch_parent
from lang2mlip.contracts import check
from lang2mlip.errors import Lang2mlipError
from lang2mlip.labs.research.trial import Asked, perform

WRONG = (Lang2mlipError, OSError, ValueError, KeyError)


def work(folder: Path) -> tuple[str, str]:
    """("done", the folder) or ("failed", why)."""
    try:
        asked = check(Asked, json.loads((folder / "spec.json").read_text(encoding="utf-8")), str(folder / "spec.json"))
        result = folder / "result.json"
        if not result.is_file():
            found = perform(asked, folder / "run")
            result.with_suffix(".tmp").write_text(json.dumps(found), encoding="utf-8")
            result.with_suffix(".tmp").replace(result)
    except WRONG as error:
        return "failed", f"{type(error).__name__}: {error}"
    return "done", str(folder)


def serve() -> None:
    """Answer each folder with one line; end when the input or the parent does."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    watch_parent()
    for line in sys.stdin:
        word, what = work(Path(line.rstrip("\n")))
        answers.write(f"{word} {' '.join(what.split())}\n")


def order(folder: Path) -> int:
    """Search as ordered, a line for each step; 1 and one sentence where that cannot be done."""
    from lang2mlip.labs.research.ordered import carry_out

    watch_parent()
    try:
        carry_out(folder, lambda line: print(line, flush=True))
    except WRONG as error:
        print(f"{type(error).__name__}: {error}" if not isinstance(error, Lang2mlipError) else str(error), flush=True)
        return 1
    return 0


def main() -> int:
    """Command line of the lab's jobs."""
    if sys.argv[1] == "order":
        return order(Path(sys.argv[2]))
    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
