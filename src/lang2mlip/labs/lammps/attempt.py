"""One round: the script written, looked over, tried in LAMMPS, run, graded and read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.errors import BadInput, Lang2mlipError, PartFailed
from lang2mlip.labs.lammps import engine
from lang2mlip.labs.lammps.checks import Remark, faults, inspect
from lang2mlip.labs.lammps.engine import Limits, Ran
from lang2mlip.labs.lammps.recipe import Findings
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.writer import Writer
from lang2mlip.science.lammps.allowed import COLVARS, refusal
from lang2mlip.science.lammps.commands import commands
from lang2mlip.science.lammps.grade import End, Grade, grade

__all__ = ["Attempt", "Manner", "attempt"]

_TRIAL_STEPS = 50
_TRIAL_S = 300.0
_TRIAL_FROM = 2000
"""MD steps from which on a run is tried in short first: below, the run itself costs no more."""


@dataclass(frozen=True)
class Manner:
    """How attempts are made: what they may take, who is asked before the run, who is told."""

    limits: Limits = Limits()
    ask: Callable[[Path, str], bool | str] | None = None
    """ask(the script, what is about to happen): False stops; words say what is wrong with the script, which may also be
    edited meanwhile."""
    tell: Callable[[str], None] = lambda line: None
    checked: bool = True
    """The script is looked over and tried in LAMMPS before it runs; without, it is only refused what may not run."""


@dataclass(frozen=True)
class Attempt:
    """What became of it."""

    folder: Path
    system: System
    ran: Ran
    grade: Grade
    findings: Findings | None
    sha256: dict[str, str]
    steps: int
    remarks: tuple[str, ...]


def attempt(writer: Writer, system: System, folder: Path, manner: Manner) -> Attempt:
    """Write, check, run, grade and read. Raises PartFailed where the script is refused by the checks or by LAMMPS."""
    folder.mkdir(parents=True)
    system.write(folder)
    sha256 = system.potential.copy_to(folder)
    for name, text in {**writer.files(system), engine.SCRIPT: writer.script(system)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    limits = manner.limits
    if manner.checked:
        seen, estimate_s = _proven(system, folder, limits)
        manner.tell(f"The script is sound: {len(system.atoms)} atoms{_lasts(estimate_s)}.")
    else:
        seen, estimate_s = _harmless(folder), 0.0
    if manner.ask is not None:
        seen = _approved(manner.ask, system, folder, limits, estimate_s)
    ran = engine.run(folder, system, limits)
    script = (folder / engine.SCRIPT).read_text(encoding="utf-8")
    verdict = grade(ran.log, script, End(status=ran.status, timed_out=ran.timed_out))
    findings, trouble = _read(writer, folder, system) if verdict.passed else (None, ())
    remarks = (*(one.what for one in seen), *trouble, *((ran.why,) if ran.why else ()))
    return Attempt(folder, system, ran, verdict, findings, sha256, _steps(script), remarks)


def _proven(system: System, folder: Path, limits: Limits) -> tuple[list[Remark], float]:
    """Remarks on a script that LAMMPS takes, and how long it will run, s.

    Raises PartFailed with what is wrong, BadInput where it would take longer than it may.
    """
    script = (folder / engine.SCRIPT).read_text(encoding="utf-8")
    seen = inspect(script, folder, system)
    if wrong := faults(seen):
        where = f" (line {wrong[0].line} of {folder / engine.SCRIPT})" if wrong[0].line else ""
        raise PartFailed(f"The script is not run: {wrong[0].what}{where}.")
    if system.potential.maker is None:
        _must_run(engine.without_steps(folder, system, limits), folder)
    steps = _steps(script)
    estimate = _tried(script, steps, system, folder, limits) if steps >= _TRIAL_FROM else 0.0
    if estimate > limits.time_s:
        raise BadInput(
            f"{len(system.atoms)} atoms for {steps:,} steps would take about {estimate / 3600:.1f} h, more than the"
            f" {limits.time_s / 3600:.1f} h allowed; ask for fewer atoms or fewer ps, name a potential that is faster"
            f" than {system.potential.name} with --potential, or allow more with --max-time."
        )
    return seen, estimate


def _harmless(folder: Path) -> list[Remark]:
    """Raises PartFailed for a script that may not run here."""
    why = refusal((folder / engine.SCRIPT).read_text(encoding="utf-8"))
    if why is not None:
        raise PartFailed(f"The script is not run: {why}")
    return []


def _tried(script: str, steps: int, system: System, folder: Path, limits: Limits) -> float:
    """A few real steps of each run; how long all of them will take, s. Raises PartFailed where they fail."""
    place = folder / "trial"
    place.mkdir(exist_ok=True)
    system.write(place)
    system.potential.copy_to(place)
    if (folder / COLVARS).is_file():
        shutil.copyfile(folder / COLVARS, place / COLVARS)
    (place / engine.SCRIPT).write_text(engine.shortened(script, _TRIAL_STEPS), encoding="utf-8")
    ran = engine.run(place, system, Limits(min(_TRIAL_S, limits.time_s), limits.silent_s, limits.memory_MB))
    if not any(table.rows > 1 for table in ran.log.tables):  # what fails in motion is graded, and mended
        _must_run(ran, place)
    took = sum(table.loop_s or 0.0 for table in ran.log.tables)
    done = sum(int(table.columns["Step"][-1] - table.columns["Step"][0]) for table in ran.log.tables if table.rows)
    shutil.rmtree(place)
    return took / max(1, done) * steps


def _must_run(ran: Ran, folder: Path) -> None:
    if ran.fault is not None:
        raise PartFailed(f"LAMMPS refuses the script in {folder}: {ran.fault}")


def _approved(
    ask: Callable[[Path, str], bool | str], system: System, folder: Path, limits: Limits, estimate_s: float
) -> list[Remark]:
    """The person looks at the script, and may change it; it is then checked anew. Raises BadInput when stopped."""
    before = (folder / engine.SCRIPT).read_text(encoding="utf-8")
    said = f"{len(system.atoms)} atoms with {system.potential.name}{_lasts(estimate_s)}"
    while True:
        answer = ask(folder / engine.SCRIPT, said)
        if isinstance(answer, str):
            raise PartFailed(f"The person says of the script: {answer}")
        if not answer:
            raise BadInput(f"Stopped before the run; the script lies in {folder}.")
        if (folder / engine.SCRIPT).read_text(encoding="utf-8") == before:
            return inspect(before, folder, system)
        try:
            return _proven(system, folder, limits)[0]
        except Lang2mlipError as error:
            said = str(error)


def _read(writer: Writer, folder: Path, system: System) -> tuple[Findings | None, tuple[str, ...]]:
    """The numbers; a run whose output does not hold them has none, and says why."""
    try:
        return writer.read(folder, system), ()
    except (Lang2mlipError, KeyError) as error:
        return None, (f"Nothing could be read from the run: {error}",)


def _steps(script: str) -> int:
    """MD steps of all runs that are written as numbers."""
    runs = [one.words[1] for one in commands(script) if one.name == "run" and len(one.words) > 1]
    return sum(int(one) for one in runs if one.isdigit())


def _lasts(estimate_s: float) -> str:
    if estimate_s <= 0:
        return ""
    return f", about {estimate_s:.0f} s" if estimate_s < 100 else f", about {estimate_s / 60:.0f} min"
