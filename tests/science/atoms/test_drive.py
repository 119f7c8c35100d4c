"""Calculators asked directly: the same answers as through ASE, counted, and nothing stale left behind."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.mixing import SumCalculator
from ase.calculators.singlepoint import SinglePointCalculator
from toys import IdealGas, Springs

from lang2mlip.errors import LabelFailed, PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.atoms.md import MDPlan, run


def shaken(seed=1):
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=seed)
    return atoms


def test_a_single_point_is_what_ase_says_and_leaves_the_calculator_ready_for_another():
    calculator = EMT()
    first, second = shaken(1), shaken(2)
    single_point(first, calculator)
    said = single_point(second, calculator)
    second.calc = EMT()
    assert said.energy == pytest.approx(second.get_potential_energy(), abs=1e-12)
    assert np.allclose(said.forces, second.get_forces()) and np.allclose(said.stress, second.get_stress())
    first.calc = calculator
    fresh = first.copy()
    fresh.calc = EMT()
    assert first.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-12)


def test_after_a_run_the_calculator_gives_nothing_stale():
    atoms, calculator = shaken(), EMT()
    before = single_point(atoms, calculator).energy
    run(atoms, calculator, MDPlan(steps=10, temperature_K=600))
    atoms.calc = calculator
    assert atoms.get_potential_energy() == pytest.approx(before, abs=1e-12)


def test_a_calculator_with_its_own_way_of_answering_is_asked_that_way():
    frame = shaken()
    labels = single_point(frame, EMT())
    frozen = SinglePointCalculator(frame, energy=labels.energy, forces=labels.forces, stress=labels.stress)
    assert np.array_equal(single_point(frame, frozen).forces, labels.forces)
    both = SumCalculator([EMT(), IdealGas()])
    assert single_point(shaken(), both).energy == pytest.approx(labels.energy)


def test_a_molecule_has_no_stress_and_a_slab_with_a_cell_has():
    assert single_point(molecule("H2O"), EMT()).stress is None
    assert single_point(shaken(), EMT()).stress.shape == (6,)
    assert single_point(shaken(), Springs(shaken().positions)).stress is None


def test_every_new_configuration_counts_once_whatever_is_asked_of_it():
    counted = Counted(EMT())
    atoms = shaken()
    atoms.calc = counted
    atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress(), atoms.get_forces()
    assert counted.calls == 1
    atoms.positions += 0.01
    atoms.get_forces()
    assert counted.calls == 2


def test_failures_say_who_failed_and_a_label_that_failed_stays_one():
    class Silent(Calculator):
        implemented_properties = ["energy", "forces"]

    class Refuses(Calculator):
        implemented_properties = ["energy", "forces"]

        def calculate(self, *args, **kwargs):
            raise LabelFailed("not this one")

    with pytest.raises(PartFailed, match="Silent gave no energy"):
        single_point(Atoms("H"), Silent())
    with pytest.raises(LabelFailed, match="not this one"):
        single_point(Atoms("H"), Refuses())
    assert run(Atoms("H"), Refuses(), MDPlan(steps=3)).ended == "failed"
