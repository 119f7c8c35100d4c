"""The ASE calculator: any number of atoms, any cell, one neighbour list kept while nothing has moved far."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.tables import System

__all__ = ["MTPCalculator"]


class MTPCalculator(Calculator):
    """Energy (eV), site energies, forces (eV/Å) and stress (eV/Å³, Voigt, dE/dstrain / volume)."""

    implemented_properties = [
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
    ]

    def __init__(self, engine: Engine, skin_A: float = 0.6) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.engine, self.skin = engine, skin_A
        self._list: _VerletList | None = None

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Any = None,
        system_changes: Any = all_changes,
    ) -> None:
        """Fill `results` with everything at once: forces cost almost nothing extra.

        Where all is said to have changed, the list is made anew: sums are then in the order of a new process.
        """
        super().calculate(atoms, properties or ["energy"], system_changes)  # type: ignore[no-untyped-call]
        now: Any = self.atoms
        if self._list is None or set(all_changes) <= set(system_changes) or not self._list.serves(now):
            self._list = _VerletList(now, self.engine, self.skin)
        values = self.engine.values(self._list.system(now))
        energy = float(values.energies.sum())
        self.results = {
            "energy": energy, "free_energy": energy, "energies": values.energies, "forces": values.forces,
        }  # fmt: skip
        if now.cell.rank == 3:
            stress = 0.5 * (values.virial + values.virial.T) / now.get_volume()
            self.results["stress"] = stress.ravel()[[0, 4, 8, 5, 2, 1]]


class _VerletList:
    """All pairs within cutoff + skin of one geometry; it serves others that differ by less than the skin."""

    def __init__(self, atoms: Atoms, engine: Engine, skin: float) -> None:
        self.atoms = atoms.copy()
        self.skin, self.reach = skin, engine.potential.cutoff + skin
        self.built = engine.system(atoms, skin)
        self.images = self.built.offset @ _inverse(np.asarray(atoms.cell))

    def serves(self, atoms: Atoms) -> bool:
        """True when no pair can have come within the cutoff that is not listed.

        A pair r moves by at most twice the largest displacement that is left after the cell's deformation, plus the
        deformation itself times r.
        """
        old = self.atoms
        if len(atoms) != len(old) or (atoms.numbers != old.numbers).any() or (atoms.pbc != old.pbc).any():
            return False
        moved = atoms.positions
        deformed, stretch = old.positions, 0.0
        if (atoms.cell[:] != old.cell[:]).any():
            if old.cell.rank < 3 or atoms.cell.rank < 3:
                return False
            gradient = np.linalg.inv(old.cell[:]) @ atoms.cell[:]
            deformed = old.positions @ gradient
            stretch = float(np.linalg.norm(np.linalg.inv(gradient) - np.eye(3), 2)) * self.reach
        far = float(((moved - deformed) ** 2).sum(axis=1).max(initial=0.0)) ** 0.5
        return bool(2.0 * far + stretch < self.skin)

    def system(self, atoms: Atoms) -> System:
        """The list with the positions and the cell of now."""
        positions = np.ascontiguousarray(atoms.positions, dtype=float)
        if (atoms.cell[:] == self.atoms.cell[:]).all():
            return self.built._replace(positions=positions)
        return self.built._replace(positions=positions, offset=np.rint(self.images) @ atoms.cell[:])


def _inverse(cell: np.ndarray) -> np.ndarray:
    """The inverse where there is one; images along missing vectors do not exist and come out as zero."""
    return np.linalg.pinv(cell)
