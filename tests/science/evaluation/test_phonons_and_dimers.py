"""Phonons are those of the lattice; a potential that pulls near atoms together is found out."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from lang2mlip.science.evaluation.dimer_curve import DimerCurve
from lang2mlip.science.evaluation.phonons import Phonons


@pytest.fixture(scope="module")
def copper():
    return Phonons(mesh=6).frequencies(bulk("Cu", cubic=True), EMT())


def test_a_monatomic_crystal_has_three_bands_sound_and_no_imaginary_mode(copper):
    assert copper.THz.shape == (216, 3)
    assert copper.THz.min() > -0.05
    gamma = Phonons(mesh=1).frequencies(bulk("Cu", cubic=True), EMT()).THz
    assert gamma.shape == (1, 3) and np.abs(gamma).max() < 0.01


def test_the_highest_frequency_of_copper_is_near_the_measured_one(copper):
    """7.3 THz at X, longitudinal (E. C. Svensson et al., Phys. Rev. 155, 619 (1967)); EMT is a tenth off at most."""
    assert copper.THz.max() == pytest.approx(7.3, rel=0.15)


def test_the_same_calculator_differs_from_itself_by_nothing_and_another_by_something(copper):
    same = Phonons(mesh=6).measure("Cu", bulk("Cu", cubic=True), EMT(), copper)
    assert same.reference_calls == 0 and same.properties[0].value < 1e-6

    class Softer(EMT):
        def calculate(self, *given, **more):
            super().calculate(*given, **more)
            self.results = {key: 0.81 * value for key, value in self.results.items()}

    softer = Phonons(mesh=6).measure("Cu", bulk("Cu", cubic=True), Softer(), copper)
    assert softer.properties[1].value == pytest.approx(0.9 * copper.THz.max(), rel=0.01)
    assert not Phonons(mesh=6, limit_THz=0.1).measure("Cu", bulk("Cu"), Softer(), copper).properties[0].passed


def test_lennard_jones_pairs_repel_and_have_one_minimum():
    found = DimerCurve().measure("Ar", bulk("Ar"), LennardJones(sigma=2.2, epsilon=0.01, rc=9.0), None)
    by_name = {one.name: one for one in found.properties}
    assert by_name["dimer_attraction_when_near"].passed and by_name["dimer_minima"].value == 1
    assert found.reference_calls == 0 and len(found.curves["dimers"]["Ar-Ar"]["r_A"]) == 40


def test_a_hole_at_short_range_is_found():
    class Hole(Calculator):
        implemented_properties = ["energy", "forces"]

        def calculate(self, atoms=None, properties=(), system_changes=all_changes):
            away = atoms.positions[1] - atoms.positions[0]
            r = np.linalg.norm(away)
            push = 5.0 * (r - 1.2) * away / r  # a bump at 1.2 Å: nearer than that they fall into each other
            self.results = {"energy": -2.5 * (r - 1.2) ** 2, "forces": np.array([-push, push])}

    found = DimerCurve().measure("Ar", bulk("Ar"), Hole(), None)
    assert not found.properties[0].passed and found.properties[0].value > 3
