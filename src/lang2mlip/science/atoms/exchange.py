"""Labelled data of other people and programs, in and out: extended XYZ, VASP's OUTCAR and vasprun.xml, DeePMD folders.

Every frame that comes out has its energy (eV), forces (eV/Å) and, where the file has one, stress (eV/Å³, ASE sign) in a
SinglePointCalculator. A file that cannot be read is an error; a frame that cannot be used is left out, and said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, RunFault, UnknownName
from lang2mlip.science.atoms import deepmd, vasp, xyz
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.soundness import force_fault, sieve, stress_remarks

__all__ = ["KINDS", "Provenance", "read_labelled", "write_labelled"]

Kind = Literal["extxyz", "outcar", "vasprun", "deepmd"]
KINDS: tuple[Kind, ...] = ("extxyz", "outcar", "vasprun", "deepmd")


class Provenance(Noun):
    """Where imported labels come from, and what was found when they were looked at."""

    file: str = Field(description="the file or folder, as given")
    kind: Kind = Field(description="its format")
    sha256: str = Field(description="checksum of its content")
    frames: int = Field(ge=0, description="frames that can be used")
    settings: dict[str, Json] = Field(default_factory=dict, description="settings of the calculation, where told")
    left_out: tuple[str, ...] = Field(default=(), description="frames that cannot be used, a sentence each")
    remarks: tuple[str, ...] = Field(default=(), description="what a person should know of the rest")


def read_labelled(path: str | Path, kind: Kind | None = None) -> tuple[list[Atoms], Provenance]:
    """The usable labelled frames of a file or folder, and where they come from; the format is recognised by itself.

    Raises BadInput, naming the file and the place: missing, of no known format, corrupt, or without a usable frame.
    """
    where = Path(path)
    if not where.exists():
        raise BadInput(f"There is no file or folder {where}; check the path.")
    kind = kind or _kind(where)
    reader = {"extxyz": xyz.read, "outcar": vasp.read_outcar, "vasprun": vasp.read_vasprun, "deepmd": deepmd.read}[kind]
    raw = reader(where)
    frames, left_out = sieve(raw.frames)
    frames, stress = stress_remarks(frames)
    if not frames:
        raise BadInput(f"{where} has no frame that can be used: {'; '.join(left_out[:3]) or 'it is empty'}.")
    wrong = force_fault(frames)
    if wrong:
        raise BadInput(
            f"The forces in {where} {wrong}, judging by the energies along the trajectory; convert them first."
        )
    provenance = Provenance(
        file=str(path),
        kind=kind,
        sha256=_checksum(where),
        frames=len(frames),
        settings=raw.settings,
        left_out=tuple(left_out),
        remarks=(*raw.remarks, *stress),
    )
    for atoms in frames:
        atoms.info["source"] = where.name
    return frames, provenance


def write_labelled(frames: Sequence[Atoms], path: str | Path, kind: Literal["extxyz", "deepmd"] = "extxyz") -> None:
    """Write labelled frames: one extended XYZ file, or a folder of DeePMD systems. Raises BadInput where it cannot."""
    if kind not in ("extxyz", "deepmd"):
        raise UnknownName.of("format to write", kind, ("extxyz", "deepmd"))
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "deepmd":
            deepmd.write(frames, target)
        else:
            write_frames(target, frames)  # ASE's own writer keeps 8 digits, and ids are hashes of all of them
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror or error}.") from error
    except RunFault as error:
        raise BadInput(str(error)) from error


def _kind(where: Path) -> Kind:
    """The format, by what is there and by the name."""
    if where.is_dir():
        if any(where.rglob("type.raw")):
            return "deepmd"
        raise BadInput(f"The folder {where} is no DeePMD data: there is no type.raw in it or below.")
    name = where.name.lower()
    if name.endswith(".xml"):
        return "vasprun"
    if "outcar" in name:
        return "outcar"
    if where.suffix.lower() in (".xyz", ".extxyz"):
        return "extxyz"
    raise BadInput(f"The format of {where} is not known; give .extxyz, .xyz, OUTCAR, vasprun.xml or a DeePMD folder.")


def _checksum(where: Path) -> str:
    files: Iterable[Path] = sorted(p for p in where.rglob("*") if p.is_file()) if where.is_dir() else [where]
    digest = hashlib.sha256()
    for file in files:
        with open(file, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
