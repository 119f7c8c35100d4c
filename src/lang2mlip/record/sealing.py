"""Which files an event speaks of, and their checksums as it is written: what lies there later can be compared."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lang2mlip.contracts import Artefact
from lang2mlip.errors import RunFault
from lang2mlip.record.events import Event, Finished, Imported, Prepared

__all__ = ["checksum", "named", "sealed"]


def named(event: Event) -> tuple[str, ...]:
    """Files and folders below the run folder that an event speaks of."""
    if isinstance(event, Prepared):
        return tuple(record.file for record in event.structures)
    if isinstance(event, Imported):
        return tuple(data.file for data in event.data)
    if not isinstance(event, Finished):
        return ()
    result = event.result
    files = [data.file for data in result.data] + [pool.file for pool in result.pool]
    files += [result.model.folder] if result.model else []
    files += [result.evaluation.details] if result.evaluation and result.evaluation.details else []
    return tuple(files)


def sealed(folder: Path, event: Event) -> Event:
    """The event with the checksums of the files that it speaks of. Raises RunFault for one that cannot be read."""
    if not isinstance(event, Prepared | Imported | Finished) or event.artefacts:
        return event
    files = [file for name in named(event) for file in _files(folder / name)]
    found = tuple(Artefact(path=str(file.relative_to(folder)), sha256=checksum(file)) for file in files)
    return event.model_copy(update={"artefacts": found}) if found else event


def checksum(file: Path) -> str:
    """SHA-256 of a file's content, whatever its size. Raises RunFault when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunFault(f"Cannot read {file}: {error.strerror}.") from error


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path] * path.is_file()
