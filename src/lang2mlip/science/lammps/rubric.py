"""The rules: what each part of the rubric looks for in a run.

Thresholds are this project's own, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.statistics import block_mean
from lang2mlip.science.lammps.case import Case, Defect
from lang2mlip.science.lammps.commands import commands
from lang2mlip.science.lammps.context import Run, line_of
from lang2mlip.science.lammps.series import FEWEST, drift, stationary_from
from lang2mlip.science.lammps.thermo import Table

__all__ = ["JUDGES", "RUBRIC"]

RUBRIC = {"completed": 30, "finite": 20, "atoms": 10, "conserved": 15, "stationary": 10, "targets": 10, "neighbours": 5}
"""Points of each part: first whether it ran at all, then whether its numbers mean something."""

_DRIFT = 0.02
"""Share of the mean kinetic energy by which a conserved energy may change over a run: 0.6 % in temperature when half of
it becomes kinetic and heat capacities are those of a solid; less is lost in the temperature's own fluctuation."""

_NOISE = 0.2
"""Share of the kinetic energy's fluctuation by which a conserved energy may fluctuate. By velocity Verlet it is about
(ω dt)²/4 of a vibration: so much with seven steps to its period, where ten are the least (M. P. Allen, D. J. Tildesley,
Computer Simulation of Liquids, 2nd ed., 2017, ch. 3)."""

_BURST = 10.0
"""Times its greatest early temperature at which a run has blown up; that of ten atoms fluctuates by half of itself."""

_FEW = 4
"""Rows below which a run has no early part."""

_BLIND = 10
"""Steps without a look at the neighbours up to which a late build costs little: LAMMPS' own default until 2022."""

_OFF_T = 0.05
"""Share by which a mean temperature may be off beyond three of its errors: thermostats that count constraints or the
motion of the whole differently are off by 1/N. A pressure has no such room, its errors are large enough."""


_Judged = tuple[list[Defect], str | None]
"""Defects; and why the part could not be judged, None where it was."""


def _completed(case: Case) -> _Judged:
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


def _of_error(case: Case, number: int) -> Defect:
    error = case.log.errors[number]
    done = len(case.log.tables) if error.table is None else error.table
    after = case.runs[done - 1].line if 0 < done <= len(case.runs) else 0
    at = line_of(case.script, error.command, after) or line_of(case.script, error.command)
    run = None if error.table is None else error.table + 1
    return case.defect("completed", error.text, at, run=run, log_line=error.line)


def _finite(case: Case) -> _Judged:
    found = []
    for number, table, run in case.pairs():
        bad = table.bad_rows()
        if bad:
            names = [name for name, values in table.columns.items() if not np.isfinite(values[bad[0]])]
            what = f"{len(bad)} of {table.rows} rows of run {number} are not finite, first {', '.join(names[:3])}"
            more: dict[str, int | bool | None] = {"run": number, "log_line": table.line + bad[0]}
            found.append(case.defect("finite", what, _line(run), **more))
        elif burst := _burst(table, run):
            row, kelvin = burst
            what = f"the temperature of run {number} rose to {kelvin:.3g}, over {_BURST:g} times its begin: it blew up"
            more = {"run": number, "log_line": table.line + row}
            found.append(case.defect("finite", what, _mover(run), **more))
    return found, None if any(table.rows for table in case.log.tables) else "there is no thermo output"


