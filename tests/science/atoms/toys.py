"""Small real calculators whose physics is known on paper."""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class Springs(Calculator):
    """Each atom on its own spring: E = k/2 Σ (r − r0)². A negative k drives the atoms apart."""

    implemented_properties = ["energy", "forces"]

    def __init__(self, sites, stiffness=1.0):
        super().__init__()
        self.sites, self.stiffness = np.array(sites), stiffness

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        away = atoms.positions - self.sites
        self.results = {
            "energy": 0.5 * self.stiffness * float((away**2).sum()),
            "forces": -self.stiffness * away,
        }


class IdealGas(Calculator):
    """Atoms that do not see each other."""

    implemented_properties = ["energy", "forces", "stress"]

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": np.zeros((len(atoms), 3)), "stress": np.zeros(6)}


class Breaks(Springs):
    """Springs that raise an error at one call."""

    def __init__(self, sites, at_call, error):
        super().__init__(sites)
        self.left, self.error = at_call, error

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        self.left -= 1
        if self.left == 0:
            raise self.error
        super().calculate(atoms, properties, system_changes)
