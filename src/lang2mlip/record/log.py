"""The event log on disk: one SQLite table, write-ahead, each row chained to the one before by its checksum.

Rows are ordered by their number alone; `written_at` is for people, and a clock that jumps changes nothing. Beside it,
`events.jsonl` has every row once more, a line each: nothing reads it but a repair.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from lang2mlip.errors import RunFault
from lang2mlip.record.events import Event, decode, encode
from lang2mlip.record.lock import driven_by_name, has_locks
from lang2mlip.record.migrations import upgrade

__all__ = ["COPY", "Log", "copied", "copy", "link"]

COPY = "events.jsonl"


class Log:
    """Append and read. A row is durable when `append` returns."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._looks_on = False
        try:
            self._db = self._opened()
        except sqlite3.Error as error:
            raise RunFault(
                f"The log {file} cannot be opened: {error}. If the folder is writable, try: "
                f"lang2mlip verify {file.parent.name}"
            ) from error

    def append(self, event: Event) -> None:
        """Write one event. Raises RunFault when the disk refuses."""
        body = encode(event)
        try:
            if self._looks_on:
                self._db.close()
                self._db, self._looks_on = _lockless(self.file), False
            seq, chain = self._last()
            row = (seq + 1, time.time(), body, link(chain, body))
            self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
            copy(self.file.parent, row)
        except sqlite3.Error as error:
            raise RunFault(
                f"The log {self.file} cannot be written: {error}. Nothing recorded so far is lost."
            ) from error

    def read(self) -> Iterator[Event]:
        """All events in order. Raises RunFault at the first row that does not fit its checksum."""
        chain = ""
        for seq, body, stored in self._rows():
            chain = link(chain, body)
            if chain != stored:
                name = self.file.parent.name
                raise RunFault(
                    f"{self.file}: event {seq} was changed or damaged after it was written; see what can be saved: "
                    f"lang2mlip verify {name}"
                )
            try:
                yield decode(body)
            except ValidationError as error:
                raise RunFault(f"{self.file}: event {seq} is of a kind this version does not know.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _opened(self) -> sqlite3.Connection:
        """The database, also on a file system without locks, where whoever drives is its only writer."""
        try:
            return _open(self.file)
        except sqlite3.OperationalError:
            if has_locks(self.file.parent):
                raise
            half = any(one.stat().st_size for one in self.file.parent.glob(f"{self.file.name}-[jw]*"))
            if not self.file.exists() or (half and not driven_by_name(self.file.parent)):
                return _lockless(self.file)
            self._looks_on = True
            return _as_it_is(self.file)

    def _rows(self) -> list[tuple[int, str, str]]:
        try:
            return self._db.execute("SELECT seq, body, chain FROM events ORDER BY seq").fetchall()
        except sqlite3.Error as error:
            raise RunFault(
                f"The log {self.file} cannot be read: {error}. See what can be saved: "
                f"lang2mlip verify {self.file.parent.name}"
            ) from error

    def _last(self) -> tuple[int, str]:
        row = self._db.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, "")


def _open(file: Path) -> sqlite3.Connection:
    """The database, in the format of now; where nothing can be written, as it is and for reading only."""
    db = sqlite3.connect(file, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        upgrade(db, file)
        return db
    except sqlite3.OperationalError as error:
        db.close()
        log = file.with_name(f"{file.name}-wal")
        if "locked" in str(error) or not file.is_file() or (log.is_file() and log.stat().st_size):
            raise
        return _as_it_is(file)


def _as_it_is(file: Path) -> sqlite3.Connection:
    """For reading only, without locks: what is written meanwhile may not be seen."""
    db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    db.execute("SELECT count(*) FROM events").fetchone()
    return db


def _lockless(file: Path) -> sqlite3.Connection:
    """For the one writer of a file that cannot be locked: no shared memory, and a journal that others need not read."""
    db = sqlite3.connect(f"{file.resolve().as_uri()}?vfs=unix-none", uri=True, isolation_level=None)
    for setting in ("locking_mode=EXCLUSIVE", "journal_mode=DELETE", "locking_mode=NORMAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {setting}")
    upgrade(db, file)
    return db


def copy(folder: Path, row: tuple[int, float, str, str]) -> None:
    """Append a row to the copy; where that cannot be, the log is enough."""
    file = folder / COPY
    with suppress(OSError), file.open("a", encoding="utf-8") as handle:
        handle.write(("" if handle.tell() == 0 or _ends_a_line(file) else "\n") + json.dumps(row) + "\n")


def _ends_a_line(file: Path) -> bool:
    with file.open("rb") as handle:
        handle.seek(-1, 2)
        return handle.read(1) == b"\n"


def copied(folder: Path) -> Iterator[tuple[int, float, str, str]]:
    """The rows in the copy, in the order they were written; lines that are not whole are passed over."""
    with suppress(OSError), (folder / COPY).open(encoding="utf-8", errors="replace") as handle:
        for line in handle:
            with suppress(ValueError, TypeError):
                seq, written_at, body, chain = json.loads(line)
                yield int(seq), float(written_at), str(body), str(chain)


def link(chain: str, body: str) -> str:
    """The checksum of a row: of the one before and of the row's own text."""
    return hashlib.sha256((chain + body).encode()).hexdigest()
