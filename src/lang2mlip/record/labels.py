"""The label cache: what a reference once said of a structure is never computed, or paid for, again.

Shared by all runs of a user, keyed by (identity of the reference and its settings, content of the structure).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from lang2mlip.errors import RunFault

__all__ = ["Label", "LabelCache", "cache_folder"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS labels (
    reference TEXT NOT NULL,
    structure TEXT NOT NULL,
    energy_eV REAL NOT NULL,
    forces BLOB NOT NULL,
    stress BLOB,
    seconds REAL NOT NULL,
    PRIMARY KEY (reference, structure)
) WITHOUT ROWID
"""

# The byte of the file of claims, beyond those of labels, that a process holds while it writes. SQLite before 3.51.3 can
# damage a file in write-ahead mode when one process writes while another moves what was written (its "WAL-reset bug").
_WRITING = 1 << 60

_GET = "SELECT energy_eV, forces, stress, seconds FROM labels WHERE reference = ? AND structure = ?"


@dataclass(frozen=True)
class Label:
    """One reference result: energy eV, forces (n, 3) eV/Å, stress (6,) eV/Å³ Voigt or None, seconds it took."""

    energy_eV: float
    forces: np.ndarray
    stress: np.ndarray | None
    seconds: float


def cache_folder() -> Path:
    """`$LANG2MLIP_CACHE`, else `$XDG_CACHE_HOME/lang2mlip`, else `~/.cache/lang2mlip`."""
    own = os.environ.get("LANG2MLIP_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lang2mlip"


class LabelCache:
    """Get and put. Safe for several processes at once."""

    def __init__(self, folder: Path) -> None:
        """Open or make it. Raises RunFault where that cannot be."""
        self.file = folder / "labels.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.file, isolation_level=None, timeout=60.0)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise _trouble(self.file, "opened", error) from error

    def get(self, reference: str, structure: str) -> Label | None:
        """The label, or None when it was never computed. Raises RunFault when the file cannot be read."""
        try:
            row = self._db.execute(_GET, (reference, structure)).fetchone()
        except sqlite3.Error as error:
            raise _trouble(self.file, "read", error) from error
        if row is None:
            return None
        forces = np.frombuffer(row[1], dtype=np.float64).reshape(-1, 3).copy()
        stress = None if row[2] is None else np.frombuffer(row[2], dtype=np.float64).copy()
        return Label(row[0], forces, stress, row[3])

    def put(self, reference: str, structure: str, label: Label) -> None:
        """Keep a label; an older one of the same key stays."""
        stress = None if label.stress is None else np.ascontiguousarray(label.stress, dtype=np.float64).tobytes()
        forces = np.ascontiguousarray(label.forces, dtype=np.float64).tobytes()
        row = (reference, structure, float(label.energy_eV), forces, stress, label.seconds)
        try:
            with _one_at_a_time(self.file.with_name("claims"), _WRITING):
                self._db.execute("INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise _trouble(self.file, "written", error) from error

    @contextmanager
    def claim(self, reference: str, structure: str) -> Iterator[None]:
        """Meanwhile no other process computes this label: it waits here, and then finds it in the cache.

        A claim is a lock on one byte of a file, so it ends with its process, however that ends.
        """
        byte = int.from_bytes(hashlib.sha256(f"{reference} {structure}".encode()).digest()[:7], "big")
        with _one_at_a_time(self.file.with_name("claims"), byte):
            yield


@contextmanager
def _one_at_a_time(file: Path, byte: int) -> Iterator[None]:
    """Meanwhile no other process holds this byte; on a file system without locks, nothing."""
    handle = _claims(file)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX, 1, byte)
    except OSError:  # two may compute the same, and nothing worse
        yield
        return
    try:
        yield
    finally:
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, byte)


def _trouble(file: Path, what: str, error: Exception) -> RunFault:
    """What is wrong with the cache, and what to do about it."""
    if "malformed" in str(error) or "not a database" in str(error):
        mend = "Move it away; the labels of runs are in their folders, and a new one is begun"
    elif "full" in str(error):
        mend = "Free some space"
    elif "locked" in str(error) or "locking" in str(error):
        mend = "Does its file system have no locks? Name a folder on another with LANG2MLIP_CACHE"
    else:
        mend = "Make its folder writable, or name another with LANG2MLIP_CACHE"
    return RunFault(f"The label cache {file} cannot be {what}: {error}. {mend}.")


@cache
def _claims(file: Path) -> int:
    """The open file of claims: one for the whole process, because closing any gives up all locks on it."""
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
