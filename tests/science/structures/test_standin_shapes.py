"""Ions keep the lengths that electronic structure gives them; molecules the size that their liquid shows."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.data import table
from lang2mlip.science.structures.amorphous import Amorphous, AmorphousParameters
from lang2mlip.science.structures.conformer import conformer, drawn
from lang2mlip.science.structures.source import CrystalSource, conventional
from lang2mlip.science.structures.standin.shapes import bond_name, known_lengths_A, size_factor
from lang2mlip.science.structures.standin.species import of_species

IONS = table("standin")["shapes"]["bonds_A"]
LIQUIDS = table("standin")["sizes"]["molecules"]


@pytest.mark.parametrize(
    ("one", "other"), [("[O-]C(=O)[O-]", "O=C([O-])[O-]"), ("[O-][N+](=O)[O-]", "O=[N+]([O-])[O-]")]
)
def test_how_an_ion_is_drawn_does_not_matter(one, other):
    assert known_lengths_A(one) == known_lengths_A(other) != {}


@pytest.mark.parametrize("smiles", ["O", "O=O", "[Li+]", "[C-]#[O+]", "COC(=O)OC"])
def test_what_is_no_polyatomic_ion_keeps_the_lengths_of_its_conformer(smiles):
    assert known_lengths_A(smiles) == {}


@pytest.mark.parametrize("smiles", list(IONS))
def test_every_bond_of_a_tabulated_ion_is_named_and_its_field_rests_there(smiles):
    names = [bond_name(bond) for bond in drawn(smiles).GetBonds()]
    assert set(names) == set(IONS[smiles])
    rests = [parameters[1] for _, parameters in of_species(smiles).bonds]
    assert np.allclose(sorted(rests), sorted(IONS[smiles][name] for name in names), atol=1e-3)


@pytest.mark.parametrize(("crystal", "pair", "smiles"), [
    ("CaCO3-calcite", ("C", "O"), "[O-]C(=O)[O-]"),
    ("NaNO3", ("N", "O"), "[O-][N+](=O)[O-]"),
    ("Li3PO4", ("P", "O"), "[O-]P([O-])([O-])=O"),
])  # fmt: skip
def test_tabulated_ions_agree_with_measured_crystals_to_three_percent(crystal, pair, smiles):
    measured = neighbor_list("d", conventional(CrystalSource(crystal=crystal)), {pair: 1.8}).mean()
    (length,) = IONS[smiles].values()
    assert length == pytest.approx(measured, rel=0.035)


def test_a_glass_of_carbonate_ions_has_bonds_near_those_of_the_crystal():
    crystal = conventional(CrystalSource(crystal="Li2CO3"))
    glass = Amorphous(AmorphousParameters(crystal="Li2CO3", atoms=48, quench_ps=2.0, anneal_ps=0.5)).build(1)
    lengths = [neighbor_list("d", atoms, {("C", "O"): 1.6}).mean() for atoms in (crystal, glass)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.02)


@pytest.mark.parametrize("key", list(LIQUIDS))
def test_a_factor_brings_the_liquid_nearer_to_its_density(key):
    row = LIQUIDS[key]
    tabulated, before, after = row["density_g_cm3"]
    assert abs(after - tabulated) <= abs(before - tabulated)
    assert (row["factor"] - 1) * (before - tabulated) >= 0


def test_factors_act_on_sizes_alone_and_are_one_for_unknown_molecules():
    assert size_factor("CCCCCCCCCCCCCCCCCCCCCCCCC=O") == 1.0
    for row in LIQUIDS.values():
        body, atoms = of_species(row["smiles"]), conformer(row["smiles"], 0)
        assert (body.numbers == atoms.numbers).all()
        assert size_factor(row["smiles"]) == row["factor"]
