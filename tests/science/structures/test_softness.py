"""Where crystals give way: across sheets and chains, else everywhere alike."""

import numpy as np
import pytest
from ase.build import bulk, make_supercell

from lang2mlip.prepare.variants import crystals
from lang2mlip.science.structures.softness import shortest_contact_A, soft_directions
from lang2mlip.science.structures.source import CrystalSource, conventional


def crystal(key):
    return conventional(CrystalSource(crystal=key))


@pytest.mark.parametrize("key", ["Cu", "SiO2-quartz", "LiF", "H2O-ice"])
def test_networks_metals_salts_and_molecules_know_no_soft_direction(key):
    assert np.allclose(soft_directions(crystal(key)), np.eye(3))


@pytest.mark.parametrize(("key", "normal"), [("C-graphite", (0, 0, 1)), ("MoS2", (0, 0, 1)), ("P-black", (0, 1, 0))])
def test_a_layered_crystal_is_soft_along_the_normal_of_its_sheets(key, normal):
    assert np.allclose(soft_directions(crystal(key)), np.outer(normal, normal), atol=1e-6)


def test_chains_are_soft_across():
    assert np.allclose(soft_directions(crystal("Se")), np.diag([1, 1, 0]), atol=1e-6)


def test_another_cell_of_the_same_layered_crystal_is_soft_along_the_same_direction():
    other = make_supercell(crystal("C-graphite"), [[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    assert np.allclose(soft_directions(other), np.diag([0, 0, 1]), atol=1e-6)


def test_the_shortest_contact_is_that_of_the_crystal():
    assert shortest_contact_A(bulk("Ar", "fcc", a=5.26)) == pytest.approx(5.26 / 2**0.5)


@pytest.mark.parametrize("key", ["C-graphite", "Cu", "Se"])
def test_the_expanded_variant_grows_by_the_same_volume_whatever_is_soft(key):
    (strain,) = (one.parameters["strain"] for one in crystals({"crystal": key}).variants if "expanded" in one.line)
    assert sum(strain[:3]) == pytest.approx(0.06)
    assert strain[3:] == [0, 0, 0]


def test_short_stiff_bonds_are_shaken_less():
    shaken = {key: crystals({"crystal": key}).variants[5].parameters["rattle_A"] for key in ("Cu", "C-graphite")}
    assert shaken["C-graphite"] < 0.015 < shaken["Cu"]
