"""Molecules: the table against RDKit, sound conformers, liquids at their density with every molecule intact."""

from collections import Counter

import numpy as np
import pytest
from ase.formula import Formula

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.conformer import conformer, ions
from lang2mlip.science.structures.gate import closest_pair, density_g_cm3, fragments, inspect
from lang2mlip.science.structures.molecule import Molecule, MoleculeParameters, find_molecule

KEYS = sorted(table("molecules"))


def builder(*molecules, **further):
    return Molecule(MoleculeParameters(molecules=molecules, **further))


@pytest.mark.parametrize("key", KEYS)
def test_the_smiles_of_an_entry_has_its_formula_and_charge_and_a_sound_geometry(key):
    entry = table("molecules")[key]
    made = builder({"name": key})
    atoms = made.build(7)
    assert Counter(atoms.symbols) == Formula(entry["formula"]).count()
    assert atoms.info["charge"] == entry["charge"] == round(atoms.get_initial_charges().sum())
    assert inspect(atoms, made.expectations()).failures == ()
    assert not atoms.pbc.any()
    assert entry["source"]


def test_no_name_stands_for_two_molecules():
    seen = {}
    for key, fields in table("molecules").items():
        for name in fields["names"]:
            assert seen.setdefault(name.casefold(), key) == key


def test_known_geometries_come_out():
    water = conformer("O", 1)
    assert water.get_angle(1, 0, 2) == pytest.approx(104.5, abs=2.5)
    assert water.get_distance(0, 1) == pytest.approx(0.96, abs=0.03)
    ring = conformer("c1ccccc1", 1)
    assert np.ptp(ring.positions @ np.linalg.svd(ring.positions)[2][2]) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_six_ligands_stand_as_an_octahedron(seed):
    atoms = conformer("F[P-](F)(F)(F)(F)F", seed)
    center = int(np.flatnonzero(atoms.symbols == "P")[0])
    ligands = [i for i in range(7) if i != center]
    arms = atoms.positions[ligands] - atoms.positions[center]
    cosines = (arms @ arms.T) / np.outer(*(np.linalg.norm(arms, axis=1),) * 2)
    assert sorted(cosines[np.triu_indices(6, 1)].round(1)) == pytest.approx([-1.0] * 3 + [0.0] * 12, abs=0.11)


def test_conformers_differ_by_seed_and_repeat_by_seed():
    made = builder({"smiles": "CCCCO"})
    one, again, two = made.build(1), made.build(1), made.build(2)
    assert (one.positions == again.positions).all()
    assert not np.allclose(
        np.sort(one.get_all_distances().ravel()), np.sort(two.get_all_distances().ravel()), atol=0.05
    )


@pytest.mark.parametrize("name", ["water", "ethanol", "acetonitrile"])
def test_a_liquid_has_its_tabulated_density_and_whole_molecules(name):
    made = builder({"name": name}, state="liquid", atoms=60)
    atoms = made.build(1)
    assert inspect(atoms, made.expectations()).failures == ()
    assert density_g_cm3(atoms) == pytest.approx(table("molecules")[name]["density_g_cm3"], rel=1e-3)
    assert len(fragments(atoms)) == 1 and atoms.pbc.all()
    assert (made.build(1).positions == atoms.positions).all()


def test_a_salt_in_a_mixture_of_solvents_is_split_into_its_ions():
    made = builder({"name": "EC", "parts": 3}, {"name": "DMC", "parts": 3}, {"name": "LiPF6"}, state="liquid", atoms=80)
    atoms = made.build(2)
    found = {name.split(":")[0]: count for name, count in fragments(atoms).items()}
    assert found == {"C3H4O3": 3, "C3H6O3": 3, "F6P": 1, "Li": 1}
    assert 1.1 < density_g_cm3(atoms) < 1.4
    assert atoms.info["charge"] == 0


def test_a_salt_in_vacuum_stands_side_by_side_without_touching():
    atoms = builder({"name": "LiPF6"}).build(3)
    assert len(atoms) == 8 and closest_pair(atoms)[0] > 0.9


def test_names_abbreviations_and_smiles_mean_the_same_molecule():
    assert find_molecule("dmc") is find_molecule("dimethyl carbonate") is find_molecule("dimethyl-carbonate")
    assert ions("[Li+].[F-]") == ["[Li+]", "[F-]"]


