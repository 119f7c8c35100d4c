"""Is a run whole? Its database, every event, every file that an event speaks of, the frames and ids in them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.contracts import Artefact, State
from lang2mlip.errors import Lang2mlipError, RunFault
from lang2mlip.record.events import Event, Finished, Mended, Prepared, decode
from lang2mlip.record.in_use import current_data
from lang2mlip.record.salvage import Salvaged, salvage, troubles
from lang2mlip.record.sealing import checksum, named
from lang2mlip.record.state import fold

__all__ = ["Finding", "Verified", "verify"]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written."""

    where: str
    """A file below the run folder, or `run.db, event N`."""
    what: str
    event: int | None = None
    """Number of the event that speaks of the file."""
    needed: bool = True
    """Whether the run cannot go on as it is; a superseded model or a drawn pool is a loss, but not that."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found."""

    events: int
    files: int
    frames: int
    unsealed: int
    """Files without a checksum: those of runs of the first format, and those added by hand."""
    findings: tuple[Finding, ...]
    salvaged: Salvaged


def verify(folder: Path) -> Verified:
    """Check the run in `folder`, which is changed in nothing. Raises RunFault when its format is newer than ours."""
    if not (folder / "run.db").is_file():
        raise RunFault(f"{folder} has no run.db, so it holds no run.")
    found = [Finding("run.db", f"SQLite's own check says: {line}") for line in troubles(folder / "run.db")]
    left = salvage(folder)
    events = [decode(row.body) for row in left.rows]
    found += [Finding(f"run.db, event {seq}", "lost, but proven by what lies beside it") for seq in left.proven]
    if left.behind or not events:
        what = f"damaged; {left.behind} events lie behind it" if events else "no event can be read"
        found.append(Finding(f"run.db, event {len(events) + 1}", what))
    if not events:
        return Verified(0, 0, 0, 0, tuple(found), left)
    found += list(_jobs(folder, events))
    return _with_files(folder, events, found, left)


def _with_files(folder: Path, events: list[Event], found: list[Finding], left: Salvaged) -> Verified:
    state, seals = fold(events), _seals(events)
    needed, counts = _needed(state), _counts(state)
    ids = {record.file: record.id for record in state.structures}
    looked = frames = unsealed = 0
    gone = {file for event in events if isinstance(event, Mended) for file in event.lost}
    for name, event in _last_named(events).items():
        for file, sha256 in _expected(folder, name, seals):
            if file in gone and not (folder / file).exists():
                continue
            looked += 1
            unsealed += sha256 is None
            trouble, read = _file(folder / file, sha256, counts.get(file), ids.get(file))
            frames += read
            if trouble:
                found.append(Finding(file, trouble, event, name in needed))
    return Verified(len(events), looked, frames, unsealed, tuple(found), left)


def _last_named(events: list[Event]) -> dict[str, int]:
    """File or folder → number of the last event that speaks of it; structures that were replaced are left out."""
    afresh = max((n for n, e in enumerate(events, 1) if isinstance(e, Prepared) and e.afresh), default=0)
    return {
        name: number
        for number, event in enumerate(events, 1)
        for name in named(event)
        if not (isinstance(event, Prepared) and number < afresh)
    }


def _seals(events: list[Event]) -> dict[str, str]:
    """File → the checksum it last had."""
    artefacts: list[Artefact] = []
    for event in events:
        artefacts += getattr(event, "artefacts", ())
        if isinstance(event, Finished):
            artefacts += event.result.artefacts
    return {artefact.path: artefact.sha256 for artefact in artefacts}


def _expected(folder: Path, name: str, seals: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """The files of a name, with their checksums where they have one."""
    inside = {file: sha256 for file, sha256 in seals.items() if file == name or file.startswith(f"{name}/")}
    if not inside and (folder / name).is_dir():
        inside_now = sorted(p for p in (folder / name).rglob("*") if p.is_file())
        yield from ((str(path.relative_to(folder)), None) for path in inside_now)
    elif not inside:
        yield name, None
    else:
        yield from inside.items()


def _file(file: Path, sha256: str | None, count: int | None, id_: str | None) -> tuple[str | None, int]:
    """What is wrong with a file, and how many frames were read in it."""
    if not file.is_file():
        return "missing", 0
    try:
        if sha256 is not None and checksum(file) != sha256:
            return "not the file that was written: its checksum is another", 0
        if file.suffix == ".extxyz":
            return _frames(file, count, id_)
        return _whole(file), 0
    except RunFault as error:
        return str(error), 0


def _frames(file: Path, count: int | None, id_: str | None) -> tuple[str | None, int]:
    from lang2mlip.science.atoms.frames import read_frames
    from lang2mlip.science.atoms.identity import structure_id

    frames = read_frames(file)
    if count is not None and len(frames) != count:
        return f"it has {len(frames)} frames, and {count} were recorded", len(frames)
    if id_ is not None and (not frames or structure_id(frames[0]) != id_):
        return f"it is another structure than the recorded {id_}", len(frames)
    strange = [n for n, atoms in enumerate(frames) if "id" in atoms.info and atoms.info["id"] != structure_id(atoms)]
    return (f"frame {strange[0]} is not the structure that its id says" if strange else None), len(frames)


def _whole(file: Path) -> str | None:
    """What is wrong with the form of a model's or an evaluation's file; nothing in it is executed."""
    if not file.stat().st_size:
        return "empty"
    try:
        if file.suffix == ".json":
            json.loads(file.read_text(encoding="utf-8"))
        if file.suffix in (".npz", ".pt", ".model"):
            with zipfile.ZipFile(file) as archive:
                broken = archive.testzip()
            return f"its part {broken} is damaged" if broken else None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return f"it cannot be read: {error}"
    return None


def _needed(state: State) -> frozenset[str]:
    """What a run cannot go on without."""
    names = [record.file for record in state.structures]
    names += [data.file for data in current_data(state)] + [pool.file for pool in state.pool]
    names += [state.model.folder] if state.model else []
    names += [state.evaluation.details] if state.evaluation and state.evaluation.details else []
    return frozenset(names)


def _counts(state: State) -> dict[str, int]:
    counts = {data.file: data.n_frames for data in state.data}
    return counts | {pool.file: sum(pool.groups.values()) for pool in state.pool}


def _jobs(folder: Path, events: list[Event]) -> Iterator[Finding]:
    """Events and job folders tell the same results."""
    for number, event in enumerate(events, 1):
        if not isinstance(event, Finished):
            continue
        file = folder / "jobs" / f"{event.step:04d}-{event.result.action}" / "result.json"
        try:
            same = json.loads(file.read_text(encoding="utf-8")) == event.result.model_dump(mode="json")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, Lang2mlipError) as error:
            yield Finding(str(file.relative_to(folder)), f"it cannot be read: {error}", number, needed=False)
            continue
        if not same:
            yield Finding(str(file.relative_to(folder)), "it tells another result than the log", number, needed=False)
