"""What is graded: the log of a run, its script, how its process ended; and what is found wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.science.lammps.context import Run
from lang2mlip.science.lammps.thermo import Table, ThermoLog

__all__ = ["Case", "Defect", "End"]


class End(Noun):
    """How the process ended, as whoever ran it saw."""

    status: int = 0
    timed_out: bool = False


class Defect(Noun):
    """Something wrong, where the log shows it, and what of the script caused it."""

    part: str
    what: str
    run: int | None = Field(default=None, description="which run of the log, from 1")
    log_line: int | None = None
    script_line: int | None = None
    cause: str = Field(default="", description="that line")
    fatal: bool = Field(default=True, description="the numbers of this run are not to be used")


@dataclass(frozen=True)
class Case:
    log: ThermoLog
    script: str
    runs: Sequence[Run]
    end: End

    def pairs(self) -> list[tuple[int, Table, Run | None]]:
        """Each table with its number from 1 and its run of the script, where these can be told apart."""
        known = len(self.runs) >= len(self.log.tables)
        return [(n + 1, table, self.runs[n] if known else None) for n, table in enumerate(self.log.tables)]

    def defect(self, part: str, what: str, at: int | None, **more: int | bool | None) -> Defect:
        """A defect with the text of its script line."""
        lines = self.script.splitlines()
        cause = lines[at - 1].strip() if at and at <= len(lines) else ""
        return Defect.model_validate({"part": part, "what": what, "script_line": at, "cause": cause, **more})
