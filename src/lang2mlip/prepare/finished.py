"""What a run folder already holds of a plan: structures that need not be built again, whoever was stopped meanwhile."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from lang2mlip.contracts import Noun, StructureRecord, StructureRequest
from lang2mlip.errors import RunFault
from lang2mlip.prepare.making import Made
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.identity import structure_id

__all__ = ["Entry", "Finished", "key_of"]


class Entry(Noun):
    """One structure that stands in the folder."""

    key: str
    made: Made
    record: StructureRecord


def key_of(request: StructureRequest, attempt: int, settled_by: str) -> str:
    """What a structure depends on, as a hash: the request, the build it started from, and what relaxed it."""
    told = [request.builder, request.parameters, request.seed, request.group, request.role, attempt, settled_by]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=list).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Finished:
    """The structures of a run folder, with the list `structures/built.json`."""

    run: Path

    @property
    def folder(self) -> Path:
        """Where unfinished work lies: a folder for each structure, taken up by the next call."""
        return self.run / "structures" / ".building"

    def known(self) -> dict[str, Entry]:
        """Name → entry, of those whose file still is what was built. A damaged list counts as empty."""
        try:
            listed = json.loads((self.run / "structures" / "built.json").read_text(encoding="utf-8"))
            entries = {name: Entry.model_validate(fields) for name, fields in listed.items()}
        except (OSError, ValueError, AttributeError):
            return {}
        return {name: entry for name, entry in entries.items() if self._stands(entry)}

    def keep(self, entries: dict[str, Entry]) -> None:
        """Write the list."""
        told = {name: entry.model_dump(mode="json") for name, entry in entries.items()}
        write_json(self.run / "structures" / "built.json", told)

    def begin(self, request: StructureRequest, attempt: int, key: str) -> Path:
        """The folder in which a worker makes the structure; what lies there from another request is removed."""
        folder = self.folder / request.name
        if folder.exists() and self.made(folder, key) is None:
            shutil.rmtree(folder)
        wish = {"request": request.model_dump(mode="json"), "attempt": attempt, "key": key}
        write_json(folder / "request.json", wish)
        return folder

    def made(self, folder: Path, key: str) -> tuple[Atoms | None, Made] | None:
        """What a worker made there for this key; None when there is nothing whole."""
        try:
            told = json.loads((folder / "made.json").read_text(encoding="utf-8"))
            made = Made.model_validate(told["made"])
            if told["key"] != key:
                return None
            return (None if made.trouble else read_frames(folder / "structure.extxyz")[0]), made
        except (OSError, ValueError, KeyError, RunFault):
            return None

    def clear(self) -> None:
        """Remove what workers left behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stands(self, entry: Entry) -> bool:
        try:
            return structure_id(read_frames(self.run / entry.record.file)[0]) == entry.record.id
        except (RunFault, IndexError):
            return False
