"""The small base under every calculator of this room: atoms in, a dictionary of results out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from numpy.typing import NDArray

__all__ = ["Computed", "Floats", "voigt"]

Floats = NDArray[np.float64]


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
