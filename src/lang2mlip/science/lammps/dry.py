"""A dry run: a few real steps of every stage, in a process of its own, and what they showed.

`python -m lang2mlip.science.lammps.dry FOLDER` is that process: it reads FOLDER/job.json and leaves outcome.json.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import CalculatorError
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import Lang2mlipError, PartFailed
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.lammps.files import protocol_of
from lang2mlip.science.lammps.log import read_log
from lang2mlip.science.lammps.outcome import Shown, shown
from lang2mlip.science.lammps.protocol import run_folder, run_text, write_protocol
from lang2mlip.science.lammps.script import placed

__all__ = ["DryRun", "Maker", "dry_run", "judged", "made", "write_job"]


class Maker(Noun):
    """How the process makes its calculator: `module:function`, called with the arguments."""

    function: str = Field(pattern=r"^[\w.]+:\w+$")
    arguments: dict[str, Json] = Field(default_factory=dict)


class DryRun(Noun):
    """What a short real run of a protocol showed."""

    passed: bool
    steps: int = Field(default=0, ge=0, description="MD steps done")
    fault: str | None = None
    temperature_K: tuple[float, ...] = Field(default=(), description="at the end of each stage")
    pressure_GPa: tuple[float, ...] = Field(default=(), description="at the end of each stage")
    shown: Shown = Field(default=Shown(), description="what this kind of protocol must show")
    warnings: tuple[str, ...] = ()
    cpu_s: float = Field(default=0.0, ge=0, description="core-seconds of its process")

    def sentence(self) -> str:
        """For people."""
        if not self.passed:
            return f"its dry run failed: {self.fault}"
        heat = ", ".join(f"{one:.0f}" for one in self.temperature_K)
        return f"its dry run of {self.steps} steps went well; the stages ended at {heat} K{self.shown.words()}"


def dry_run(
    protocol: Protocol, atoms: Atoms, maker: Maker, folder: Path, limits: tuple[int, float] = (60, 120.0)
) -> DryRun:
    """At most limits[0] steps of every stage within limits[1] seconds.

    A crash, a hang, lost atoms, values that are not finite: each is a failed run with its reason, never an error.
    Raises BadInput when the structure does not suit the protocol.
    """
    write_protocol(protocol, atoms, folder)
    write_job(folder, maker, {"shorten_to": limits[0], "limit_s": limits[1]})
    ended = in_process([sys.executable, "-m", "lang2mlip.science.lammps.dry", str(folder)], limits[1])
    return judged(folder, ended, protocol)


FEWEST = 5
"""Steps of a stage below which nothing is proven."""


def write_job(folder: Path, maker: Maker, more: dict[str, Json]) -> None:
    """job.json, with what an earlier run left behind removed."""
    for name in ("outcome.json", "log.lammps"):
        (folder / name).unlink(missing_ok=True)
    (folder / "job.json").write_text(json.dumps({"maker": maker.model_dump(), **more}), encoding="utf-8")


def in_process(command: list[str], limit_s: float) -> str | None:
    """Run a command; how it ended where that was not well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {limit_s:g} s"
    last = done.stderr.strip().splitlines()[-1:] or [f"its process ended with code {done.returncode}"]
    return last[0] if done.returncode else None


def judged(folder: Path, ended: str | None, protocol: Protocol | None) -> DryRun:
    """The verdict on what lies in the folder."""
    outcome = folder / "outcome.json"
    told = json.loads(outcome.read_text(encoding="utf-8")) if outcome.exists() else {"fault": None, "cpu_s": 0.0}
    said, cpu_s = told["fault"], told["cpu_s"]
    if not (folder / "log.lammps").exists():
        return DryRun(passed=False, fault=said or ended or "LAMMPS did not start", cpu_s=cpu_s)
    log = read_log(folder / "log.lammps")
    last = [{name: values[-1] for name, values in block.items() if values} for block in log.blocks]
    seen = shown(protocol, log, folder) if protocol is not None else Shown()
    trouble = said or ended or log.fault or seen.fault
    return DryRun(
        passed=trouble is None,
        steps=int(last[-1].get("Step", 0)) if last else 0,
        fault=trouble,
        temperature_K=tuple(one["Temp"] for one in last if "Temp" in one),
        pressure_GPa=tuple(one["Press"] / 1e4 for one in last if "Press" in one),
        shown=seen,
        warnings=log.warnings[:5],
        cpu_s=cpu_s,
    )


def main(folder: Path) -> int:
    """The process: run what the folder holds, and say in outcome.json what went wrong and what it took."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    fault = None
    try:
        maker = Maker(**job["maker"])
        calculator = made(maker)
        if job.get("text"):
            run_text((folder / job["text"]).read_text(encoding="utf-8"), folder, calculator, job["elements"])
        else:
            run_folder(folder, calculator, _affordable(folder, calculator, job["shorten_to"], job["limit_s"]))
    except Lang2mlipError as error:
        fault = str(error)
    outcome = {"fault": fault, "cpu_s": time.process_time()}
    (folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
    return 0


def _affordable(folder: Path, calculator: Any, wanted: int, limit_s: float) -> int:
    """Steps of each stage that half the time allows, by the second call: the first pays for loading."""
    protocol = protocol_of(json.loads((folder / "protocol.json").read_text(encoding="utf-8")), "protocol.json")
    atoms = placed(protocol, read_frames(folder / "start.extxyz")[0])
    for _ in range(2):
        begun = time.monotonic()
        atoms.positions[0, 0] += 1e-4
        atoms.calc = calculator
        try:
            atoms.get_forces()
        except CalculatorError as error:
            raise PartFailed(f"The calculator failed on the first structure: {error}") from error
    each = time.monotonic() - begun
    return max(FEWEST, min(wanted, int(0.5 * limit_s / (each * len(protocol.stages()) + 1e-9))))


def made(maker: Maker) -> Any:
    """The calculator."""
    module, _, name = maker.function.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function(**maker.arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
