"""What a long fit has found so far, saved now and then, so that a killed one goes on instead of starting over."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.science.atoms.arrays_file import write_arrays

__all__ = ["FILE", "Saved", "digest"]

FILE = "halfway.npz"

SAVE_S = 30.0
"""Seconds between two savings, where the settings do not say."""


class Saved:
    """Findings by name, each a few arrays. They are in memory at once and on disk every `every_s`."""

    def __init__(self, folder: Path | None = None, of: str = "", every_s: float = SAVE_S) -> None:
        """What an earlier fit left in `folder`, if it is `of` the same data and settings; None: nothing is kept."""
        self._file, self._of, self._every_s = folder and folder / FILE, of, every_s
        self._found = _read(self._file, of) if self._file else {}
        self._last, self._began = time.monotonic(), time.process_time()
        self._earlier_s = float(self._found.pop("spent", {}).get("cpu_s", 0.0))

    @property
    def earlier_s(self) -> float:
        """CPU seconds that the work before this process took, as far as it was saved."""
        return self._earlier_s

    def get(self, name: str) -> dict[str, np.ndarray] | None:
        """What is known under that name; None when nothing is."""
        return self._found.get(name)

    def put(self, name: str, **arrays: Any) -> None:
        """Keep arrays under that name, in place of what was there. Raises RunFault when the disk refuses."""
        self._found[name] = {key: np.asarray(value) for key, value in arrays.items()}
        if self._file is not None and time.monotonic() - self._last >= self._every_s:
            self._write(self._file)
            self._last = time.monotonic()

    def forget(self) -> None:
        """The fit is done: nothing has to be kept any more."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _write(self, file: Path) -> None:
        spent = self._earlier_s + time.process_time() - self._began
        flat = {f"{name}/{key}": value for name, arrays in self._found.items() for key, value in arrays.items()}
        flat |= {"of": np.array(self._of), "spent/cpu_s": np.array(spent)}
        write_arrays(file, flat, "the fit begins again")


def digest(frames: Sequence[Atoms], told: dict[str, Any]) -> str:
    """Of what a fit depends on: structures, labels, weights and settings."""
    found = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode())
    for atoms in frames:
        results = getattr(atoms.calc, "results", {})
        for array in (atoms.numbers, atoms.positions, atoms.cell.array, *map(results.get, ("energy", "forces"))):
            found.update(np.ascontiguousarray(np.asarray(array, dtype=float)).tobytes())
        found.update(str(atoms.info.get("weight")).encode())
    return found.hexdigest()


def _read(file: Path, of: str) -> dict[str, dict[str, np.ndarray]]:
    """Everything in the file; nothing when it is not whole, or belongs to another fit."""
    found: dict[str, dict[str, np.ndarray]] = {}
    try:
        with np.load(file, allow_pickle=False) as arrays:
            if str(arrays["of"]) != of:
                return {}
            for key in arrays.files:
                name, _, part = key.rpartition("/")
                if name:
                    found.setdefault(name, {})[part] = arrays[key]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    return found
