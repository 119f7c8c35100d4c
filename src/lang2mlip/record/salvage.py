"""What is left of a damaged log, row by row: which events are whole, and which lost ones can be proven.

They are proven from the copy of the log, or from the job folders.

Each row's checksum covers the one before, so that a text that fits the two checksums around a lost event is that event
to the last byte. Nothing else is ever put in its place.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from lang2mlip.contracts import Decision, Result
from lang2mlip.errors import RunFault
from lang2mlip.record.events import Decided, Event, Finished, Started, decode, encode
from lang2mlip.record.log import copied, link
from lang2mlip.record.sealing import sealed

__all__ = ["Row", "Salvaged", "salvage", "troubles"]


@dataclass(frozen=True)
class Row:
    """One event as it is stored."""

    seq: int
    written_at: float
    body: str
    chain: str


@dataclass(frozen=True)
class Salvaged:
    """The whole events from the first on; how many rows could be read behind them; those proven from elsewhere."""

    rows: tuple[Row, ...]
    behind: int
    proven: tuple[int, ...]


def troubles(file: Path) -> list[str]:
    """What SQLite's own check says of the database; empty where it is sound."""
    try:
        db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)")]
        finally:
            db.close()
    except sqlite3.Error as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def salvage(folder: Path) -> Salvaged:
    """Go through run.db, row by row, and prove what is lost from elsewhere where that can be done."""
    stored = {row.seq: row for row in _stored(folder / "run.db")}
    copies: dict[int, list[Row]] = {}
    for told in copied(folder):
        copies.setdefault(told[0], []).append(Row(*told))
    rows: list[Row] = []
    proven: list[int] = []
    for seq in range(1, max([*stored, *copies], default=0) + 1):
        known = (_whole(one, rows) for one in [stored.get(seq), *reversed(copies.get(seq, []))])
        row = next(filter(None, known), None) or _proven(folder, seq, stored, rows)
        if row is None:
            break
        if stored.get(seq) != row:
            proven.append(seq)
        rows.append(row)
    return Salvaged(tuple(rows), sum(seq > len(rows) for seq in stored), tuple(proven))


def _stored(file: Path) -> Iterator[Row]:
    """Every row that can still be read; a damaged page costs the rows on it and no others."""
    try:
        db = sqlite3.connect(file, isolation_level=None)
        db.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
    except sqlite3.Error:
        return
    try:
        seq, misses, last = 0, 0, _last(db)
        while seq < last and misses < 10_000:
            seq += 1
            try:
                found = db.execute("SELECT seq, written_at, body, chain FROM events WHERE seq = ?", (seq,)).fetchone()
            except sqlite3.Error:
                found = None
            misses += found is None
            if found is not None and all(isinstance(text, str) for text in found[2:]):
                yield Row(*found)
    finally:
        db.close()


def _last(db: sqlite3.Connection) -> int:
    for question in ("SELECT max(seq) FROM events", "SELECT count(*) FROM events"):
        try:
            return int(db.execute(question).fetchone()[0] or 0)
        except sqlite3.Error:
            continue
    return 10_000


def _whole(row: Row | None, before: list[Row]) -> Row | None:
    """The row, when it fits its checksum and is an event that we know."""
    if row is None or row.chain != link(before[-1].chain if before else "", row.body):
        return None
    try:
        decode(row.body)
    except ValidationError:
        return None
    return row


def _proven(folder: Path, seq: int, stored: dict[int, Row], before: list[Row]) -> Row | None:
    """The lost event rebuilt from its job folder, when the checksums around it say that it is the very same."""
    if not before:
        return None
    here, after = stored.get(seq), stored.get(seq + 1)
    when = here.written_at if here else before[-1].written_at
    for event in _candidates(folder, before):
        body = encode(event)
        chain = link(before[-1].chain, body)
        if (here is not None and chain == here.chain) or (after is not None and link(chain, after.body) == after.chain):
            return Row(seq, when, body, chain)
    return None


def _candidates(folder: Path, before: list[Row]) -> Iterator[Event]:
    """What may have stood behind these rows, as the job folders tell it."""
    events = [decode(row.body) for row in before]
    done = max((event.step for event in events if isinstance(event, Finished)), default=0)
    for job in sorted((folder / "jobs").glob(f"{done + 1:04d}-*")):
        yield Started(step=done + 1, job=f"jobs/{job.name}")
        try:
            told = json.loads((job / "spec.json").read_text(encoding="utf-8"))
            yield Decided(step=done + 1, decision=Decision.model_validate(told))
        except (OSError, ValueError):
            pass
        try:
            result = Result.model_validate_json((job / "result.json").read_text(encoding="utf-8"))
            yield Finished(step=done + 1, result=result)
            yield sealed(folder, Finished(step=done + 1, result=result))
        except (OSError, ValueError, RunFault):
            pass
