"""Named arrays in one file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lang2mlip.errors import RunFault

__all__ = ["write_arrays"]


def write_arrays(file: Path, arrays: Mapping[str, np.ndarray], then: str) -> None:
    """Replace `file` (.npz) in one move, durably. Raises RunFault, whose words end with what happens `then`."""
    temporary = file.with_name(f".{file.name}.tmp")
    try:
        with temporary.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        raise RunFault(f"Cannot write {file}: {error.strerror}. Free some space; {then}.") from error
