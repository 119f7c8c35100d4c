"""Was a LAMMPS run sound? Rules over its log and script: a rubric of named parts whose points sum to a score.

A part that cannot be judged (no constant-energy run, too few rows) takes no part in the sum and says so. Thresholds
are this project's own; each stands with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.science.atoms.statistics import block_mean
from lang2mlip.science.lammps.context import Run, line_of, runs_of
from lang2mlip.science.lammps.series import FEWEST, drift, stationary_from, stationary_mean
from lang2mlip.science.lammps.thermo import Table, ThermoLog

__all__ = ["RUBRIC", "Defect", "End", "Figure", "Grade", "Part", "grade"]

RUBRIC = {"completed": 30, "finite": 20, "atoms": 10, "conserved": 15, "stationary": 10, "targets": 10, "neighbours": 5}
"""Points of each part: first whether it ran at all, then whether its numbers mean something."""

_DRIFT = 0.02
"""Share of the mean kinetic energy by which a conserved energy may change over a run: 0.6 % in temperature when half of
it becomes kinetic and heat capacities are those of a solid; less is lost in the temperature's own fluctuation."""

_OFF_T = 0.05
"""Share by which a mean temperature may be off beyond three of its errors: thermostats that count constraints or the
motion of the whole differently are off by 1/N. A pressure has no such room, its errors are large enough."""


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


@dataclass(frozen=True)
class _Case:
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


def grade(log: ThermoLog, script: str, end: End | None = None) -> Grade:
    """The verdict on a run: its log, its script and how its process ended. A log without output is never a pass."""
    case = _Case(log, script, runs_of(script), end or End())
    parts, defects = [], list[Defect]()
    for name, points in RUBRIC.items():
        found, judged = _JUDGES[name](case)
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


_Judged = tuple[list[Defect], str | None]
"""Defects; and why the part could not be judged, None where it was."""


def _completed(case: _Case) -> _Judged:
    found = [_of_error(case, number) for number in range(len(case.log.errors))]
    for number, table, run in case.pairs():
        cut = not table.ended and not any(one.table == number - 1 for one in case.log.errors)
        if cut:
            what = f"run {number} was cut short after {table.rows} rows"
            found.append(case.defect("completed", what, _line(run), run=number, log_line=table.line))
    missing = len(case.runs) - len(case.log.tables)
    if case.end.timed_out:
        found.append(case.defect("completed", "its time was over before it ended", None))
    elif not case.log.tables and not found:
        found.append(case.defect("completed", "the log holds no thermo output", None))
    elif missing > 0 and not found:
        line = case.runs[len(case.log.tables)].line
        found.append(case.defect("completed", f"{missing} of {len(case.runs)} runs never began", line))
    elif case.end.status and not found:
        found.append(case.defect("completed", f"the process ended with code {case.end.status}", None))
    return found, None


def _of_error(case: _Case, number: int) -> Defect:
    error = case.log.errors[number]
    done = len(case.log.tables) if error.table is None else error.table
    after = case.runs[done - 1].line if 0 < done <= len(case.runs) else 0
    at = line_of(case.script, error.command, after) or line_of(case.script, error.command)
    run = None if error.table is None else error.table + 1
    return case.defect("completed", error.text, at, run=run, log_line=error.line)


def _finite(case: _Case) -> _Judged:
    found = []
    for number, table, run in case.pairs():
        bad = table.bad_rows()
        if bad:
            names = [name for name, values in table.columns.items() if not np.isfinite(values[bad[0]])]
            what = f"{len(bad)} of {table.rows} rows of run {number} are not finite, first {', '.join(names[:3])}"
            more: dict[str, int | bool | None] = {"run": number, "log_line": table.line + bad[0]}
            found.append(case.defect("finite", what, _line(run), **more))
    return found, None if any(table.rows for table in case.log.tables) else "there is no thermo output"


def _atoms(case: _Case) -> _Judged:
    lost = [one for one in case.log.warnings if "Lost atoms" in one]
    failed = [one for one in case.log.errors if "Lost atoms" in one.text or "out of range" in one.text]
    found = [case.defect("atoms", one, None) for one in lost[:1]]
    for one in failed[:1]:
        run = None if one.table is None or one.table >= len(case.runs) else case.runs[one.table]
        found.append(case.defect("atoms", "atoms left the box", _mover(run), log_line=one.line))
    for number, table, run in case.pairs():
        counts = table.columns.get("Atoms", np.empty(0))
        if len(counts) and counts[-1] < counts[0] and not found and "delete_atoms" not in case.script:
            what = f"run {number} began with {counts[0]:.0f} atoms and ended with {counts[-1]:.0f}"
            found.append(case.defect("atoms", what, _mover(run), run=number))
    return found, None if case.log.tables else "there is no thermo output"


