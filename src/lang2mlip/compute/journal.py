"""The journal of the work: one JSON line per event, for people, for `watch`, and between a job and its driver.

Lines are appended whole. A line that a kill cut off is passed over by every reader.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from lang2mlip.contracts import Noun

__all__ = ["Happened", "Journal", "Reader", "Word", "node"]

Word = Literal[
    "opened", "submitted", "handed over", "began", "started", "done", "failed", "broken", "retried",
    "silent", "lost", "requeued", "ended", "cancelled",
]  # fmt: skip


class Happened(Noun):
    """One event of the work."""

    at: float = Field(description="seconds since the epoch, by the clock of the machine that wrote it")
    event: Word = Field(
        description="opened: a driver; submitted, handed over, began, requeued, ended, lost, silent, cancelled: a job; "
        "started, done, failed, broken, retried: a piece"
    )
    piece: str = Field(default="", description="folder of the piece")
    job: str = Field(default="", description="number of the job, or of the worker's process")
    node: str = Field(default="", description="machine")
    seconds: float = Field(default=0.0, description="time that the piece took, s")
    work: str = Field(default="", description="kind of work")
    count: int = Field(default=0, description="pieces")
    words: str = Field(default="", description="why")


def node() -> str:
    """The name of this machine."""
    return socket.gethostname()


class Journal:
    """Appends to a file; many threads may."""

    def __init__(self, file: Path, **always: str) -> None:
        """`always`: fields that every line has."""
        self.file = file
        self._always = always
        self._lock = threading.Lock()
        self._handle: int | None = None

    def note(self, event: Word, **facts: Any) -> None:
        """Append an event of now; where that cannot be written, the work goes on without."""
        self.copy(Happened(at=round(time.time(), 3), event=event, **{**self._always, **facts}))

    def copy(self, happened: Happened) -> None:
        """Append an event that another journal holds."""
        line = happened.model_dump_json(exclude_defaults=True) + "\n"
        with self._lock, contextlib.suppress(OSError):
            if self._handle is None:
                self._handle = self._open()
            os.write(self._handle, line.encode())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _open(self) -> int:
        """The end of the file, on a line of its own."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            os.write(handle, b"\n")
        return handle


class Reader:
    """Reads a journal on from where it read last."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._at = 0

    def new(self) -> list[Happened]:
        """The events since the last call; none while there is no file."""
        return list(self._new())

    def _new(self) -> Iterator[Happened]:
        try:
            with self.file.open("rb") as handle:
                handle.seek(self._at)
                text = handle.read()
        except OSError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(ValidationError):
                yield Happened.model_validate_json(line)
