"""Is an MD protocol sound? A short real run with the task's reference; for LAMMPS text from a model, in the sandbox."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ase import Atoms
from ase.calculators.calculator import Calculator

import lang2mlip
from lang2mlip.compute.sandbox import run_confined
from lang2mlip.contracts import Json, ReferenceSpec
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.dry import DryRun, Maker, dry_run, judged, write_job
from lang2mlip.science.lammps.protocol import write_structure
from lang2mlip.science.lammps.script import species
from lang2mlip.science.reference.spec import open_reference

__all__ = ["prove", "prove_text", "reference_calculator"]

STEPS = 60
"""Steps of each stage of a dry run, at most."""

LIMIT_S = 120.0


def reference_calculator(reference: dict[str, Json]) -> Calculator:
    """The calculator of a reference; called by name in the process of a dry run."""
    return open_reference(ReferenceSpec(**reference)).calculator()


def prove(protocol: Protocol, atoms: Atoms, reference: ReferenceSpec, folder: Path, steps: int = STEPS) -> DryRun:
    """A dry run with the reference; a protocol that does not suit the structure is a failed one, with its reason."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return dry_run(protocol, atoms, _maker(reference), folder, (steps, LIMIT_S))
    except BadInput as error:
        return DryRun(passed=False, fault=str(error))


def prove_text(text: str, atoms: Atoms, reference: ReferenceSpec, folder: Path, limit_s: float = 60.0) -> DryRun:
    """The same for a LAMMPS script that a model wrote: it runs as it stands, confined, or not at all.

    Its atoms are structure.data, its potential the fix that `fix potential all external pf/callback 1 1` makes.
    Raises NotInstalled where there is no sandbox.
    """
    why = refusal(text)
    if why is not None:
        return DryRun(passed=False, fault=why)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "in.lammps").write_text(text, encoding="utf-8")
    write_structure(atoms, folder)
    write_frames(folder / "start.extxyz", [atoms])
    write_job(folder, _maker(reference), {"text": "in.lammps", "elements": species(atoms)})
    command = [sys.executable, "-m", "lang2mlip.science.lammps.dry", "/job"]
    package = Path(str(lang2mlip.__file__)).parents[1]
    done = run_confined(command, folder, timeout_s=limit_s, memory_MB=16_384, readable=(package,))
    last = done.output.strip().splitlines()[-1:]
    ended = (
        f"it took longer than {limit_s:g} s" if done.timed_out else (last or ["no word"])[0] if done.status else None
    )
    return judged(folder, ended, None)


def _maker(reference: ReferenceSpec) -> Maker:
    arguments = {"reference": reference.model_dump(mode="json")}
    return Maker(function="lang2mlip.prepare.dryrun:reference_calculator", arguments=arguments)
