"""Make a damaged run one that can go on: nothing is invented and nothing deleted, and what was lost is said.

Whole events stay, in order, up to the first that is lost or whose file is; an action whose files are broken is done
again when the run resumes. What is broken, and what came after it, is moved to aside/N.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lang2mlip.errors import RunFault
from lang2mlip.record.events import Event, Finished, Imported, Mended, Prepared, decode, encode
from lang2mlip.record.lock import held
from lang2mlip.record.log import COPY, Log, copy, link
from lang2mlip.record.migrations import upgrade
from lang2mlip.record.run import write_json
from lang2mlip.record.salvage import Row
from lang2mlip.record.sealing import named
from lang2mlip.record.verify import Verified, verify

__all__ = ["Repaired", "repair"]


@dataclass(frozen=True)
class Repaired:
    """What was done, a sentence each; empty where nothing was broken."""

    aside: Path | None
    said: tuple[str, ...]


@dataclass
class _Bench:
    """A repair under way: where things are put, and what there is to say."""

    folder: Path
    aside: Path
    said: list[str] = field(default_factory=list)

    def put_aside(self, name: str) -> None:
        """Move a file or folder below the run folder; one that is not there is passed over."""
        source, target = self.folder / name, self.aside / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)


def repair(folder: Path) -> Repaired:
    """Repair the run in `folder`. Raises RunFault when it is driven meanwhile, or when no event can be read."""
    with held(folder):
        seen = verify(folder)
        if not seen.findings:
            return Repaired(None, ())
        if not seen.salvaged.rows:
            raise RunFault(
                f"No event of {folder} can be read, so nothing can be rebuilt; labels are kept in the cache, and a new "
                f"run with them is: lang2mlip run {folder / 'task.yaml'}"
            )
        bench = _Bench(folder, _place(folder))
        try:
            _mend(bench, seen)
        except OSError as error:
            raise RunFault(f"{folder} cannot be repaired: {error}. Nothing was deleted; see {bench.aside}.") from error
        return Repaired(bench.aside if bench.aside.exists() else None, tuple(bench.said))


def _mend(bench: _Bench, seen: Verified) -> None:
    keep = _kept(seen)
    rows, cut = seen.salvaged.rows[:keep], seen.salvaged.rows[keep:]
    events, dropped = [decode(row.body) for row in rows], [decode(row.body) for row in cut]
    lost = _broken_files(bench, seen, len(events))
    for seq in seen.salvaged.proven:
        if seq <= keep:
            bench.said.append(f"Event {seq} was lost and is proven, to the last byte, by what lies beside the log.")
    _cut(bench, events, dropped, seen.salvaged.behind)
    _job_results(bench, seen, events)
    aside = f"What was taken out lies in {bench.aside.relative_to(bench.folder)}."
    text = " ".join(["Repaired.", *bench.said, *([aside] if bench.aside.exists() else [])])
    last = Mended(text=text, lost=tuple(lost))
    if cut or seen.salvaged.proven or any(finding.where.startswith("run.db") for finding in seen.findings):
        _write_log(bench, rows, last)
    else:
        log = Log(bench.folder / "run.db")
        log.append(last)
        log.close()


def _kept(seen: Verified) -> int:
    """How many events stay: those before the first whose file a run cannot go on without."""
    broken = [one.event for one in seen.findings if one.needed and one.event is not None]
    return min([len(seen.salvaged.rows), *(number - 1 for number in broken)])


def _broken_files(bench: _Bench, seen: Verified, kept: int) -> list[str]:
    """Put broken files aside; those that events which stay speak of are lost for good."""
    lost = []
    for finding in seen.findings:
        if finding.event is None or finding.where.startswith("jobs/") and finding.where.endswith("/result.json"):
            continue
        bench.put_aside(finding.where)
        if finding.event <= kept:
            lost.append(finding.where)
            bench.said.append(f"{finding.where} is lost ({finding.what}); nothing that goes on needs it.")
        else:
            bench.said.append(f"{finding.where} is lost ({finding.what}); the step that made it is done again.")
    return lost


def _cut(bench: _Bench, events: Sequence[Event], dropped: Sequence[Event], behind: int) -> None:
    """Put aside what the events that are taken out had made, job folders included."""
    stays = {name for event in events for name in named(event)}
    for event in dropped:
        for name in named(event):
            if name not in stays:
                bench.put_aside(name)
        if isinstance(event, Imported):
            files = ", ".join(data.file for data in event.data)
            bench.said.append(f"{files} was imported; import it again before the run goes on.")
    done = max((event.step for event in events if isinstance(event, Finished)), default=0)
    _jobs_behind(bench, done, dropped)
    if dropped or behind:
        steps = sum(isinstance(event, Finished) for event in dropped)
        ready = any(isinstance(event, Prepared) for event in events)
        where = f"after step {done}" if ready else "with its structures"
        bench.said.append(
            f"{len(dropped) + behind} events are taken out, {steps} finished steps among them; it goes on {where}."
        )


def _jobs_behind(bench: _Bench, done: int, dropped: Sequence[Event]) -> None:
    """Put aside the jobs of steps that are taken out; of the one that is done again the sound pieces stay."""
    again = next((event for event in dropped if isinstance(event, Finished)), None)
    for job in sorted((bench.folder / "jobs").glob("[0-9]*-*")):
        name = f"jobs/{job.name}"
        number = int(job.name.split("-")[0])
        if number > done + 1 or (number == done + 1 and again is not None and again.result.model is not None):
            bench.put_aside(name)  # a fit writes its model beside the job, so with the model the fit is done again
        elif number == done + 1:
            bench.put_aside(f"{name}/result.json")
            for file in sorted(job.glob("*/*.extxyz")):
                if not _readable(file):
                    bench.put_aside(f"{name}/{file.parent.name}")


def _readable(file: Path) -> bool:
    from lang2mlip.science.atoms.frames import read_frames

    try:
        read_frames(file)
    except RunFault:
        return False
    return True


def _job_results(bench: _Bench, seen: Verified, events: Sequence[Event]) -> None:
    """What a job folder says of its result is written again from the log, which is the truth."""
    for finding in seen.findings:
        if finding.event is None or finding.event > len(events) or not finding.where.endswith("/result.json"):
            continue
        event = events[finding.event - 1]
        if isinstance(event, Finished) and finding.where.startswith("jobs/"):
            bench.put_aside(finding.where)
            write_json(bench.folder / finding.where, event.result.model_dump(mode="json"))
            bench.said.append(f"{finding.where} is written again from the log.")


def _write_log(bench: _Bench, rows: Sequence[Row], last: Mended) -> None:
    """A new run.db of these rows; the old one is kept aside."""
    growing = bench.folder / ".run.db.mended"
    growing.unlink(missing_ok=True)
    body = encode(last)
    added = Row(len(rows) + 1, rows[-1].written_at, body, link(rows[-1].chain, body))
    db = sqlite3.connect(growing, isolation_level=None)
    try:
        upgrade(db, growing)
        db.execute("BEGIN")
        table = [(row.seq, row.written_at, row.body, row.chain) for row in (*rows, added)]
        db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", table)
        db.execute("COMMIT")
    except sqlite3.Error as error:
        raise RunFault(f"{growing} cannot be written: {error}. The damaged run.db is as it was.") from error
    finally:
        db.close()
    bench.aside.mkdir(parents=True, exist_ok=True)
    for name in ("run.db", "run.db-wal", "run.db-shm"):
        if (bench.folder / name).exists():
            shutil.copy2(bench.folder / name, bench.aside / name)
    for name in ("run.db-wal", "run.db-shm"):
        (bench.folder / name).unlink(missing_ok=True)  # what belongs to the old file would be read into the new one
    os.replace(growing, bench.folder / "run.db")
    bench.put_aside(COPY)
    for one in (*rows, added):
        copy(bench.folder, (one.seq, one.written_at, one.body, one.chain))


def _place(folder: Path) -> Path:
    """aside/N, the next one."""
    taken = [int(path.name) for path in (folder / "aside").glob("[0-9]*") if path.name.isdigit()]
    return folder / "aside" / f"{max(taken, default=0) + 1}"
