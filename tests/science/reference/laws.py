"""A reference with a known law of convergence: harmonic springs whose errors fall exponentially with `fineness`."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT

from lang2mlip.errors import LabelFailed
from lang2mlip.science.reference.calculator import Computed

DECAY = 100.0
"""The error falls by e when the fineness grows by this."""


class Fine(Computed):
    """EMT, whose forces and stress are off by exp(−fineness/100) eV/Å, and whose energies by ten times that.

    Below `breaks` it fails; the energy difference between two cells is off by `unequal` times the factor.
    """

    def __init__(self, fineness: float = 1000.0, unequal: float = 0.0, breaks: float = 0.0) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress"))
        self.factor, self.unequal, self.failing = float(np.exp(-fineness / DECAY)), unequal, fineness < breaks

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        if self.failing:
            raise LabelFailed("Too coarse to converge at all; leave the frame out.")
        inner = EMT()
        energy = inner.get_potential_energy(atoms) + len(atoms) * self.factor * (
            10 + self.unequal * atoms.get_volume() / len(atoms)
        )
        forces = inner.get_forces(atoms)
        forces[0, 0] += self.factor
        return {"energy": energy, "free_energy": energy, "forces": forces, "stress": inner.get_stress(atoms)}
