"""The small base under every calculator of this room: atoms in, a dictionary of results out; and boxes for slabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from numpy.typing import NDArray

__all__ = ["EMPTY_A", "Computed", "Floats", "boxed", "stands_free", "stress_share", "voigt"]

Floats = NDArray[np.float64]


EMPTY_A = 8.0
"""Empty space beyond which what stands in a periodic box does not feel its images, Å."""


class Computed(Calculator):
    """An ASE calculator that is one function: `compute(atoms)` gives every result at once."""

    def __init__(self, implemented: Sequence[str] = ("energy", "free_energy", "forces", "stress")) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = list(implemented)

    def calculate(
        self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Fill `results` for `atoms`."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        assert self.atoms is not None
        self.results = self.compute(self.atoms, list(system_changes))

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """energy (eV), forces (eV/Å), stress (eV/Å³, Voigt, ASE sign) of `atoms`; `changes` since the last call."""
        raise NotImplementedError


def voigt(virial: Floats, volume: float) -> Floats:
    """dE/dstrain (3, 3) in eV → stress xx, yy, zz, yz, xz, xy in eV/Å³, made symmetric."""
    stress: Floats = 0.5 * (virial + virial.T) / volume
    return stress.ravel()[[0, 4, 8, 5, 2, 1]]


def boxed(atoms: Atoms, vacuum_A: float) -> Atoms:
    """A copy that is periodic everywhere: where `atoms` is not, its width plus at least `vacuum_A`, in whole Å.

    Whole Å, because a box that follows every small move would change plane waves and Ewald sums with it.
    """
    system: Atoms = atoms.copy()
    cell = atoms.cell.complete().array.copy()
    free = np.nonzero(~atoms.pbc)[0]
    for row, direction in zip(free, _across(cell[atoms.pbc]), strict=True):
        cell[row] = direction * np.ceil(float(np.ptp(atoms.positions @ direction)) + vacuum_A)
    if len(free) and np.linalg.det(cell) < 0:
        cell[free[0]] *= -1  # right-handed, as some codes expect without saying so
    system.set_cell(cell)
    system.pbc = True
    return system


def stands_free(atoms: Atoms) -> bool:
    """Whether `atoms` is a molecule or an atom alone: not periodic, or at least 8 Å from its images on every side."""
    if not atoms.pbc.any():
        return True
    cell = atoms.cell.complete()
    heights = 1 / cell.reciprocal().lengths()
    taken = np.ptp(cell.scaled_positions(atoms.positions), axis=0) * heights
    return bool((heights - taken)[atoms.pbc].min() >= EMPTY_A)


def stress_share(system: Atoms, atoms: Atoms) -> float:
    """What to multiply a stress of the box `system` with to have that of `atoms`, whose cell has another volume."""
    return float(system.get_volume() / atoms.get_volume())


def _across(vectors: Floats) -> Floats:
    """Orthonormal rows perpendicular to `vectors`."""
    if len(vectors) == 0:
        return np.eye(3)
    perpendicular: Floats = np.linalg.svd(vectors, full_matrices=True)[2][len(vectors) :]
    return perpendicular
