"""The shape and the vibrations of a molecule are those of its own minimum."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.morse import MorsePotential
from ase.units import invcm

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.evaluation.geometry import Geometry


class Springs(Calculator):
    """Harmonic bonds between given pairs: (i, j) → (length in Å, stiffness in eV/Å²)."""

    implemented_properties = ("energy", "forces")

    def __init__(self, bonds):
        super().__init__()
        self.bonds = bonds

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        energy, forces = 0.0, np.zeros((len(atoms), 3))
        for (i, j), (length, stiffness) in self.bonds.items():
            vector = atoms.positions[j] - atoms.positions[i]
            distance = np.linalg.norm(vector)
            energy += 0.5 * stiffness * (distance - length) ** 2
            pull = stiffness * (distance - length) * vector / distance
            forces[i] += pull
            forces[j] -= pull
        self.results = {"energy": energy, "forces": forces}


def water(oxygen_hydrogen, hydrogens=1.6, stiffness=40.0):
    return Springs({(0, 1): (oxygen_hydrogen, stiffness), (0, 2): (oxygen_hydrogen, stiffness), (1, 2): (hydrogens, 5)})


def by_name(measured):
    return {one.name: one for one in measured.properties}


def test_a_diatomic_vibrates_at_the_root_of_stiffness_over_reduced_mass():
    atoms = Atoms("CO", positions=[[0, 0, 0], [0, 0, 1.2]])
    shape = Geometry().shape(atoms, Springs({(0, 1): (1.13, 100.0)}))
    masses = atoms.get_masses()
    reduced = masses.prod() / masses.sum()
    assert shape.wavenumbers == pytest.approx([np.sqrt(100.0 / reduced) * _quantum() / invcm], rel=1e-3)
    assert shape.atoms.get_distance(0, 1) == pytest.approx(1.13, abs=1e-4)


def _quantum():
    """ħ in ASE's units of time, so that ħω is an energy in eV."""
    from ase import units

    return units._hbar * units.J * units.s


def test_a_bent_molecule_has_three_n_minus_six_vibrations_and_agrees_with_itself():
    found = by_name(Geometry().measure("water", molecule("H2O"), water(0.97), water(0.97)))
    assert all(one.deviation == pytest.approx(0, abs=1e-2) for one in found.values())
    assert len(Geometry().shape(molecule("H2O"), water(0.97)).wavenumbers) == 3


def test_a_longer_bond_and_a_softer_one_show_in_their_own_units():
    found = by_name(Geometry().measure("water", molecule("H2O"), water(1.0, 1.6, 36.0), water(0.97)))
    assert found["bond_length"].deviation == pytest.approx(0.03, abs=1e-3)
    assert found["bond_angle"].reference > found["bond_angle"].value
    assert found["wavenumber"].value < found["wavenumber"].reference
    assert found["wavenumber"].deviation_unit == "cm⁻¹"


def test_a_molecule_that_falls_apart_or_has_no_minimum_is_said():
    apart = Springs({(0, 1): (0.97, 40.0), (0, 2): (2.4, 40.0), (1, 2): (3.0, 5.0)})
    with pytest.raises(PartFailed, match="other bonds"):
        Geometry().measure("water", molecule("H2O"), apart, water(0.97))


def test_limits_decide_and_a_shape_from_before_costs_nothing():
    part = Geometry(bond_limit_A=0.01)
    known = part.shape(molecule("H2O"), water(0.97))
    measured = part.measure("water", molecule("H2O"), water(1.0), known)
    assert measured.reference_calls == 0
    assert not by_name(measured)["bond_length"].passed
    assert by_name(measured)["bond_angle"].limit is None


def test_a_crystal_is_refused():
    with pytest.raises(BadInput, match="vacuum"):
        Geometry().shape(bulk("Ar", "fcc", 5.3), MorsePotential())
