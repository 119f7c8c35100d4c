"""The event log on disk: one SQLite table, write-ahead, each row chained to the one before by its checksum."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from lang2mlip.errors import RunFault
from lang2mlip.record.events import Event, decode, encode

__all__ = ["Log"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY,
    written_at REAL NOT NULL,
    body TEXT NOT NULL,
    chain TEXT NOT NULL
)
"""


class Log:
    """Append and read. A row is durable when `append` returns."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self._db = sqlite3.connect(file, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise RunFault(
                f"The log {file} cannot be opened: {error}. Is the folder writable and the file whole?"
            ) from error

    def append(self, event: Event) -> None:
        """Write one event. Raises RunFault when the disk refuses."""
        body = encode(event)
        seq, chain = self._last()
        row = (seq + 1, time.time(), body, _link(chain, body))
        try:
            self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise RunFault(
                f"The log {self.file} cannot be written: {error}. Nothing recorded so far is lost."
            ) from error

    def read(self) -> Iterator[Event]:
        """All events in order. Raises RunFault at the first row that does not fit its checksum."""
        chain = ""
        for seq, body, stored in self._rows():
            chain = _link(chain, body)
            if chain != stored:
                raise RunFault(f"{self.file}: event {seq} was changed or damaged after it was written.")
            try:
                yield decode(body)
            except ValidationError as error:
                raise RunFault(f"{self.file}: event {seq} is of a kind this version does not know.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _rows(self) -> list[tuple[int, str, str]]:
        try:
            return self._db.execute("SELECT seq, body, chain FROM events ORDER BY seq").fetchall()
        except sqlite3.Error as error:
            raise RunFault(f"The log {self.file} cannot be read: {error}.") from error

    def _last(self) -> tuple[int, str]:
        row = self._db.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, "")


def _link(chain: str, body: str) -> str:
    return hashlib.sha256((chain + body).encode()).hexdigest()
