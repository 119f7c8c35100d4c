"""Thermal expansion: that of the free energy itself, larger for a softer crystal, and near what is measured."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from stretched import Scaled

from lang2mlip.act.gates import property_gates
from lang2mlip.contracts import Goals
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.evaluation.measured import relax
from lang2mlip.science.evaluation.phonons import Phonons, primitive
from lang2mlip.science.evaluation.thermal_expansion import ThermalExpansion
from lang2mlip.units import BOLTZMANN_EV_PER_K

PHONONS = Phonons(length_A=7.0, mesh=3)
HOT = ThermalExpansion(temperature_K=900.0, phonons=PHONONS, limit_percent=Goals().thermal_expansion_percent)


@pytest.fixture(scope="module")
def copper():
    return HOT.expansion(bulk("Cu", cubic=True), EMT())


def free_energies(kelvins):
    """Volumes in Å³, and for each temperature E + F of the classical oscillators, eV per atom, of stretched copper."""
    cell, _ = relax(primitive(bulk("Cu", cubic=True)), Counted(EMT()), "full", 1e-3)
    volumes, rows = [], []
    for share in (-0.01, -0.005, 0.0, 0.005, 0.01):
        changed = cell.copy()
        changed.set_cell((1 + share) * cell.cell.array, scale_atoms=True)
        frequencies = PHONONS.of(changed, Counted(EMT()))
        modes = float(np.log(frequencies[frequencies > 0.05]).sum()) / len(frequencies)
        volumes.append(changed.cell.volume)
        rows.append([single_point(changed, EMT()).energy + BOLTZMANN_EV_PER_K * each * modes for each in kelvins])
    return np.array(volumes), np.array(rows).T


def test_it_is_the_slope_of_the_volume_that_has_the_lowest_free_energy(copper):
    volumes, energies = free_energies((100.0, 200.0))
    slopes = [np.polynomial.Polynomial.fit(volumes, energy, 4).deriv().roots() for energy in energies]
    lowest = [min(roots[np.isreal(roots)].real, key=lambda root: abs(root - volumes[2])) for roots in slopes]
    slope = np.log(lowest[1] / lowest[0]) / 100.0 / 3
    assert copper.per_million_K == pytest.approx(1e6 * slope, rel=0.1)


def test_copper_expands_about_as_measured(copper):
    """16.5·10⁻⁶/K at room temperature, Grüneisen parameter 2.0 (C. Kittel, Introduction to Solid State Physics)."""
    assert 10 < copper.per_million_K < 25 and 1.5 < copper.grueneisen < 3.0


def test_the_same_potential_passes_with_nothing_off_and_a_softer_one_misses(copper):
    crystal = bulk("Cu", cubic=True)
    found = [HOT.measure("bulk", crystal, each, copper).properties for each in (EMT(), Scaled(1.0, 0.8))]
    same, (alpha, grueneisen) = found
    assert same[0].deviation == pytest.approx(0.0, abs=1e-6)
    assert alpha.value / alpha.reference == pytest.approx(1 / 0.8, rel=0.02)  # classical: as one over the stiffness
    assert grueneisen.deviation < 1.0 and grueneisen.limit is None
    assert [gate.passed for gate in property_gates([same[0], alpha])] == [True, False]
    assert property_gates([alpha])[0].group == "bulk" and alpha.subject == "bulk, 900 K"


def test_cold_modes_do_not_expand_a_crystal(copper):
    cold = HOT.model_copy(update={"temperature_K": 10.0}).expansion(bulk("Cu", cubic=True), EMT())
    assert 0 < cold.per_million_K < 0.05 * copper.per_million_K and cold.calls == copper.calls


def test_a_crystal_that_is_not_stable_has_none():
    with pytest.raises(PartFailed, match="not stable"):
        HOT.expansion(bulk("Cu", "sc", a=2.4), EMT())
