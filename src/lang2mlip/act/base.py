"""What every action shares: a desk to work at, pieces of work for the workers, and the way from decision to result.

An action is a plan of pieces (`pieces`) and what becomes of their outcomes (`gather`). Each piece is a function of the
`act` package with JSON arguments; it runs in a worker, in its own folder, and leaves `result.json` there. A piece whose
`result.json` exists is never run again: that is all there is to resuming an action.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lang2mlip.act.clock import for_workers
from lang2mlip.act.patience import longest_label
from lang2mlip.compute.pool import Pool, Work
from lang2mlip.contracts import Json, Result, State, Task
from lang2mlip.errors import RunFault
from lang2mlip.record.ledger import calls_left, calls_to_spend, labels_left
from lang2mlip.record.run import write_json
from lang2mlip.record.view import View

__all__ = ["Action", "Desk", "Done", "Piece", "run_pieces"]

Tell = Callable[[str, float], None]
"""tell(what is going on, fraction 0..1)."""


WORK: dict[str, Work] = {
    "distort": "reference",
    "follow": "md",
    "frozen": "reference",
    "properties": "reference",
    "select": "reference",
    "research": "training",
    "train": "training",
    "walk": "md",
    "walk:reference_walk": "reference",
}
"""Piece's function, or its module → the kind of work that it is; any other is `other`."""


CHARGED_APART = ("lang2mlip.act.frozen:snapshots",)


@dataclass(frozen=True)
class Piece:
    """One unit of work: `function` is `module:name` below `lang2mlip.act`."""

    name: str
    function: str
    arguments: dict[str, Json]


@dataclass(frozen=True)
class Done:
    """A piece's outcome: what it returned, or why it failed."""

    piece: Piece
    folder: Path
    value: dict[str, Json]
    fault: str | None = None


@dataclass(frozen=True)
class Desk:
    """Where an action works."""

    view: View
    job: Path
    workers: Pool
    tell: Tell
    until: float | None = None
    """When the time that the budget allows is over, by this machine's steady clock, s; None: never."""
    spent: Counter[str] = field(default_factory=Counter)
    """Piece → reference calls of this action so far: a second round of work must not be promised them again."""

    @property
    def state(self) -> State:
        """s_t."""
        return self.view.state

    @property
    def task(self) -> Task:
        """The task."""
        return self.view.task

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.view.folder

    @property
    def number(self) -> str:
        """The step's number, for ids of what it makes."""
        return self.job.name

    def calls_left(self) -> int:
        """Reference calls that the budget allows; a billion without a limit."""
        left = calls_left(self.state)
        return 10**9 if left is None else max(0, left - self.spent.total())

    def calls_to_spend(self) -> int:
        """Of these, what may go into new data: the statics of the next evaluation are kept; a billion without limit."""
        left = calls_to_spend(self.state)
        return 10**9 if left is None else max(0, left - self.spent.total())

    def labels_left(self) -> int:
        """Labels that the budget allows; a billion without a limit."""
        left = labels_left(self.state)
        return 10**9 if left is None else left

    def seed(self, *words: Any) -> int:
        """A seed that depends on the task's seed, the step and `words` only."""
        import hashlib

        text = json.dumps([self.task.seed, self.number, *words])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 2**31


class Action(Protocol):
    """One action."""

    def pieces(self, desk: Desk, parameters: Any) -> Sequence[Piece]:
        """The work to do; may be empty."""
        ...

    def gather(self, desk: Desk, parameters: Any, done: Sequence[Done]) -> Result:
        """The result, from what the pieces left behind."""
        ...


def run_pieces(desk: Desk, pieces: Sequence[Piece], label: str = "", until: float | None = None) -> list[Done]:
    """Run all pieces that have no result yet, in parallel; outcomes in the order of `pieces`.

    At `until` those under way stop and keep what they have, and no further one begins.
    Raises RunFault when the disk or the run folder is at fault: what is done stays, and a resumed run goes on from it.
    """
    folders = [desk.job / piece.name for piece in pieces]
    limits = {"run": str(desk.run), "until": for_workers(until), "patience": longest_label(desk.state)}
    for piece, folder in zip(pieces, folders, strict=True):
        write_json(folder / "spec.json", {"function": piece.function, "arguments": piece.arguments, **limits})
    open_ = [folder for folder in folders if not (folder / "result.json").exists()]
    desk.tell(label, 0.0)
    outcomes = desk.workers.run(
        open_, lambda n, m, where: desk.tell(f"{label} {where}".strip(), _fraction(folders)), _work(pieces)
    )
    broken = next((outcome.fault for outcome in outcomes if outcome.broken), None)
    if broken is not None:
        name = desk.run.name
        raise RunFault(f"{broken} Files were lost? lang2mlip verify {name}. Then go on with: lang2mlip resume {name}")
    faults = {outcome.folder: outcome.fault for outcome in outcomes if outcome.fault is not None}
    done = [_outcome(piece, folder, faults.get(folder)) for piece, folder in zip(pieces, folders, strict=True)]
    for one in done:
        desk.spent[one.piece.name] = _calls(one)
    return done


def _calls(done: Done) -> int:
    """Reference calls of a piece; those of the frozen test set are charged apart."""
    return 0 if done.piece.function in CHARGED_APART else int(done.value.get("cost", {}).get("calls", 0))


def _work(pieces: Sequence[Piece]) -> Work:
    """The kind of work of pieces that are done together; where they differ, what the reference needs is enough."""
    functions = [piece.function.removeprefix("lang2mlip.act.") for piece in pieces]
    kinds = {WORK.get(name) or WORK.get(name.partition(":")[0], "other") for name in functions}
    return kinds.pop() if len(kinds) == 1 else "reference"


def _outcome(piece: Piece, folder: Path, fault: str | None) -> Done:
    file = folder / "result.json"
    if fault is not None or not file.exists():
        return Done(piece, folder, {}, fault or "left no result")
    value = json.loads(file.read_text(encoding="utf-8"))
    return Done(piece, folder, value, value.get("fault"))


def _fraction(folders: Sequence[Path]) -> float:
    """How far all pieces are together, from their progress files."""
    return sum(_progress(folder) for folder in folders) / max(1, len(folders))


def _progress(folder: Path) -> float:
    if (folder / "result.json").exists():
        return 1.0
    try:
        return float((folder / "progress").read_text(encoding="utf-8").split(None, 1)[0])
    except (OSError, ValueError, IndexError):
        return 0.0


class ProgressFile:
    """progress(fraction, words) of a piece, written to its folder at most five times a second.

    Where that cannot be written nobody is told, and the work goes on: it is not to blame.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "progress"
        self._last = 0.0

    def __call__(self, fraction: float, words: str = "") -> None:
        now = time.monotonic()
        if now - self._last >= 0.2:
            self._last = now
            with suppress(OSError):
                self._file.write_text(f"{fraction:.4f} {words}", encoding="utf-8")
