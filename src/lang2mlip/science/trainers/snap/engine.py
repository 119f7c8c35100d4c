"""One LAMMPS instance in this process, with one set of atoms at a time in a fully periodic box.

LAMMPS wants the first box vector along x and the second in the xy plane: the cell is turned there by an orthogonal
matrix, and what comes out is turned back.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_masses, atomic_numbers

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.lammps_library import open_lammps

__all__ = ["Engine", "SNAPCalculator", "turned_box"]

_HEADER = (
    "clear",
    "units metal",
    "atom_style atomic",
    "atom_modify map array sort 0 0",
    "boundary p p p",
    "box tilt large",
    "region all prism 0 1 0 1 0 1 0 0 0",
)
_NEIGHBOURS = ("neighbor 1.0 bin", "neigh_modify delay 0 every 1 check yes one 10000 page 200000")


def turned_box(cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(box, turn): lower-triangular box vectors as rows, Å, and the orthogonal matrix with `cell @ turn` = box."""
    turn, upper = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(upper))
    return (upper * signs[:, None]).T, turn * signs


class Engine:
    """Atoms in LAMMPS under given commands; they are loaded anew only when their number or elements change."""

    def __init__(self, elements: Sequence[str], commands: Sequence[str]) -> None:
        self.elements, self.commands = tuple(elements), tuple(commands)
        self.lammps: Any = None
        self._loaded: tuple[int, ...] = ()
        self._box: np.ndarray | None = None

    def run(self, atoms: Atoms) -> np.ndarray:
        """Put `atoms` (periodic everywhere) into LAMMPS and run no step. Returns the turn of their axes, 3×3.

        Raises PartFailed with LAMMPS' own words.
        """
        if tuple(atoms.numbers) != self._loaded:
            self._load(atoms)
        box, turn = turned_box(atoms.cell.array)
        self._place(atoms, box, turn)
        self._say("run 0 post no")
        return turn

    def forget(self) -> None:
        """Load the atoms anew at the next run: some computes of LAMMPS serve one run only."""
        self._loaded = ()

    def close(self) -> None:
        """End the instance; the next run starts another."""
        if self.lammps is not None:
            self.lammps.close()
        self.lammps, self._loaded, self._box = None, (), None

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"lammps": None, "_loaded": (), "_box": None}

    def _load(self, atoms: Atoms) -> None:
        if self.lammps is None:
            self.lammps = open_lammps()
        masses = [f"mass {n} {atomic_masses[atomic_numbers[e]]}" for n, e in enumerate(self.elements, 1)]
        for line in (*_HEADER, f"create_box {len(self.elements)} all", *masses):
            self._say(line)
        kinds = {element: number for number, element in enumerate(self.elements, 1)}
        n = len(atoms)
        self.lammps.create_atoms(n, list(range(1, n + 1)), [kinds[s] for s in atoms.symbols], [0.0] * (3 * n))
        for line in (*_NEIGHBOURS, *self.commands):
            self._say(line)
        self._loaded, self._box = tuple(atoms.numbers), None

    def _place(self, atoms: Atoms, box: np.ndarray, turn: np.ndarray) -> None:
        if self._box is None or not np.array_equal(box, self._box):
            (lx, _, _), (xy, ly, _), (xz, yz, lz) = box.tolist()
            edges = f"x final 0 {lx!r} y final 0 {ly!r} z final 0 {lz!r}"
            self._say(f"change_box all {edges} xy final {xy!r} xz final {xz!r} yz final {yz!r} units box")
            self._box = box
        inside = atoms.positions @ turn @ np.linalg.inv(box)
        positions = np.ascontiguousarray((inside % 1.0) @ box)
        self.lammps.scatter_atoms("x", 1, 3, positions.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))

    def _say(self, line: str) -> None:
        library, instance = self.lammps.lib, self.lammps.lmp
        library.lammps_command(instance, line.encode())
        if not library.lammps_has_error(instance):
            return
        words = ctypes.create_string_buffer(500)
        library.lammps_get_last_error_message(instance, words, 500)
        self.close()
        text = " ".join(words.value.decode(errors="replace").replace("ERROR:", "").split())
        raise PartFailed(f"LAMMPS refused {line!r} of the SNAP model: {text}")


class SNAPCalculator(Calculator):
    """Energy (eV), forces (eV/Å) and stress (eV/Å³, ASE sign, Voigt) of fully periodic atoms by LAMMPS itself."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, elements: Sequence[str], commands: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        output = ("thermo_style custom step pe pxx pyy pzz pyz pxz pxy", "thermo_modify norm no lost error")
        self.engine = Engine(elements, (*commands, *output))

    def calculate(
        self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Fill `results`. Raises PartFailed where LAMMPS gives up or a value is not finite."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        now: Any = self.atoms
        turn = self.engine.run(now)
        lammps = self.engine.lammps
        energy = float(lammps.get_thermo("pe"))
        forces = np.array(lammps.gather_atoms("f", 1, 3), dtype=float).reshape(-1, 3) @ turn.T
        xx, yy, zz, yz, xz, xy = (float(lammps.get_thermo(f"p{k}")) for k in ("xx", "yy", "zz", "yz", "xz", "xy"))
        pressure = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) / lammps.extract_global("nktv2p")
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise PartFailed(f"The SNAP model gave a value that is not finite for {now.symbols}.")
        stress = (turn @ -pressure @ turn.T).ravel()[[0, 4, 8, 5, 2, 1]]
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": stress}
