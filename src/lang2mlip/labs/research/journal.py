"""The journal of a search: a line of JSON per event, appended and never changed, each with the hash of the one before.

A line that a crash cut off is put aside when the journal is opened. The chain shows a line that was changed, left out
or put in; who may write the whole file can also write a whole new chain.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lang2mlip.errors import RunFault

__all__ = ["Journal"]

START = "0" * 64


class Journal:
    """The file and what it holds."""

    def __init__(self, path: Path) -> None:
        """Raises RunFault for a chain that does not hold."""
        self.path = path
        self.entries: list[dict[str, Any]] = []
        if path.exists():
            self._read()

    def append(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Write an event down, on the disk before this returns."""
        entry: dict[str, Any] = {"n": len(self.entries), "kind": kind, **facts, "previous": self.head}
        entry = json.loads(json.dumps(entry))
        entry["hash"] = _hash(entry)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.entries.append(entry)
        return entry

    @property
    def head(self) -> str:
        """Hash of the last entry."""
        return str(self.entries[-1]["hash"]) if self.entries else START

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All entries of a kind, in order."""
        return [entry for entry in self.entries if entry["kind"] == kind]

    def _read(self) -> None:
        text = self.path.read_text(encoding="utf-8")
        whole, _, torn = text.rpartition("\n")
        if torn:
            with self.path.with_suffix(".torn").open("a", encoding="utf-8") as aside:
                aside.write(torn + "\n")
            self.path.write_text(whole + "\n" if whole else "", encoding="utf-8")
        for number, line in enumerate(whole.splitlines()):
            self.entries.append(_checked(line, number, self.head, self.path))


def _checked(line: str, number: int, previous: str, path: Path) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
        sound = entry["hash"] == _hash(entry) and entry["previous"] == previous and entry["n"] == number
    except (ValueError, KeyError, TypeError) as error:
        raise RunFault(f"Line {number + 1} of {path} is no entry of a journal ({error}); restore the file.") from error
    if not sound:
        raise RunFault(f"Line {number + 1} of {path} was changed after it was written; restore the file.")
    return entry


def _hash(entry: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
