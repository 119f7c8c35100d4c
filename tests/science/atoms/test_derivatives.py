"""The derivative check passes what is right and catches every usual mistake."""

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.derivatives import check_derivatives
from lang2mlip.science.atoms.drive import single_point


class Wrong(EMT):
    """EMT with one answer spoilt."""

    def __init__(self, spoil):
        super().__init__()
        self.spoil = spoil

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results = {key: np.array(value) for key, value in self.results.items()}
        self.spoil(self.results)


@pytest.fixture
def shaken():
    atoms = bulk("Cu", cubic=True)
    atoms.set_cell(atoms.cell @ np.array([[1, 0.05, 0], [0, 0.97, 0], [0, 0.02, 1]]), scale_atoms=True)
    atoms.rattle(0.1, seed=2)
    return atoms


def test_a_right_calculator_passes_and_its_calls_are_counted(shaken):
    calls = []
    report = check_derivatives(shaken, Wrong(lambda results: calls.append(1)))
    assert report.holds() and report.calls == len(calls)
    assert report.force_error_eV_A < 1e-4 and report.stress_error_eV_A3 < 1e-5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda results: results["forces"].__imul__(-1),
        lambda results: results["forces"].__imul__(1.02),
        lambda results: results["stress"].__imul__(-1),
        lambda results: results["stress"].__imul__(160.2),
        lambda results: results.update(stress=results["stress"][[0, 1, 2, 5, 4, 3]]),
    ],
    ids=["force sign", "force scale", "stress sign", "stress in GPa", "Voigt order"],
)
def test_the_usual_mistakes_are_caught(shaken, spoil):
    assert not check_derivatives(shaken, Wrong(spoil), components=12).holds()


def test_a_molecule_is_checked_without_stress():
    report = check_derivatives(molecule("H2O"), EMT())
    assert report.holds() and report.stress_error_eV_A3 is None


def test_answers_that_are_not_finite_and_failures_are_named(shaken):
    with pytest.raises(PartFailed, match="not finite"):
        check_derivatives(shaken, Wrong(lambda results: results.update(energy=np.nan)))
    with pytest.raises(PartFailed, match="EMT failed on Fe"):
        single_point(bulk("Fe"), EMT())
