"""Disordered starts: the right density, no overlap, no crystal left, ions apart and polyatomic units whole."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import closest_pair, density_g_cm3, fragments, inspect
from lang2mlip.science.structures.melt import Melt, MeltParameters
from lang2mlip.science.structures.source import CrystalSource, conventional
from lang2mlip.science.structures.units import units_of


def build(seed=0, **parameters):
    return Melt(MeltParameters(**parameters)).build(seed)


@pytest.mark.parametrize("key", ["Cu", "Si", "NaCl"])
def test_a_disordered_start_has_its_density_and_passes_the_gate(key):
    builder = Melt(MeltParameters(crystal=key, atoms=48, expansion=1.08))
    atoms = builder.build(1)
    solid = density_g_cm3(conventional(CrystalSource(crystal=key)))
    assert density_g_cm3(atoms) == pytest.approx(solid / 1.08)
    assert inspect(atoms, builder.expectations()).failures == ()


def test_no_long_range_order_is_left():
    atoms = build(crystal="Cu", atoms=108)
    wave = 2 * np.pi / 3.6146 * np.array([1, 1, 1]) / (1.06 ** (1 / 3))
    peak = abs(np.exp(1j * atoms.positions @ wave).sum()) ** 2 / len(atoms)
    assert peak < 0.1 * len(atoms), "a crystal would give as many as it has atoms"


def test_ions_of_one_sign_keep_apart_without_charges():
    atoms = build(crystal="NaCl", atoms=64)
    i, j, distance = neighbor_list("ijd", atoms, 6.0)
    alike = atoms.numbers[i] == atoms.numbers[j]
    assert distance[alike].min() > 3.2 > distance[~alike].min()


@pytest.mark.parametrize(("key", "unit", "count"), [("Li2CO3", "CO3", 8), ("LiOH", "HO", 16)])
def test_polyatomic_units_stay_whole(key, unit, count):
    atoms = build(crystal=key, atoms=48)
    found = {name.split(":")[0]: n for name, n in fragments(atoms).items()}
    assert found[unit] == count


def test_a_network_falls_into_atoms_but_an_anion_does_not():
    network, salt = (conventional(CrystalSource(crystal=key)) for key in ("SiO2-quartz", "CaCO3-calcite"))
    assert {len(unit.members) for unit in units_of(network)} == {1}
    assert sorted({len(unit.members) for unit in units_of(salt)}) == [1, 4]


def test_the_same_seed_gives_the_same_atoms_and_a_density_can_be_asked_for():
    wish = {"crystal": "Cu", "atoms": 32, "density_g_cm3": 8.0}
    assert (build(3, **wish).positions == build(3, **wish).positions).all()
    assert not np.allclose(build(3, **wish).positions, build(4, **wish).positions)
    assert density_g_cm3(build(3, **wish)) == pytest.approx(8.0)
    assert closest_pair(build(3, **wish))[0] > 0.77


def test_a_density_without_room_is_refused():
    with pytest.raises(BadInput, match="ask for a lower density"):
        build(crystal="Cu", atoms=8, density_g_cm3=25.0)
