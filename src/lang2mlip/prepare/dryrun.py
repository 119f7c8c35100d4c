"""Is an MD protocol sound? A short real run with the task's reference; for LAMMPS text from a model, in the sandbox."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ase import Atoms
from ase.calculators.calculator import Calculator

import lang2mlip
from lang2mlip.compute.sandbox import INSIDE, run_confined
from lang2mlip.contracts import Json, ReferenceSpec
from lang2mlip.contracts.protocols import Protocol, Written
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.dry import DryRun, Maker, dry_run, judged, write_job
from lang2mlip.science.lammps.protocol import write_protocol, write_structure
from lang2mlip.science.lammps.script import species
from lang2mlip.science.lammps.styles import unknown_style
from lang2mlip.science.reference.spec import open_reference

__all__ = ["prove", "prove_text", "prove_written", "reference_calculator"]

STEPS = 60
"""Steps of each stage of a dry run, at most."""

LIMIT_S = 120.0


def reference_calculator(reference: dict[str, Json]) -> Calculator:
    """The calculator of a reference; called by name in the process of a dry run."""
    return open_reference(ReferenceSpec(**reference)).calculator()


def prove(protocol: Protocol, atoms: Atoms, reference: ReferenceSpec, folder: Path, steps: int = STEPS) -> DryRun:
    """A dry run with the reference; a protocol that does not suit the structure is a failed one, with its reason.

    One in LAMMPS' own words runs in the sandbox.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if isinstance(protocol, Written):
            return prove_written(protocol, atoms, _maker(reference), folder, (steps, LIMIT_S), _named_files(reference))
        return dry_run(protocol, atoms, _maker(reference), folder, (steps, LIMIT_S))
    except BadInput as error:
        return DryRun(passed=False, fault=str(error))


def prove_written(
    protocol: Written,
    atoms: Atoms,
    maker: Maker,
    folder: Path,
    limits: tuple[int, float],
    readable: tuple[Path, ...] = (),
) -> DryRun:
    """At most limits[0] steps of every stage within limits[1] seconds, confined; only `readable` is seen besides.

    Raises BadInput for a text that may not run, NotInstalled where there is no sandbox.
    """
    write_protocol(protocol, atoms, folder)
    why = unknown_style(protocol.text)
    if why is not None:
        return DryRun(passed=False, fault=why)
    write_job(folder, maker, {"shorten_to": limits[0], "limit_s": limits[1]})
    return judged(folder, _confined(folder, limits[1], readable), protocol)


def prove_text(text: str, atoms: Atoms, reference: ReferenceSpec, folder: Path, limit_s: float = 60.0) -> DryRun:
    """The same for a LAMMPS script that a model wrote: it runs as it stands, confined, or not at all.

    Its atoms are structure.data, its potential the fix that `fix potential all external pf/callback 1 1` makes.
    Raises NotInstalled where there is no sandbox.
    """
    why = refusal(text) or unknown_style(text)
    if why is not None:
        return DryRun(passed=False, fault=why)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "in.lammps").write_text(text, encoding="utf-8")
    write_structure(atoms, folder)
    write_frames(folder / "start.extxyz", [atoms])
    write_job(folder, _maker(reference), {"text": "in.lammps", "elements": species(atoms)})
    return judged(folder, _confined(folder, limit_s, _named_files(reference)), None)


def _confined(folder: Path, limit_s: float, readable: tuple[Path, ...]) -> str | None:
    """Run the job of a folder in the sandbox; how it ended where that was not well."""
    command = [sys.executable, "-m", "lang2mlip.science.lammps.dry", INSIDE]
    package = Path(str(lang2mlip.__file__)).parents[1]
    done = run_confined(command, folder, timeout_s=limit_s, memory_MB=16_384, readable=(package, *readable), mpi=True)
    if done.timed_out:
        return f"it took longer than {limit_s:g} s"
    last = done.output.strip().splitlines()[-1:] or ["no word"]
    return last[0] if done.status else None


def _named_files(reference: ReferenceSpec) -> tuple[Path, ...]:
    """The files that the reference's settings name: potentials, models."""
    named = [Path(value) for value in reference.settings.values() if isinstance(value, str) and "/" in value]
    return tuple(file for file in named if file.is_absolute() and file.exists())


def _maker(reference: ReferenceSpec) -> Maker:
    arguments = {"reference": reference.model_dump(mode="json")}
    return Maker(function="lang2mlip.prepare.dryrun:reference_calculator", arguments=arguments)
