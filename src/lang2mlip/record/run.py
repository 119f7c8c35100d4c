"""The run folder: everything a user owns of one run, readable without us."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, ENOENT, ENOSPC
from pathlib import Path

from pydantic_core import to_json

from lang2mlip.contracts import Artefact, Decision, Json, Plan, Result, State
from lang2mlip.errors import BadInput, RunFault
from lang2mlip.record.events import Created, Decided, Event, Finished, Imported, Prepared, Remarked, Started
from lang2mlip.record.lock import held
from lang2mlip.record.log import Log
from lang2mlip.record.sealing import checksum, sealed
from lang2mlip.record.state import step as advance
from lang2mlip.record.view import View

__all__ = ["Run", "artefact", "slug", "write_json", "write_text"]

_FOLDERS = ("structures", "jobs", "data", "validation", "test", "models", "report")


class Run:
    """One run: its folder, its log, and the state that folds out of it."""

    def __init__(self, folder: Path) -> None:
        """Open an existing run. Raises BadInput when there is none."""
        if not (folder / "run.db").is_file():
            raise BadInput(f'There is no run in {folder}. Start one with: lang2mlip run "what you want to simulate"')
        self.folder = folder.resolve()
        self._log = Log(folder / "run.db")
        self._state: State | None = None
        self._events: list[Event] = []
        for event in self._log.read():
            self._fold(event)

    @classmethod
    def create(cls, folder: Path, created: Created, texts: Mapping[str, str] | None = None) -> Run:
        """A new run folder with `texts` (file name → content) in it, whole or not at all.

        Raises BadInput when it cannot be written or already holds a run.
        """
        if (folder / "run.db").exists():
            raise BadInput(f"{folder} already holds a run. Go on with it: lang2mlip resume {folder.name}")
        growing = folder.with_name(f".{folder.name}.new-{os.getpid()}")
        try:
            for name in _FOLDERS:
                (growing / name).mkdir(parents=True, exist_ok=True)
            for name, text in (texts or {}).items():
                write_text(growing / name, text)
            log = Log(growing / "run.db")
            log.append(created)
            log.close()
            growing.replace(folder)
        except (OSError, RunFault) as error:
            shutil.rmtree(growing, ignore_errors=True)
            why = error.strerror if isinstance(error, OSError) else error
            raise BadInput(f"The folder {folder} cannot be made: {why}. Choose another with --out.") from error
        return cls(folder)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def state(self) -> State:
        """s_t. Raises RunFault when the log is empty."""
        if self._state is None:
            raise RunFault(f"The log of {self.folder} has no events; the run was cut off before it began. Delete it.")
        return self._state

    def view(self) -> View:
        """Read-only access to everything the run knows."""
        return View(self.folder, self.state, tuple(self._events))

    def record(self, event: Event) -> None:
        """Append an event, with the checksums of the files it speaks of; durable when this returns."""
        event = sealed(self.folder, event)
        self._log.append(event)
        self._fold(event)

    def close(self) -> None:
        """Let go of the log; what is known of the run stays."""
        self._log.close()

    def prepared(self) -> bool:
        """The structures stand."""
        return any(isinstance(event, Prepared) for event in self._events)

    def imported(self) -> bool:
        """Data of a person's own were brought in."""
        return any(isinstance(event, Imported) for event in self._events)

    def plan(self) -> Plan | None:
        """The plan that the structures were built from; None before, and in runs of the first version."""
        return next((e.plan for e in reversed(self._events) if isinstance(e, Prepared) and e.plan is not None), None)

    def unfinished(self) -> Decision | None:
        """The decision whose result was never recorded: what a resumed run takes up first."""
        for event in reversed(self._events):
            if isinstance(event, Finished):
                return None
            if isinstance(event, Decided):
                return event.decision
        return None

    def decided(self, decision: Decision) -> Decision:
        """Record a decision."""
        self.record(Decided(step=self.state.step + 1, decision=decision))
        return decision

    def job(self, decision: Decision) -> Path:
        """The job folder of the decision now at work; made and recorded the first time."""
        number = self.state.step + 1
        relative = f"jobs/{number:04d}-{decision.action}"
        if not any(isinstance(event, Started) and event.step == number for event in self._events):
            self.record(Started(step=number, job=relative))
        (self.folder / relative).mkdir(parents=True, exist_ok=True)
        return self.folder / relative

    def finished(self, result: Result) -> Result:
        """Record what came of the decision at work."""
        self.record(Finished(step=self.state.step + 1, result=result))
        return result

    def remark(self, text: str) -> None:
        """Record something worth knowing that is no result."""
        self.record(Remarked(text=text))

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Only one process may drive a run. Raises RunFault when another does, and when the disk refuses meanwhile."""
        with held(self.folder) as instead:
            if instead is not None and instead not in self.view().remarks:
                self.remark(instead)
            try:
                yield
            except ConnectionError:
                raise
            except OSError as error:
                raise _refused(Path(error.filename or self.folder), error) from error

    def _fold(self, event: Event) -> None:
        self._events.append(event)
        self._state = advance(self._state, event)


def slug(prompt: str, longest: int = 40) -> str:
    """A folder name made of the prompt's words."""
    words = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")
    return (words[:longest].rsplit("-", 1)[0] if len(words) > longest else words) or "run"


def artefact(folder: Path, file: Path) -> Artefact:
    """A file of the run with its checksum."""
    return Artefact(path=str(file.relative_to(folder)), sha256=checksum(file))


def write_text(file: Path, text: str) -> Path:
    """Write whole or not at all: to a temporary name, synced, then renamed. Raises RunFault when the disk refuses."""
    temporary = file.with_name(f".{file.name}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _refused(file, error) from error
    return file


def _refused(file: Path, error: OSError) -> RunFault:
    """What the disk said, and what to do about it."""
    if error.errno == ENOENT:
        return RunFault(f"{file} is not there any more. See what can be saved: lang2mlip verify NAME")
    mend = "Free some space" if error.errno in (ENOSPC, EDQUOT, EFBIG) else "Make the place writable"
    return RunFault(f"Cannot write {file}: {error.strerror}. {mend}; what was recorded before is whole.")


def write_json(file: Path, value: Json) -> Path:
    """`write_text` of JSON."""
    return write_text(file, to_json(value, indent=1, inf_nan_mode="constants").decode())
