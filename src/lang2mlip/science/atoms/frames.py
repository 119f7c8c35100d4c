"""Frames on disk: lists of Atoms, labelled or not, as extended XYZ; written whole or not at all.

Positions and forces keep 8 decimals, energies all digits. Labels travel in a SinglePointCalculator; everything in
`atoms.info` that is a number, a word or a truth value travels with the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms
from ase.io import read, write

from lang2mlip.errors import BadInput

__all__ = ["read_frames", "write_frames"]


def write_frames(frames: Sequence[Atoms], file: Path) -> Path:
    """Write `frames` to `file` through a temporary name, in order; an empty list makes an empty file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.tmp")
    if frames:
        write(temporary, list(frames), format="extxyz")
    else:
        temporary.write_text("")
    temporary.replace(file)
    return file


def read_frames(file: Path) -> list[Atoms]:
    """All frames of `file`, in order. Raises BadInput when it is missing or no extended XYZ."""
    if not file.exists():
        raise BadInput(f"There is no file {file}.")
    if file.stat().st_size == 0:
        return []
    try:
        return list(read(file, index=":", format="extxyz"))
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise BadInput(f"{file} cannot be read as extended XYZ: {error}") from error