def test_what_is_no_molecule_is_refused():
    with pytest.raises(UnknownName, match="Did you mean 'ethanol'"):
        builder({"name": "ethanoll"}).build(0)
    with pytest.raises(BadInput, match="not a SMILES"):
        builder({"smiles": "C(("}).build(0)
    with pytest.raises(BadInput, match="No liquid density is known"):
        builder({"smiles": "CCCCCCCCCC#N"}, state="liquid").build(0)
    with pytest.raises(ValueError, match="either name or smiles"):
        builder({"name": "water", "smiles": "O"})


ELECTROLYTE = ({"name": "EC"}, {"name": "DMC"}, {"name": "LiPF6", "molarity_mol_L": 1.0})


def counts(*molecules, atoms=1000, **further):
    made = builder(*molecules, state="liquid", atoms=atoms, **further)
    return {smiles: count for smiles, count in made._species()}


def test_a_molarity_becomes_whole_molecules_in_the_volume_of_the_liquid():
    found = counts(*ELECTROLYTE, atoms=3000)
    assert found["[Li+]"] == found["F[P-](F)(F)(F)(F)F"]
    assert abs(found["O=C1OCCO1"] - found["COC(=O)OC"]) <= 1
    made = builder(*ELECTROLYTE, state="liquid", atoms=3000)
    mass = sum(conformer(smiles, 0).get_masses().sum() * n for smiles, n in found.items())
    litres = mass * 1.66053904e-24 / (1000 * made._density())
    assert found["[Li+]"] / 6.02214076e23 / litres == pytest.approx(1.0, abs=0.04)


def test_molality_counts_kilograms_of_solvent():
    found = counts({"name": "water"}, {"name": "LiTFSI", "molality_mol_kg": 2.0}, atoms=3000)
    assert found["[Li+]"] / (found["O"] * 0.018015) == pytest.approx(2.0, rel=0.05)


def test_parts_by_weight_and_by_volume_become_moles():
    weight = counts({"name": "EC", "by": "weight"}, {"name": "DMC", "by": "weight"})
    assert weight["O=C1OCCO1"] / weight["COC(=O)OC"] == pytest.approx(90.08 / 88.06, rel=0.05)
    volume = counts({"name": "EC", "by": "volume", "parts": 0.5}, {"name": "DMC", "by": "volume", "parts": 0.5})
    assert volume["O=C1OCCO1"] / volume["COC(=O)OC"] == pytest.approx(1.321 / 88.06 * 90.08 / 1.063, rel=0.06)


def test_a_small_box_still_has_one_of_each():
    assert min(counts(*ELECTROLYTE, atoms=60).values()) == 1


def test_an_impossible_solution_is_refused():
    with pytest.raises(BadInput, match="leave no room for the solvent"):
        counts({"name": "water"}, {"name": "LiPF6", "molarity_mol_L": 14.0})
    with pytest.raises(BadInput, match="dissolves in water to"):
        counts({"name": "water"}, {"name": "hexane", "molarity_mol_L": 1.0})
    with pytest.raises(BadInput, match="needs a solvent"):
        counts({"name": "LiPF6", "molarity_mol_L": 1.0})
    with pytest.raises(BadInput, match="all by mole, all by weight"):
        counts({"name": "EC", "by": "weight"}, {"name": "DMC", "by": "volume"})
    with pytest.raises(ValueError, match="either molarity_mol_L or molality_mol_kg"):
        builder({"name": "LiPF6", "molarity_mol_L": 1.0, "molality_mol_kg": 1.0})


def test_an_equilibrated_liquid_has_its_own_density_near_the_known_one():
    made = builder({"name": "acetonitrile"}, state="liquid", atoms=180, equilibrate_ps=4)
    atoms = made.build(1)
    assert density_g_cm3(atoms) == pytest.approx(0.777, rel=0.08)
    assert density_g_cm3(atoms) != pytest.approx(0.9 * 0.7766, rel=1e-3)
    assert inspect(atoms, made.expectations()).failures == ()
    assert "stand-in" in atoms.info["how"]


def test_a_flat_layer_holds_whole_molecules_within_its_height():
    lateral = np.array([[13.0, 0.0], [-6.5, 12.0]])
    layer = builder(*ELECTROLYTE, state="liquid").layer(lateral, 10.0, 3)
    heights = layer.atoms.positions[:, 2]
    assert heights.min() > -1e-6 and heights.max() < 10 + 1e-6
    assert {name.split(":")[0] for name in fragments(layer.atoms)} == {"C3H4O3", "C3H6O3", "F6P", "Li"}
    assert inspect(layer.atoms).failures == ()
    assert layer.charge == 0
    mass = layer.atoms.get_masses().sum() * 1.66053904
    assert mass / (13.0 * 12.0 * 10.0) == pytest.approx(1.24, rel=0.1)
