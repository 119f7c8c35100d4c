"""Formats of run.db, oldest first. A function is added for each new format and none is ever changed or taken out.

Format 1 is the table of events. In format 2 events carry checksums of the files that they speak of; those of format 1
remain valid without.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from lang2mlip.errors import RunFault

__all__ = ["FORMAT", "upgrade"]


def _events(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS events ("
        "seq INTEGER PRIMARY KEY, written_at REAL NOT NULL, body TEXT NOT NULL, chain TEXT NOT NULL)"
    )


def _checksums(db: sqlite3.Connection) -> None:
    """No table changes: the number keeps a program that knows no checksums from misreading events that have them."""


_MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_events, _checksums)

FORMAT = len(_MIGRATIONS)
"""The format that is written now."""


def upgrade(db: sqlite3.Connection, file: Path) -> None:
    """Bring an older database to the format of now, whole or not at all. Raises RunFault for a newer one."""
    found = _format(db)
    if found > FORMAT:
        raise RunFault(f"{file} has format {found}, and this lang2mlip knows {FORMAT} at most; install a newer one.")
    if found == FORMAT:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for change in _MIGRATIONS[_format(db) :]:
            change(db)
        db.execute(f"PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")
    except sqlite3.Error:
        db.execute("ROLLBACK")
        raise


def _format(db: sqlite3.Connection) -> int:
    """The number in the file; 0 in a new file and in those of format 1, which did not say it."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])
