"""One LAMMPS instance in this process, which holds one set of atoms at a time in a fully periodic box.

The instance stays; atoms are loaded anew only when their number or elements change, else a call sets the box and the
positions. LAMMPS wants the first box vector along x and the second in the xy plane: the cell is turned there by an
orthogonal matrix, and forces and stress must be turned back.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers

from lang2mlip.errors import LabelFailed, PartFailed
from lang2mlip.science.atoms.lammps_library import open_lammps, refusal

__all__ = ["COUNTED_OUTPUT", "NEIGHBOURS", "HeldLammps", "turned_box"]

NEIGHBOURS = ("neighbor 1.0 bin", "neigh_modify delay 0 every 1 check yes one 10000 page 200000")
"""Lists that are built at every step, long enough for dense cells."""

COUNTED_OUTPUT = ("thermo_style custom step pe pxx pyy pzz pyz pxz pxy", "thermo_modify norm no lost error")
"""What `HeldLammps.read` wants to be computed."""


def turned_box(cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(box, turn): lower-triangular box vectors as rows, Å, and the matrix with `cell @ turn` equal to that box.

    `turn` is orthogonal (a mirror for a left-handed cell, which changes no energy).
    """
    turn, upper = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(upper))
    return (upper * signs[:, None]).T, turn * signs


class HeldLammps:
    """The instance and what it holds. `whose` ends the sentence that says what LAMMPS refused."""

    def __init__(self, whose: str) -> None:
        self.whose = whose
        self.lammps: Any = None
        self._loaded: tuple[int, ...] = ()
        self._box: np.ndarray | None = None

    def holds(self, atoms: Atoms) -> bool:
        """Whether atoms of these elements, in this order, are loaded."""
        return tuple(atoms.numbers) == self._loaded

    def load(self, atoms: Atoms, types: Sequence[str], head: Sequence[str], commands: Sequence[str]) -> None:
        """A fresh system with these atoms: `head` says units and atom style, `types` the elements of types 1, 2, ….

        `commands` (potential, output) come last. Raises PartFailed with LAMMPS' own words.
        """
        if self.lammps is None:
            self.lammps = open_lammps()
        masses = [f"mass {n} {atomic_masses[atomic_numbers[e]]}" for n, e in enumerate(types, start=1)]
        start = ["clear", *head, "atom_modify map array sort 0 0", "boundary p p p", "box tilt large"]
        for line in (*start, "region all prism 0 1 0 1 0 1 0 0 0", f"create_box {len(types)} all", *masses):
            self.say(line)
        index = {element: number for number, element in enumerate(types, start=1)}
        n = len(atoms)
        self.lammps.create_atoms(n, list(range(1, n + 1)), [index[s] for s in atoms.symbols], [0.0] * (3 * n))
        for line in commands:
            self.say(line)
        self._loaded, self._box = tuple(atoms.numbers), None

    def run(self, atoms: Atoms) -> np.ndarray:
        """Set box and wrapped positions of the loaded atoms and run no step. Returns the turn of their axes, 3×3."""
        box, turn = turned_box(atoms.cell.array)
        if self._box is None or not np.array_equal(box, self._box):
            (lx, _, _), (xy, ly, _), (xz, yz, lz) = box.tolist()
            edges = f"x final 0 {lx!r} y final 0 {ly!r} z final 0 {lz!r}"
            self.say(f"change_box all {edges} xy final {xy!r} xz final {xz!r} yz final {yz!r} units box")
            self._box = box
        inside = atoms.positions @ turn @ np.linalg.inv(box)
        positions = np.ascontiguousarray((inside % 1.0) @ box)
        self.lammps.scatter_atoms("x", 1, 3, positions.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
        self.say("run 0 post no")
        return turn

    def read(self) -> tuple[float, np.ndarray, np.ndarray]:
        """(energy, forces (n, 3), pressure 3×3 as energy per volume) in LAMMPS' axes and units, after a run."""
        energy = float(self.lammps.get_thermo("pe"))
        forces = np.array(self.lammps.gather_atoms("f", 1, 3), dtype=np.float64).reshape(-1, 3)
        xx, yy, zz, yz, xz, xy = (float(self.lammps.get_thermo(f"p{k}")) for k in ("xx", "yy", "zz", "yz", "xz", "xy"))
        pressure = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        return energy, forces, pressure / self.lammps.extract_global("nktv2p")

    def forget(self) -> None:
        """Load the atoms anew before the next run: some computes of LAMMPS serve one run only."""
        self._loaded = ()

    def close(self) -> None:
        """End the instance; the next load starts another."""
        if self.lammps is not None:
            self.lammps.close()
        self.lammps, self._loaded, self._box = None, (), None

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"lammps": None, "_loaded": (), "_box": None}

    def say(self, line: str) -> None:
        """Run one command. Raises LabelFailed (a run) or PartFailed with LAMMPS' words, and closes the instance."""
        words = refusal(self.lammps, line)
        if words is None:
            return
        self.close()
        kind = LabelFailed if line.startswith("run") else PartFailed
        raise kind(f"LAMMPS refused {line!r} {self.whose}: {words}")
