"""Glasses: neighbours, whole ions, density, the same by the same seed, layers of the thickness asked for."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.catalogue import load
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.amorphous import Amorphous, AmorphousParameters
from lang2mlip.science.structures.conformer import conformer
from lang2mlip.science.structures.gate import density_g_cm3, fragments, inspect
from lang2mlip.science.structures.standin.network import formal_charges

QUICK = {"quench_ps": 2.5, "anneal_ps": 1.0}


def builder(**fields):
    return Amorphous(AmorphousParameters(**(QUICK | fields)))


def neighbours(atoms, one, other, reach_A):
    first, second = neighbor_list("ij", atoms, {(one, other): reach_A})
    symbols = np.array(atoms.get_chemical_symbols())
    return (symbols[first] == one).sum() / (symbols == one).sum()


def order(atoms, crystal_like_A):
    """Share of pairs within 0.15 Å of a distance that the crystal has."""
    distances = neighbor_list("d", atoms, 5.0)
    return float((np.abs(distances[:, None] - crystal_like_A).min(axis=1) < 0.15).mean())


def test_silica_is_a_network_of_tetrahedra():
    made = builder(crystal="SiO2-quartz", atoms=108, quench_ps=5)
    atoms = made.build(1)
    assert neighbours(atoms, "Si", "O", 2.2) == pytest.approx(4.0, abs=0.12)
    assert neighbours(atoms, "O", "Si", 2.2) == pytest.approx(2.0, abs=0.06)
    assert inspect(atoms, made.expectations()).failures == ()
    assert "Pedone" in atoms.info["how"]


def test_carbonate_stays_planar_and_whole_and_dense():
    made = builder(crystal="Li2CO3", atoms=180, quench_ps=4)
    assembly = made.assemble(1)
    atoms = assembly.atoms
    assert inspect(atoms, made.expectations()).failures == ()
    assert density_g_cm3(atoms) == pytest.approx(2.0, abs=0.15)
    assert {name.split(":")[0]: n for name, n in fragments(atoms).items()} == {"CO3": 30, "Li": 60}
    assert assembly.charge == 0 and not assembly.held.any()
    for body in np.unique(assembly.body):
        own = assembly.atoms[assembly.body == body]
        if len(own) == 4:
            flat = own.positions - own.positions.mean(axis=0)
            assert np.linalg.svd(flat)[1][2] < 0.25
    assert 3.0 < neighbours(atoms, "Li", "O", 2.6) < 5.5


def test_a_halide_has_a_melts_neighbours():
    made = builder(crystal="LiF", atoms=100)
    atoms = made.build(2)
    assert inspect(atoms, made.expectations()).failures == ()
    assert 3.5 < neighbours(atoms, "Li", "F", 2.6) < 6
    assert made.assemble(2).held.all()


def test_a_salt_of_molecular_ions_keeps_its_bonds_and_the_density_asked_for():
    smiles = "[Li+].[Li+].[O-]C(=O)OCCOC(=O)[O-]"
    made = builder(molecules=[{"smiles": smiles}], density_g_cm3=1.7, atoms=128)
    atoms = made.build(1)
    assert density_g_cm3(atoms) == pytest.approx(1.7, rel=1e-3)
    assert inspect(atoms, made.expectations()).failures == ()
    assert fragments(atoms)["Li:" + next(iter(fragments(conformer("[Li+]", 0)))).split(":")[1]] == 16


def test_a_metal_uses_a_potential_file_and_loses_its_lattice():
    made = builder(crystal="Cu", atoms=100, quench_ps=1.5)
    atoms = made.build(1)
    assert inspect(atoms, made.expectations()).failures == ()
    assert ".eam" in atoms.info["how"]
    assert order(atoms, np.array([2.556, 3.615, 4.427])) < 0.7


def test_an_alloy_has_its_shares():
    made = builder(crystal="Cu", occupation={"Cu": 0.6, "Zr": 0.4}, atoms=50, quench_ps=1, density_g_cm3=7.3)
    atoms = made.build(1)
    assert (atoms.symbols == "Zr").sum() == 20 and (atoms.symbols == "Cu").sum() == 30
    assert density_g_cm3(atoms) == pytest.approx(7.3, rel=1e-3)


def test_the_same_seed_gives_the_same_glass():
    made = builder(crystal="LiF", atoms=40, quench_ps=0.5, anneal_ps=0.2)
    assert (made.build(5).positions == made.build(5).positions).all()
    assert made.build(6).positions.shape == made.build(5).positions.shape
    assert not np.allclose(made.build(6).positions, made.build(5).positions)


@pytest.mark.parametrize("lateral", [[[14.0, 0.0], [0.0, 13.0]], [[14.0, 0.0, 0.0], [-7.0, 12.0, 0.0]]])
def test_a_layer_fills_its_height_and_closes_at_its_sides(lateral):
    assembly = builder(crystal="Li2CO3", quench_ps=1).layer(np.array(lateral), 9.0, 1)
    atoms = assembly.atoms
    heights = atoms.positions[:, 2]
    assert heights.min() > -1e-6 and heights.max() < 9 + 1e-6
    assert np.ptp(heights) > 8
    assert atoms.pbc.tolist() == [True, True, False]
    assert np.allclose(atoms.cell.array[:2, :2], np.array(lateral)[:, :2])
    assert {name.split(":")[0] for name in fragments(atoms)} == {"CO3", "Li"}
    assert inspect(atoms).failures == ()


def test_oxidation_states_make_a_neutral_whole():
    assert formal_charges(["Fe", "Fe", "O", "O", "O"]) == {"Fe": 3, "O": -2}
    assert formal_charges(["Fe", "O"]) == {"Fe": 2, "O": -2}
    assert formal_charges(["Na", "Na", "Cl"]) is None


def test_what_cannot_be_quenched_is_refused():
    with pytest.raises(ValueError, match="exactly one of crystal, prototype, file, molecules"):
        builder(crystal="Cu", molecules=[{"name": "water"}])
    with pytest.raises(ValueError, match="either density_g_cm3 or expansion"):
        builder(crystal="Cu", density_g_cm3=8.0, expansion=1.1)
    with pytest.raises(BadInput, match="knows no field"):
        builder(prototype="bcc", formula="Eu", a=4.58).build(0)


def test_the_catalogue_knows_it():
    assert load("structure", "amorphous") is Amorphous
