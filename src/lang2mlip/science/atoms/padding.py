"""Any boundary condition for a calculator that knows full periodicity only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.geometry import complete_cell

from lang2mlip.errors import UnsupportedElement

__all__ = ["Padded", "padded"]


def padded(atoms: Atoms, cutoff_A: float) -> Atoms:
    """A fully periodic copy whose open directions hold so much vacuum that no atom meets an image.

    The same atoms are returned where they are fully periodic already. Energy, forces and virial are unchanged;
    the stress must be scaled by the ratio of the volumes.
    """
    if atoms.pbc.all():
        return atoms
    closed = np.where(atoms.pbc[:, None], atoms.cell.array, 0.0)
    axes = complete_cell(closed)
    axes = axes / np.linalg.norm(axes, axis=1)[:, None]
    cell = closed.copy()
    for i in np.flatnonzero(~atoms.pbc):
        along = atoms.positions @ axes[i]
        cell[i] = axes[i] * (np.ptp(along) + cutoff_A + 1.0)
    return Atoms(atoms.numbers, atoms.positions, cell=cell, pbc=True)


class Padded(Calculator):
    """Serves any boundary and refuses unknown elements; the wrapped calculator sees fully periodic cells only."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, inner: Calculator, cutoff_A: float, elements: Collection[str]):
        super().__init__()  # type: ignore[no-untyped-call]
        self.inner, self.cutoff_A, self.elements = inner, cutoff_A, frozenset(elements)

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] = (), system_changes: Any = all_changes
    ) -> None:
        """Energy (eV), forces (eV/Å) and, where the atoms have a volume, stress (eV/Å³, ASE sign, Voigt)."""
        super().calculate(atoms, list(properties), system_changes)  # type: ignore[no-untyped-call]
        here: Any = self.atoms
        unknown = sorted(set(here.symbols) - self.elements)
        if unknown:
            known = ", ".join(sorted(self.elements))
            raise UnsupportedElement(f"The potential was not trained for {', '.join(unknown)}; it knows {known}.")
        box = padded(here, self.cutoff_A)
        self.inner.calculate(box, ["energy", "forces", "stress"], all_changes)
        found = self.inner.results
        self.results = {"energy": float(found["energy"]), "free_energy": float(found["energy"])}
        self.results["forces"] = np.array(found["forces"], dtype=float)
        volume = abs(np.linalg.det(here.cell.array))
        if volume > 0:
            scale = 1.0 if box is here else abs(np.linalg.det(box.cell.array)) / volume
            self.results["stress"] = np.array(found["stress"], dtype=float).reshape(-1) * scale