def _burst(table: Table, run: Run | None) -> tuple[int, float] | None:
    """The row and the temperature at which a run blew up though its numbers are finite; None where it did not.

    It is compared with its begin, its first quarter and its targets, so atoms that are meant to be hot may be.
    """
    kelvin = _column(table, "Temp")
    if kelvin is None or len(kelvin) < _FEW or table.bad_rows() or (run is not None and run.kind != "run"):
        return None
    wanted = [one.end for one in run.targets if one.quantity == "Temp"] if run is not None else []
    usual = max([float(kelvin[0]), float(np.max(kelvin[: max(1, len(kelvin) // 4)])), *wanted])
    last = int(np.argmax(kelvin))
    return (last, float(kelvin[last])) if usual > 0 and kelvin[last] > _BURST * usual else None


def _atoms(case: Case) -> _Judged:
    lost = [one for one in case.log.warnings if "Lost atoms" in one]
    failed = [one for one in case.log.errors if "Lost atoms" in one.text or "out of range" in one.text]
    found = [case.defect("atoms", one, None) for one in lost[:1]]
    for one in failed[:1]:
        run = None if one.table is None or one.table >= len(case.runs) else case.runs[one.table]
        found.append(case.defect("atoms", "atoms left the box", _mover(run), log_line=one.line))
    for number, table, run in case.pairs():
        counts = _counts(table)
        if counts and counts[-1] < max(counts) and not found and not _takes_away(run):
            what = f"run {number} began with {max(counts):.0f} atoms and ended with {counts[-1]:.0f}"
            found.append(case.defect("atoms", what, _mover(run), run=number))
    return found, None if case.log.tables else "there is no thermo output"


def _counts(table: Table) -> list[float]:
    """Atoms at the begin of a run, along it and at its end, as far as the log tells."""
    along = [float(one) for one in table.columns.get("Atoms", np.empty(0)) if np.isfinite(one)]
    return [*([float(table.begun)] if table.begun else []), *along, *([float(table.atoms)] if table.atoms else [])]


def _takes_away(run: Run | None) -> bool:
    """A fix whose work it is to remove atoms."""
    fixes = run.fixes.values() if run is not None else ()
    return any(one.words[3].startswith(("evaporate", "gcmc", "bond/react", "widom")) for one in fixes)


def _conserved(case: Case) -> _Judged:
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
        at, noise = run.last.get("timestep", run.mover), _noise(table)
        if change.significant and share > _DRIFT:
            what = f"the total energy of run {number} changed by {100 * share:.1f} % of the kinetic energy"
            found.append(case.defect("conserved", what, at, run=number, log_line=table.line))
        elif noise is not None and noise > _NOISE:
            what = f"the total energy of run {number} fluctuates {noise:.2f} times as much as the kinetic energy"
            found.append(case.defect("conserved", what, at, run=number, log_line=table.line))
    return found, None if judged else "no run at constant energy has enough rows"


def _noise(table: Table) -> float | None:
    """Standard deviation of the total over that of the kinetic energy; None where the columns do not tell."""
    total, kinetic = _column(table, "TotEng"), _column(table, "KinEng")
    if total is None or kinetic is None or table.bad_rows():
        return None
    spread = float(np.std(kinetic))
    return float(np.std(total)) / spread if spread > 0 else None


def _stationary(case: Case) -> _Judged:
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


def _targets(case: Case) -> _Judged:
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


def _neighbours(case: Case) -> _Judged:
    found = []
    for number, table, run in case.pairs():
        if table.dangerous:
            what = f"{table.dangerous} neighbour-list builds of run {number} came too late (dangerous builds)"
            at = None if run is None else run.last.get("neigh_modify", run.last.get("neighbor", run.line))
            fatal = _blind_steps(case.script, None if run is None else run.line) > _BLIND
            found.append(case.defect("neighbours", what, at, run=number, fatal=fatal))
    counted = any(table.dangerous is not None for table in case.log.tables)
    return found, None if counted else "LAMMPS counted none"


def _blind_steps(script: str, line: int | None) -> int:
    """Steps after a build in which no list is built whatever moves, by the script up to a line; LAMMPS' own is 1."""
    found = {"every": 1, "delay": 0}
    try:
        told = [one for one in commands(script) if one.name == "neigh_modify" and (line is None or one.number < line)]
    except BadInput:
        return 1
    for words in (one.words for one in told):
        pairs = zip(words[1:], words[2:], strict=False)
        found |= {name: int(value) for name, value in pairs if name in found and value.isdigit()}
    return max(found.values())


JUDGES: dict[str, Callable[[Case], _Judged]] = {
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
