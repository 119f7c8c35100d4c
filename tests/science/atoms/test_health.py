"""Every limit trips, names its value, and leaves healthy atoms alone."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from lang2mlip.science.atoms.health import Health, Reading, Watch, check
from lang2mlip.science.atoms.neighbours import bond_graph


def reading(atoms, force=0.1, energy=0.0, temperature=300.0, target=300.0):
    forces = np.zeros((len(atoms), 3))
    forces[0, 0] = force
    return Reading(1, energy, forces, temperature, target, 3 * len(atoms) - 3)


@pytest.fixture
def copper():
    return bulk("Cu", cubic=True) * (2, 2, 2)


def test_a_crystal_is_healthy_and_its_ranges_are_remembered(copper):
    watch = Watch(Health(), copper)
    assert watch.geometry(copper) is None and watch.reading(reading(copper)) is None
    assert watch.reading(reading(copper, force=0.4, temperature=350)) is None
    assert watch.seen["distance Cu-Cu"] == pytest.approx((3.61 / 2**0.5,) * 2)
    assert watch.seen["force"] == pytest.approx((0.1, 0.4)) and watch.seen["temperature"] == (300, 350)
    assert watch.seen["volume"][0] == pytest.approx(3.61**3 / 4)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"force": 120.0}, "a force of 120.0 eV/Å is above 100"),
        ({"force": np.nan}, "not finite"),
        ({"energy": np.inf}, "not finite"),
        ({"energy": -200.0}, "-6.25 eV/atom"),
        ({"temperature": 2000.0}, "runaway"),
    ],
)
def test_a_reading_outside_its_limit_trips_with_its_value(copper, more, sentence):
    watch = Watch(Health(), copper, start_energy_eV=0.0)
    assert sentence in watch.reading(reading(copper, **more))


def test_a_small_molecule_may_be_hot_for_a_moment_where_a_crystal_may_not(copper):
    water = molecule("H2O")
    assert Watch(Health(), water).reading(reading(water, temperature=1200)) is None
    assert Watch(Health(), copper).reading(reading(copper, temperature=1500)) is not None


def test_the_references_own_minimum_wins_over_the_factor(copper):
    assert check(copper, Health()) is None
    assert "2.553 Å, nearer than 2.600" in check(copper, Health(pair_minimum_A={"Cu-Cu": 2.6}))


def test_a_crushed_pair_across_the_boundary_is_seen():
    atoms = Atoms("Cu2", positions=[[0.1, 0, 0], [9.8, 0, 0]], cell=[10, 10, 10], pbc=True)
    assert "Cu-Cu came to 0.300" in check(atoms, Health())
    atoms.pbc = False
    assert check(atoms, Health()) is None


def test_volume_bonds_and_lost_atoms_trip(copper):
    watch = Watch(Health(), copper)
    swollen = copper.copy()
    swollen.set_cell(copper.cell * 1.4, scale_atoms=True)
    assert "2.74 times the first" in watch.geometry(swollen)
    lost = copper.copy()
    lost.positions[3] = np.nan
    assert "not finite" in watch.geometry(lost)
    flat = copper.copy()
    flat.set_cell([1e-5, 7, 7], scale_atoms=True)
    assert Watch(Health(volume_ratio=None), copper).geometry(flat).startswith("the cell collapsed")
    water = molecule("H2O")
    bonded = Watch(Health(bonds=bond_graph(water)), water)
    water.positions[1] += water.positions[1] - water.positions[0]
    assert "bond O0-H1 stretched" in bonded.geometry(water) and "2.00 times" in bonded.geometry(water)
