"""A submission: a folder with what a job array is to do, and beside it, per batch, what has become of it.

    0001-reference/  order.json   the command, the batches of pieces, how long to wait for what
                     script.sh    what the scheduler runs, once per batch
                     job          number of the job; whoever writes it first has it, and any other job ends at once
                     closed       the driver wants nothing of it any more
                     0/ 1/ …      per batch: journal.jsonl, beat (changes while the job lives), log, taken
                                  (by its job, or from it), next (the batch that the job works on after
                                  this one, or that there is none)

All of it is on disk before anything is submitted, so that a driver that dies at any moment leaves what the next one
needs in order to wait for the running jobs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from lang2mlip.compute.journal import Happened, Reader
from lang2mlip.compute.local import STOPPED
from lang2mlip.compute.pool import Outcome, Work
from lang2mlip.contracts import Noun
from lang2mlip.errors import RunFault

__all__ = ["Batch", "Order", "Submission", "claim", "hand_over", "handed_over", "is_stopped", "take"]

NOBODY = "0"
"""Stands for a job or a batch that there will never be."""


class Order(Noun):
    """What a job array is to do."""

    name: str = Field(description="name of the job, unlike any other")
    work: Work = "other"
    command: tuple[str, ...] = Field(description="the worker")
    forks: bool = Field(default=False, description="the command forks workers")
    batches: tuple[tuple[str, ...], ...] = Field(description="folders of the pieces, a tuple for each job of the array")
    slots: int = Field(default=1, description="pieces of a batch that are worked on at once")
    tries: int = Field(default=3, description="how often a piece is begun")
    patience_s: float = Field(description="a piece that writes nothing for so long is taken for dead, s")
    beat_s: float = Field(description="time between two signs of life of a job, s")
    time_s: float = Field(description="longest time of a job, s")
    warning_s: float = Field(description="so long before that the job is told, s")
    linger_s: float = Field(default=0.0, description="so long a job waits for a further batch when it is done, s")
    losses: dict[str, int] = Field(default_factory=dict, description="folder → how often its job was lost before")


class Batch:
    """What is known of one job of an array, from its journal."""

    def __init__(self, place: Path, folders: Sequence[str]) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.outcomes: dict[Path, Outcome] = {}
        self.in_hand: set[Path] = set()
        self.begun = self.ended = False
        self.given_up = _stands(place / "taken") == NOBODY
        self.place = place
        self._reader = Reader(place / "journal.jsonl")

    @property
    def over(self) -> bool:
        """Nothing more is expected of it."""
        return self.ended or self.given_up or not self.left

    @property
    def left(self) -> list[Path]:
        """Pieces that it has not brought to an end."""
        return [folder for folder in self.folders if folder not in self.outcomes]

    def hear(self) -> Iterator[Happened]:
        """What has happened since the last call."""
        for happened in self._reader.new():
            self._take(happened)
            yield happened

    def beat(self) -> str:
        """Its last sign of life; empty before the first."""
        try:
            return (self.place / "beat").read_text(encoding="utf-8")
        except OSError:
            return ""

    def _take(self, happened: Happened) -> None:
        folder = Path(happened.piece)
        if happened.event == "started":
            self.in_hand.add(folder)
        elif happened.event in ("done", "failed", "broken"):
            fault = None if happened.event == "done" else happened.words or "failed without a word"
            self.outcomes[folder] = Outcome(folder, fault, happened.event == "broken")
            self.in_hand.discard(folder)
            with contextlib.suppress(OSError):
                os.listdir(folder)  # a file system over the network shows new files only to who asks for the folder
        elif happened.event in ("began", "ended"):
            self.begun, self.ended = True, happened.event == "ended"


class Submission:
    """A job array and its folder."""

    def __init__(self, folder: Path) -> None:
        """Read it. Raises RunFault when it is damaged."""
        self.folder = folder
        try:
            self.order = Order.model_validate_json((folder / "order.json").read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise RunFault(f"{folder} does not say what was submitted: {error}. Delete it and go on.") from error
        self.batches = [Batch(folder / str(index), folders) for index, folders in enumerate(self.order.batches)]

    @classmethod
    def make(cls, place: Path, order: Order, script: str) -> Submission:
        """A new one in `place`, whole or not at all; nothing is submitted yet."""
        place.mkdir(parents=True, exist_ok=True)
        taken = [int(path.name[:4]) for path in place.iterdir() if path.name[:4].isdecimal()]
        folder = place / f"{max(taken, default=0) + 1:04d}-{order.work}"
        growing = place / f".{folder.name}.{secrets.token_hex(4)}"
        for index in range(len(order.batches)):
            (growing / str(index)).mkdir(parents=True)
        (growing / "order.json").write_text(order.model_dump_json(indent=1), encoding="utf-8")
        (growing / "script.sh").write_text(script.replace("@FOLDER@", str(folder)), encoding="utf-8")
        growing.replace(folder)
        return cls(folder)

    @classmethod
    def standing(cls, place: Path) -> list[Submission]:
        """Those that a driver left open, oldest first; what it did not finish making is swept away."""
        if not place.is_dir():
            return []
        for half in place.glob(".[0-9][0-9][0-9][0-9]-*"):
            shutil.rmtree(half, ignore_errors=True)
        folders = sorted(path for path in place.glob("[0-9][0-9][0-9][0-9]-*") if not (path / "closed").exists())
        return [cls(folder) for folder in folders]

    @property
    def job(self) -> str | None:
        """The number of its job array, or the job (ARRAY_INDEX) it was handed over to; None before it has one."""
        return _stands(self.folder / "job")

    def job_of(self, index: int) -> str:
        """The job that works on that batch."""
        job = str(self.job)
        return job if "_" in job else f"{job}_{index}"

    def close(self) -> None:
        """Nothing is wanted of it any more."""
        with contextlib.suppress(OSError):
            (self.folder / "closed").touch()

    @property
    def over(self) -> bool:
        """Nothing more is expected of any of its batches."""
        return all(batch.over for batch in self.batches)


def claim(folder: Path, job: str) -> bool:
    """Whether the submission in `folder` belongs to that job: it does when no other was there first."""
    return _first(folder / "job", job)


def take(place: Path, job: str) -> bool:
    """Whether the batch in `place` is that job's, or with NOBODY: whether it is taken away from its own job.

    A job that has begun with it keeps it, however often it is queued again.
    """
    return _first(place / "taken", job)


def hand_over(place: Path, batch: str) -> bool:
    """Let the job that works in `place` go on with that batch (FOLDER/INDEX); False when it has ended."""
    return _first(place / "next", batch)


def handed_over(place: Path) -> tuple[Path, int] | None:
    """The batch that follows on the one in `place`; from now on None if it is None."""
    if _first(place / "next", NOBODY):
        return None
    batch = Path(str(_stands(place / "next")))
    return batch.parent, int(batch.name)


def _first(file: Path, text: str) -> bool:
    """Write a file that does not exist, whole; whether that, and nothing else, stands in it now."""
    mine = file.with_name(f".{file.name}-{secrets.token_hex(6)}")
    mine.write_text(text, encoding="utf-8")
    try:
        os.link(mine, file)
    except FileExistsError:
        return _stands(file) == text
    finally:
        mine.unlink()
    return True


def _stands(file: Path) -> str | None:
    """What stands in a file that was written once; None while there is none."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def is_stopped(outcome: Outcome) -> bool:
    """Neither done nor failed."""
    return outcome.fault == STOPPED
