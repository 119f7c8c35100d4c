"""Crystals of molecules: whole molecules with the bonds of the literature, found by their bond graph."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.conformer import signature
from lang2mlip.science.structures.gate import fragments
from lang2mlip.science.structures.molecular_crystals import crystal_of_molecule
from lang2mlip.science.structures.source import CrystalSource, conventional

MOLECULES = {
    "CO(NH2)2": ("NC(N)=O", 2),
    "CO2": ("O=C=O", 4),
    "NH3": ("N", 4),
    "C6H6": ("c1ccccc1", 4),
    "N2-alpha": ("N#N", 4),
    "C2H2-cubic": ("C#C", 4),
    "CH4-ordered": ("C", 4),
    "H2O-ice-VIII": ("O", 8),
    "I2": ("II", 4),
    "HCN-tetragonal": ("C#N", 2),
    "C10H8-naphthalene": ("c1ccc2ccccc2c1", 2),
    "C14H10-anthracene": ("c1ccc2cc3ccccc3cc2c1", 2),
}
"""Key → SMILES and molecules in the cell."""


@pytest.mark.parametrize("key", MOLECULES)
def test_a_cell_holds_whole_molecules_of_the_right_kind_and_nothing_else(key):
    smiles, number = MOLECULES[key]
    assert fragments(conventional(CrystalSource(crystal=key))) == {signature(smiles): number}


@pytest.mark.parametrize(
    ("key", "ions"),
    [
        ("CaSO4-gypsum", {"[Ca]": 4, "[O-]S([O-])(=O)=O": 4, "O": 8}),
        ("LiOH-hydrate", {"[Li]": 4, "[OH-]": 4, "O": 4}),
        ("NH4F", {"[NH4+]": 2, "[F-]": 2}),
        ("KNO3", {"[K]": 4, "[O-][N+](=O)[O-]": 4}),
        ("BaSO4", {"[Ba]": 4, "[O-]S([O-])(=O)=O": 4}),
        ("CH3NH3PbI3-cubic", {"[Pb]": 1, "[I-]": 3, "C[NH3+]": 1}),
    ],
)
def test_salts_and_hydrates_hold_whole_ions_and_whole_water(key, ions):
    assert fragments(conventional(CrystalSource(crystal=key))) == {signature(one): n for one, n in ions.items()}


@pytest.mark.parametrize(
    ("key", "pair", "length", "at"),
    [
        ("CO(NH2)2", ("C", "O"), 1.26, 0.01),
        ("CO(NH2)2", ("C", "N"), 1.345, 0.01),
        ("C6H6", ("C", "C"), 1.395, 0.01),
        ("CO2", ("C", "O"), 1.155, 0.01),
        ("NH4Cl", ("N", "H"), 1.03, 0.01),
        ("CaSO4-gypsum", ("O", "S"), 1.473, 0.01),
        ("KNO3", ("N", "O"), 1.245, 0.01),
    ],
)
def test_bonds_have_the_lengths_of_the_literature(key, pair, length, at):
    atoms = conventional(CrystalSource(crystal=key))
    i, j, d = neighbor_list("ijd", atoms, 1.7)
    found = d[(atoms.symbols[i] == pair[0]) & (atoms.symbols[j] == pair[1])]
    assert len(found) and found == pytest.approx(length, abs=at)


def test_molecules_do_not_stand_nearer_than_van_der_waals_contacts_allow():
    for key in ("C6H6", "C10H8-naphthalene", "C14H10-anthracene"):
        atoms = conventional(CrystalSource(crystal=key))
        i, j, d = neighbor_list("ijd", atoms, {("H", "H"): 4.0, ("C", "H"): 4.0, ("C", "C"): 4.0})
        hydrogens = d[(atoms.numbers[i] == 1) & (atoms.numbers[j] == 1)]
        assert hydrogens.min() > 2.1
    shells = np.unique(np.round(neighbor_list("d", conventional(CrystalSource(crystal="C60-fcc")), 3.3), 2))
    assert not ((shells > 1.6) & (shells < 2.2)).any()


def test_the_fullerene_is_round_and_of_equal_bonds():
    atoms = conventional(CrystalSource(crystal="C60-fcc"))
    i, d = neighbor_list("id", atoms, 1.6)
    assert (np.bincount(i) == 3).all()
    assert d == pytest.approx(1.43, abs=0.01)


def test_the_crystal_of_a_molecule_is_found_by_its_bonds_not_by_its_formula():
    assert crystal_of_molecule("NC(N)=O") == "CO(NH2)2"
    assert crystal_of_molecule("O=C(N)N") == "CO(NH2)2"
    assert crystal_of_molecule("[NH4+].[O-]C#N") is None  # the isomer of urea that Wöhler began with
    assert crystal_of_molecule("[K+].[O-][N+](=O)[O-]") == "KNO3"
    assert crystal_of_molecule("O") == "H2O-ice"
    assert crystal_of_molecule("CC(=O)Nc1ccc(O)cc1") is None


@pytest.mark.parametrize("key", ["C6H6", "C10H8-naphthalene", "H2O-ice"])
def test_a_vacancy_of_a_molecular_crystal_is_a_whole_molecule(key):
    perfect = Bulk(BulkParameters(crystal=key, atoms=60)).build(3)
    lacking = Bulk(BulkParameters(crystal=key, atoms=60, vacancy_molecules=1)).build(3)
    kind, number = next(iter(fragments(perfect).items()))
    assert fragments(lacking) == {kind: number - 1}


def test_a_network_has_no_molecule_to_leave_out():
    with pytest.raises(BadInput, match="no molecule"):
        Bulk(BulkParameters(crystal="C-diamond", atoms=32, vacancy_molecules=1)).build(0)


def test_partly_filled_sites_become_the_stated_composition():
    phase_change = Bulk(BulkParameters(crystal="Ge2Sb2Te5-rocksalt", repeat=(5, 2, 2))).build(1)
    counts = phase_change.symbols.formula.count()
    assert counts["Te"] == 80 and counts["Ge"] == 32 and counts["Sb"] == 32
    electrolyte = Bulk(BulkParameters(crystal="Li10GeP2S12", repeat=(1, 1, 1))).build(1).symbols.formula.count()
    assert electrolyte["S"] == 24 and electrolyte["Ge"] == 2 and electrolyte["P"] == 4 and electrolyte["Li"] == 20


def test_every_molecular_crystal_is_of_a_molecule_that_a_person_can_name():
    known = {signature(str(one["smiles"])) for one in table("molecules").values() if "." not in str(one["smiles"])}
    assert sum(signature(smiles) in known for smiles, _ in MOLECULES.values()) >= 9
