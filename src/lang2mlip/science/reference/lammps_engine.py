"""One LAMMPS instance that lives in this process and is asked for energy, forces and stress of one structure at a time.

The instance stays as long as the number of atoms and the species stay; a call sets the box and the positions and runs
zero steps. LAMMPS wants a box with its first vector along x and the second in the xy plane: the cell is turned there
by an orthogonal matrix, and forces and stress are turned back.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.data import atomic_masses, atomic_numbers

from lang2mlip.errors import LabelFailed, PartFailed, UnsupportedElement
from lang2mlip.science.atoms.lammps_library import open_lammps
from lang2mlip.science.reference.calculator import Computed, Floats, boxed, voigt
from lang2mlip.science.reference.lammps_formats import Format

__all__ = ["LammpsCalculator", "turned_box"]

VACUUM_A = 30.0
"""Empty space around atoms along directions that are not periodic: more than twice any cut-off of the wheel's files."""

ENERGY_EV = {"metal": 1.0, "real": units.kcal / units.mol}


def turned_box(cell: Floats) -> tuple[Floats, Floats]:
    """(box, turn): lower-triangular box vectors as rows (Å), and the matrix with `cell @ turn` equal to that box.

    `turn` is orthogonal (a mirror for a left-handed cell, which changes no energy).
    """
    turn, upper = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(upper))
    return (upper * signs[:, None]).T, turn * signs


class LammpsCalculator(Computed):
    """ASE calculator over a LAMMPS potential file."""

    def __init__(self, form: Format) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress"))
        self.form = form
        self._lammps: Any = None
        self._loaded: tuple[int, ...] = ()
        self._box: Floats | None = None

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Energy (eV), forces (eV/Å) and, in a cell, stress (eV/Å³). Raises LabelFailed when LAMMPS gives up."""
        system, copies = self._enlarge(atoms)
        if tuple(system.numbers) != self._loaded:
            self._load(system)
        box, turn = turned_box(system.cell.array)
        self._place(system, box, turn)
        self._say("run 0 post no")
        energy, forces, virial = self._read(len(system), float(np.linalg.det(box)))
        energy, forces = energy / copies, forces[: len(atoms)] @ turn.T
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise LabelFailed(f"LAMMPS gave a value that is not finite for {atoms.symbols}; leave the frame out.")
        results = {"energy": energy, "free_energy": energy, "forces": forces}
        if atoms.cell.rank < 3:
            return results
        return results | {"stress": voigt(turn @ virial @ turn.T, copies * atoms.get_volume())}

    def _enlarge(self, atoms: Atoms) -> tuple[Atoms, int]:
        """`atoms` in a periodic box, repeated where the style needs a larger cell, and the number of copies."""
        system = boxed(atoms, VACUUM_A)
        if not self.form.smallest_cell_A:
            return system, 1
        heights = 1.0 / np.linalg.norm(np.linalg.inv(system.cell.array), axis=0)
        times = np.where(atoms.pbc, np.ceil(self.form.smallest_cell_A / heights), 1).astype(int)
        return system.repeat(times), int(np.prod(times))

    def close(self) -> None:
        """End the LAMMPS instance; the next call starts another."""
        if self._lammps is not None:
            self._lammps.close()
        self._lammps, self._loaded, self._box = None, (), None

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_lammps": None, "_loaded": (), "_box": None}

    def _load(self, atoms: Atoms) -> None:
        """A fresh system with these atoms and the pair style."""
        types = self._types(atoms)
        if self._lammps is None:
            self._lammps = open_lammps()
        os.environ["LAMMPS_POTENTIALS"] = str(self.form.file.parent)
        for line in self._header(types):
            self._say(line)
        index = {element: number for number, element in enumerate(types, start=1)}
        n = len(atoms)
        self._lammps.create_atoms(n, list(range(1, n + 1)), [index[s] for s in atoms.symbols], [0.0] * (3 * n))
        for line in [*self.form.commands(types), *self._charges(), *_OUTPUT]:
            self._say(line)
        self._loaded, self._box = tuple(atoms.numbers), None

    def _types(self, atoms: Atoms) -> list[str]:
        """The element of each LAMMPS type. Raises UnsupportedElement for an element that the file lacks."""
        known, present = list(self.form.labels), set(atoms.symbols)
        strange = sorted(present - set(known))
        if strange:
            raise UnsupportedElement(f"{self.form.file.name} has no {', '.join(strange)}; it has {', '.join(known)}.")
        return known if self.form.all_types else [element for element in known if element in present]

    def _header(self, types: list[str]) -> list[str]:
        masses = [f"mass {n} {atomic_masses[atomic_numbers[e]]}" for n, e in enumerate(types, start=1)]
        start = ["clear", f"units {self.form.units}", "atom_style charge", "atom_modify map array sort 0 0"]
        box = ["boundary p p p", "box tilt large", "region all prism 0 1 0 1 0 1 0 0 0"]
        return [*start, *box, f"create_box {len(types)} all", *masses]

    def _charges(self) -> list[str]:
        return ["fix charges all qeq/reaxff 1 0.0 10.0 1.0e-10 reaxff maxiter 500"] if self.form.qeq else []

    def _place(self, atoms: Atoms, box: Floats, turn: Floats) -> None:
        """Set the box and the wrapped positions."""
        if self._box is None or not np.array_equal(box, self._box):
            (lx, _, _), (xy, ly, _), (xz, yz, lz) = box.tolist()
            edges = f"x final 0 {lx!r} y final 0 {ly!r} z final 0 {lz!r}"
            self._say(f"change_box all {edges} xy final {xy!r} xz final {xz!r} yz final {yz!r} units box")
            self._box = box
        inside = atoms.positions @ turn @ np.linalg.inv(box)
        positions = np.ascontiguousarray((inside % 1.0) @ box)
        pointer = positions.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        self._lammps.scatter_atoms("x", 1, 3, pointer)

    def _read(self, n_atoms: int, volume: float) -> tuple[float, Floats, Floats]:
        """Energy (eV), forces (eV/Å) in LAMMPS' axes, and dE/dstrain (eV)."""
        scale = ENERGY_EV[self.form.units]
        energy = float(self._lammps.get_thermo("pe")) * scale
        forces = np.array(self._lammps.gather_atoms("f", 1, 3), dtype=np.float64).reshape(n_atoms, 3) * scale
        xx, yy, zz, yz, xz, xy = (float(self._lammps.get_thermo(f"p{k}")) for k in ("xx", "yy", "zz", "yz", "xz", "xy"))
        pressure = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) * scale
        return energy, forces, -pressure * volume / self._lammps.extract_global("nktv2p")

    def _say(self, line: str) -> None:
        """Run one command. Raises PartFailed with LAMMPS' own words; the instance is then started anew."""
        library, instance = self._lammps.lib, self._lammps.lmp
        library.lammps_command(instance, line.encode())
        if not library.lammps_has_error(instance):
            return
        words = ctypes.create_string_buffer(500)
        library.lammps_get_last_error_message(instance, words, 500)
        self.close()
        text = " ".join(words.value.decode(errors="replace").replace("ERROR:", "").split())
        kind = LabelFailed if line.startswith("run") else PartFailed
        raise kind(f"LAMMPS refused {line!r} for {self.form.file.name}: {text}")


_OUTPUT = (
    "neighbor 1.0 bin",
    "neigh_modify delay 0 every 1 check yes one 10000 page 200000",
    "thermo_style custom step pe pxx pyy pzz pyz pxz pxy",
    "thermo_modify norm no lost error",
)
