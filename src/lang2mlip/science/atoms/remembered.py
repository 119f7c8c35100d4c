"""A calculator that remembers, in a file, what it said: a run that is cut off and begun again is told it once more.

The run that asks must be the same, as MD with the same seeds is: then it passes through what is remembered without
the calculator, which is what costs, and goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from lang2mlip.errors import RunFault

__all__ = ["Remembered"]

MOST_BYTES = 400_000_000
"""A file does not grow beyond this: what comes later is computed again."""


class Remembered(Calculator):
    """Serves runs of one system, whose configurations come in the same order each time."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, inner: Calculator, file: Path, of: str, every_s: float = 30.0) -> None:
        """`of`: what else the answers depend on; those for another are not used. Written every `every_s`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.inner, self.file, self.every_s, self.asked, self.computed = inner, file, every_s, 0, 0
        self._of, self._last = of.encode(), time.monotonic()
        self._known: np.ndarray | None = None
        self._fresh: list[bytes] = []
        self._whole = True

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] = (), system_changes: Any = all_changes
    ) -> None:
        """Energy (eV), forces (eV/Å) and, in a periodic cell, stress (eV/Å³). Raises RunFault when the disk refuses."""
        super().calculate(atoms, list(properties), system_changes)  # type: ignore[no-untyped-call]
        here: Any = self.atoms
        name = self._name(here)
        row = self._told(name, len(here))
        self.asked += 1
        if row is None:
            row = self._compute(name, here)
        self.results = {"energy": float(row["energy"]), "free_energy": float(row["energy"])}
        self.results["forces"] = row["forces"].copy()
        if not np.isnan(row["stress"]).any():
            self.results["stress"] = row["stress"].copy()

    def forget(self) -> None:
        """The run is over."""
        self.file.unlink(missing_ok=True)

    def _name(self, atoms: Atoms) -> bytes:
        parts = (self._of, atoms.numbers.tobytes(), atoms.positions.tobytes(), atoms.cell.array.tobytes())
        return hashlib.blake2b(b"".join(parts), digest_size=16).digest()

    def _told(self, name: bytes, n_atoms: int) -> Any:
        """What was said of this configuration when it came at this place before; None when it was another."""
        if self._known is None:
            self._known = _read(self.file, _row(n_atoms))
        if self.asked < len(self._known) and self._known[self.asked]["name"].tobytes() == name:
            return self._known[self.asked]
        if self.asked < len(self._known):
            self._known = self._known[: self.asked]
            os.truncate(self.file, self._known.nbytes)
        return None

    def _compute(self, name: bytes, atoms: Atoms) -> Any:
        self.inner.calculate(atoms, list(self.inner.implemented_properties), all_changes)
        found, row = self.inner.results, np.zeros((), _row(len(atoms)))
        row["name"], row["energy"] = np.frombuffer(name, np.uint8), found["energy"]
        row["forces"], row["stress"] = found["forces"], found.get("stress", np.nan)
        self.computed += 1
        if self._whole:
            self._fresh.append(row.tobytes())
        if time.monotonic() - self._last >= self.every_s:
            self._write()
        return row

    def _write(self) -> None:
        try:
            with self.file.open("ab") as stream:
                stream.write(b"".join(self._fresh))
                stream.flush()
                os.fsync(stream.fileno())
                self._whole = stream.tell() < MOST_BYTES
        except OSError as error:
            raise RunFault(f"Cannot write {self.file}: {error.strerror}. Free some space and go on.") from error
        self._fresh.clear()
        self._last = time.monotonic()


def _row(n_atoms: int) -> np.dtype[Any]:
    return np.dtype([("name", np.uint8, 16), ("energy", float), ("stress", float, 6), ("forces", float, (n_atoms, 3))])


def _read(file: Path, row: np.dtype[Any]) -> np.ndarray:
    """All whole rows; the rest of one that a kill cut off is taken away."""
    try:
        rows = np.fromfile(file, row, count=file.stat().st_size // row.itemsize)
        os.truncate(file, rows.nbytes)
    except OSError:
        return np.zeros(0, row)
    return rows
