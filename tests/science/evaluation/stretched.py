"""A potential that is a known change of another: what an evaluation must find of it is known."""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT


class Scaled(Calculator):
    """EMT with lengths multiplied by `length` and energies by `energy`: a grows by the one, B by energy / length³."""

    implemented_properties = ["energy", "forces", "stress"]

    def __init__(self, length=1.0, energy=1.0):
        super().__init__()
        self.length, self.energy = length, energy

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        small = atoms.copy()
        small.set_constraint()
        small.set_cell(atoms.cell / self.length)
        small.positions = atoms.positions / self.length
        small.calc = EMT()
        self.results = {
            "energy": self.energy * small.get_potential_energy(),
            "forces": np.array(small.get_forces()) * self.energy / self.length,
        }
        if atoms.pbc.all():
            self.results["stress"] = np.array(small.get_stress()) * self.energy / self.length**3