def _conserved(case: _Case) -> _Judged:
    found, judged = [], 0
    for number, table, run in case.pairs():
        energy, kinetic = _column(table, "TotEng"), _kinetic(table)
        if run is None or run.kind != "run" or not run.conserves or energy is None or kinetic is None:
            continue
        change = drift(energy)
        if change is None:
            continue
        judged += 1
        share = abs(change.change) / kinetic
        if change.significant and share > _DRIFT:
            what = f"the total energy of run {number} changed by {100 * share:.1f} % of the kinetic energy"
            at = run.last.get("timestep", run.mover)
            found.append(case.defect("conserved", what, at, run=number, log_line=table.line))
    return found, None if judged else "no run at constant energy has enough rows"


def _stationary(case: _Case) -> _Judged:
    """The last run is what averages are taken from, so it must come to rest; ramps are not meant to."""
    if not case.log.tables:
        return [], "there is no thermo output"
    number, table, run = case.pairs()[-1]
    if run is None or run.kind != "run" or table.rows < FEWEST or table.bad_rows():
        return [], "the last run has too few sound rows"
    if any(not one.constant for one in run.targets) or any("deform" in one.words[3] for one in run.fixes.values()):
        return [], "the last run is a ramp"
    moving = [name for name in ("PotEng", "Temp", "Volume") if (values := _column(table, name)) is not None
              and float(np.ptp(values)) > 0 and stationary_from(values) is None]  # fmt: skip
    if not moving:
        return [], None
    what = f"{', '.join(moving)} of run {number} had not come to rest within its first half"
    return [case.defect("stationary", what, run.line, run=number, log_line=table.line, fatal=False)], None


def _targets(case: _Case) -> _Judged:
    found, judged = [], 0
    for number, table, run in case.pairs():
        for target in run.targets if run is not None and run.kind == "run" else []:
            values = _column(table, target.quantity)
            if not target.constant or values is None or len(values) < FEWEST or not np.isfinite(values).all():
                continue
            judged += 1
            mean = block_mean(values[len(values) // 2 :])
            room = 3 * mean.error + (_OFF_T * target.end if target.quantity == "Temp" else 0.0)
            if abs(mean.value - target.end) > room:
                off = f"{mean.value:.4g} ± {mean.error:.2g}, not {target.end:g}"
                what = f"the mean {_WORDS[target.quantity]} of the second half of run {number} is {off}"
                found.append(case.defect("targets", what, target.line, run=number, fatal=target.quantity == "Temp"))
    return found, None if judged else "no constant target has enough rows"


def _neighbours(case: _Case) -> _Judged:
    found = []
    for number, table, run in case.pairs():
        if table.dangerous:
            what = f"{table.dangerous} neighbour-list builds of run {number} came too late (dangerous builds)"
            at = None if run is None else run.last.get("neigh_modify", run.last.get("neighbor", run.line))
            found.append(case.defect("neighbours", what, at, run=number))
    counted = any(table.dangerous is not None for table in case.log.tables)
    return found, None if counted else "LAMMPS counted none"


_JUDGES: dict[str, Callable[[_Case], _Judged]] = {
    "completed": _completed, "finite": _finite, "atoms": _atoms, "conserved": _conserved, "stationary": _stationary,
    "targets": _targets, "neighbours": _neighbours,
}  # fmt: skip

_WORDS = {"Temp": "temperature", "Press": "pressure"}


def _line(run: Run | None) -> int | None:
    return None if run is None else run.line


def _mover(run: Run | None) -> int | None:
    return None if run is None else run.mover


def _column(table: Table, name: str) -> np.ndarray | None:
    values = table.columns.get(name)
    return values if values is not None and len(values) else None


def _kinetic(table: Table) -> float | None:
    """The mean kinetic energy in the units of the total; None where the columns do not tell."""
    if table.bad_rows():
        return None
    kinetic, total = _column(table, "KinEng"), _column(table, "TotEng")
    potential = _column(table, "PotEng")
    if potential is None and (pairs := _column(table, "E_pair")) is not None:
        bonds = _column(table, "E_mol")
        potential = pairs + (bonds if bonds is not None else 0.0)
    if kinetic is None and total is not None and potential is not None:
        kinetic = total - potential
    mean = None if kinetic is None else float(np.mean(kinetic))
    return mean if mean is not None and mean > 0 else None


def _figures(log: ThermoLog) -> list[Figure]:
    """Means of the last run that came to rest in the column."""
    table = log.tables[-1] if log.tables else None
    found = []
    for name, values in table.columns.items() if table else []:
        begin, mean = stationary_from(values), stationary_mean(values)
        if name not in ("Step", "CPU") and begin is not None and mean is not None and float(np.ptp(values)) > 0:
            found.append(Figure(name=name, mean=mean.value, error=mean.error, first_row=begin))
    return found
