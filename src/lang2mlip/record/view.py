"""Read-only access to what a run knows: for deciders, actions and the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lang2mlip.contracts import Decision, Evaluation, Json, Result, State, StructureRecord, Task
from lang2mlip.errors import RunFault
from lang2mlip.record.events import Created, Decided, Event, Finished, Mended, Prepared, Remarked
from lang2mlip.record.in_use import current_data, dropped_frames

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Step", "View"]


@dataclass(frozen=True)
class Step:
    """A decision and what came of it; `result` is None while it runs."""

    number: int
    decision: Decision
    result: Result | None


@dataclass(frozen=True)
class View:
    """A run as it stood when the view was taken."""

    folder: Path
    state: State
    events: tuple[Event, ...]

    @property
    def task(self) -> Task:
        """The task."""
        return self.state.task

    @property
    def created(self) -> Created:
        """How the run began."""
        first = self.events[0]
        if not isinstance(first, Created):
            raise RunFault(f"{self.folder}: the first event is not the creation of the run.")
        return first

    @property
    def preparation(self) -> tuple[Prepared, ...]:
        """What the preparation recorded."""
        return tuple(event for event in self.events if isinstance(event, Prepared))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Resumes, fallbacks, faults outside of actions, repairs."""
        return tuple(event.text for event in self.events if isinstance(event, Remarked | Mended))

    def steps(self) -> tuple[Step, ...]:
        """All decisions in order, each with its result."""
        results = {event.step: event.result for event in self.events if isinstance(event, Finished)}
        decisions = {event.step: event.decision for event in self.events if isinstance(event, Decided)}
        return tuple(Step(number, decision, results.get(number)) for number, decision in sorted(decisions.items()))

    def path(self, relative: str) -> Path:
        """A file of the run. Raises RunFault when the path leads out of the run folder."""
        full = (self.folder / relative).resolve()
        if not full.is_relative_to(self.folder.resolve()):
            raise RunFault(f"{relative!r} leads out of the run folder {self.folder}.")
        return full

    def details(self, evaluation: Evaluation) -> dict[str, Json]:
        """The curves of an evaluation; empty when it has none."""
        if evaluation.details is None:
            return {}
        details: dict[str, Json] = json.loads(self.path(evaluation.details).read_text(encoding="utf-8"))
        return details

    def frames(self, file: str) -> list[Atoms]:
        """The frames of a data, pool or structure file."""
        from lang2mlip.science.atoms.frames import read_frames

        return read_frames(self.path(file))

    def structures(self, role: str, groups: tuple[str, ...] = ()) -> tuple[StructureRecord, ...]:
        """Structure records of a role; of some groups, or of all."""
        wanted = (record for record in self.state.structures if record.request.role == role)
        return tuple(record for record in wanted if not groups or record.request.group in groups)

    def training_frames(self) -> list[Atoms]:
        """All labelled frames in use, prunings applied."""
        dropped = dropped_frames(self.state)
        frames: list[Atoms] = []
        for dataset in current_data(self.state):
            gone = dropped.get(dataset.id, frozenset())
            frames += [atoms for atoms in self.frames(dataset.file) if atoms.info.get("id") not in gone]
        return frames

    def model_folder(self) -> Path | None:
        """The folder of the current potential."""
        return self.path(self.state.model.folder) if self.state.model else None
