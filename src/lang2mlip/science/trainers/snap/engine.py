"""Atoms under the commands of a SNAP model, in one LAMMPS instance of this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.held_lammps import COUNTED_OUTPUT, NEIGHBOURS, HeldLammps

__all__ = ["Engine", "SNAPCalculator"]


class Engine:
    """Atoms in LAMMPS under given commands; they are loaded anew only when their number or elements change."""

    def __init__(self, elements: Sequence[str], commands: Sequence[str]) -> None:
        self.elements, self.commands = tuple(elements), (*NEIGHBOURS, *commands)
        self.held = HeldLammps("of the SNAP model")

    def run(self, atoms: Atoms) -> np.ndarray:
        """Put `atoms` (periodic everywhere) into LAMMPS and run no step. Returns the turn of their axes, 3×3.

        Raises PartFailed with LAMMPS' own words.
        """
        if not self.held.holds(atoms):
            self.held.load(atoms, self.elements, ("units metal", "atom_style atomic"), self.commands)
        return self.held.run(atoms)


class SNAPCalculator(Calculator):
    """Energy (eV), forces (eV/Å) and stress (eV/Å³, ASE sign, Voigt) of fully periodic atoms by LAMMPS itself."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, elements: Sequence[str], commands: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.engine = Engine(elements, (*commands, *COUNTED_OUTPUT))

    def calculate(
        self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Fill `results`. Raises PartFailed where LAMMPS gives up or a value is not finite."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        now: Any = self.atoms
        turn = self.engine.run(now)
        energy, forces, pressure = self.engine.held.read()
        forces = forces @ turn.T
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise PartFailed(f"The SNAP model gave a value that is not finite for {now.symbols}.")
        stress = (turn @ -pressure @ turn.T).ravel()[[0, 4, 8, 5, 2, 1]]
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": stress}
