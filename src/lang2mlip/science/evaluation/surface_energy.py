"""Surface energy of a slab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.formula import Formula
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.drive import Counted
from lang2mlip.science.evaluation.measured import Measured, conventional, of_reference, per_cent, relax
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = ["Cleaved", "SurfaceEnergy"]

_EV_PER_A2_IN_J_PER_M2 = EV_PER_A3_IN_GPA / 10.0


@dataclass(frozen=True)
class Cleaved:
    """One calculator's surface energy and the calls it took."""

    energy_J_m2: float
    calls: int


class SurfaceEnergy(Noun):
    """(E_slab, relaxed − n E_bulk) / 2A, the slab stretched to the calculator's own lattice parameter."""

    fmax_eV_A: float = Field(default=0.02, gt=0, description="largest force left after relaxing, eV/Å")
    limit_percent: float | None = Field(default=None, description="limit, % of the reference")

    def cleaved(self, slab: Atoms, bulk: Atoms, calculator: Any) -> Cleaved:
        """One calculator's, for a slab cut from this bulk at this lattice parameter.

        Raises PartFailed, and BadInput when slab and bulk differ in composition.
        """
        if _reduced(slab) != _reduced(bulk):
            raise BadInput(f"The slab is {_reduced(slab)} but its bulk is {_reduced(bulk)}; they must agree.")
        counted = Counted(calculator)
        start = conventional(bulk)
        crystal, energy = relax(start, counted, "volume", 1e-3)
        stretched = slab.copy()
        stretched.set_constraint()
        stretched.set_cell(slab.cell * (crystal.cell.volume / start.cell.volume) ** (1 / 3), scale_atoms=True)
        _, whole = relax(stretched, counted, "fixed", self.fmax_eV_A)
        per_unit = energy / _formula_units(start)
        area = _area(stretched)
        excess = whole - _formula_units(slab) * per_unit
        return Cleaved(excess / (2 * area) * _EV_PER_A2_IN_J_PER_M2, counted.calls)

    def measure(self, subject: str, slab: Atoms, bulk: Atoms, calculators: tuple[Any, Any]) -> Measured:
        """Both, from (potential, reference); the reference may be a Cleaved from before, which costs nothing."""
        potential, reference = calculators
        mine = self.cleaved(slab, bulk, potential)
        known = of_reference(reference, Cleaved, lambda one: self.cleaved(slab, bulk, one))
        pair = (mine.energy_J_m2, known.energy_J_m2)
        found = per_cent("surface_energy", subject, "J/m²", pair, self.limit_percent)
        return Measured((found,), {}, 0 if known is reference else known.calls)


def _reduced(atoms: Atoms) -> str:
    return str(Formula(atoms.get_chemical_formula()).reduce()[0].format("hill"))


def _formula_units(atoms: Atoms) -> int:
    return int(Formula(atoms.get_chemical_formula()).reduce()[1])


def _area(slab: Atoms) -> float:
    """Å² of one face."""
    first, second = (slab.cell[axis] for axis in range(3) if axis != _normal(slab))
    return float(np.linalg.norm(np.cross(first, second)))


def _normal(slab: Atoms) -> int:
    """The direction of the vacuum: not periodic, or the one with the widest gap between atoms."""
    free = [axis for axis in range(3) if not slab.pbc[axis]]
    if len(free) == 1:
        return free[0]
    heights = 1.0 / np.linalg.norm(np.linalg.inv(slab.cell.array), axis=0)
    gaps = []
    for axis in range(3):
        places = np.sort(slab.get_scaled_positions()[:, axis])
        gaps.append(float(np.max(np.diff(np.append(places, places[0] + 1.0)))) * heights[axis])
    return int(np.argmax(gaps))
