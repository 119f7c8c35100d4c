"""Was a LAMMPS run sound? Rules over its log and script: a rubric of named parts whose points sum to a score.

A part that cannot be judged (no constant-energy run, too few rows) takes no part in the sum and says so.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.science.lammps.case import Case, Defect, End
from lang2mlip.science.lammps.context import runs_of
from lang2mlip.science.lammps.rubric import JUDGES, RUBRIC
from lang2mlip.science.lammps.series import stationary_from, stationary_mean
from lang2mlip.science.lammps.thermo import ThermoLog

__all__ = ["RUBRIC", "Defect", "End", "Figure", "Grade", "Part", "grade"]


class Part(Noun):
    """A part of the rubric."""

    name: str
    points: float = Field(description="earned")
    of: int = Field(description="to be had; 0 when it could not be judged")
    why: str = Field(default="", description="why it could not be judged, or what cost points")


class Figure(Noun):
    """A mean over the stationary part of the last run."""

    name: str
    mean: float
    error: float = Field(description="standard error by blocking")
    first_row: int = Field(description="row from which on the run is stationary")


class Grade(Noun):
    """The verdict."""

    score: float = Field(ge=0, le=100)
    passed: bool = Field(description="no fatal defect")
    parts: tuple[Part, ...]
    defects: tuple[Defect, ...]
    figures: tuple[Figure, ...] = ()

    def sentence(self) -> str:
        """For people."""
        if not self.defects:
            return f"Sound: {self.score:.0f} of 100 points."
        first = self.defects[0]
        where = f" (line {first.script_line}: {first.cause})" if first.script_line else ""
        verdict = "Passed with a remark" if self.passed else "Not sound"
        return f"{verdict}, {self.score:.0f} of 100 points: {first.what}{where}"


def grade(log: ThermoLog, script: str, end: End | None = None) -> Grade:
    """The verdict on a run: its log, its script and how its process ended. A log without output is never a pass."""
    case = Case(log, script, runs_of(script), end or End())
    parts, defects = [], list[Defect]()
    for name, points in RUBRIC.items():
        found, judged = JUDGES[name](case)
        defects += found
        lost = sum(points if one.fatal else points / 2 for one in found)
        why = found[0].what if found else judged or ""
        of = points if found or judged is None else 0
        parts.append(Part(name=name, points=max(0.0, of - lost) if of else 0.0, of=of, why=why))
    score = 100 * sum(part.points for part in parts) / sum(part.of for part in parts)
    passed = not any(one.fatal for one in defects)
    return Grade(
        score=round(score, 1), passed=passed, parts=tuple(parts), defects=tuple(defects), figures=tuple(_figures(log))
    )


def _figures(log: ThermoLog) -> list[Figure]:
    """Means of the last run that came to rest in the column."""
    table = log.tables[-1] if log.tables else None
    found = []
    for name, values in table.columns.items() if table else []:
        begin, mean = stationary_from(values), stationary_mean(values)
        if name not in ("Step", "CPU") and begin is not None and mean is not None and float(np.ptp(values)) > 0:
            found.append(Figure(name=name, mean=mean.value, error=mean.error, first_row=begin))
    return found
