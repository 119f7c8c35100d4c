"""The crystal table: every entry is what it says it is."""

from collections import Counter

import numpy as np
import pytest
import spglib
from ase.formula import Formula
from ase.neighborlist import neighbor_list

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.gate import closest_pair, density_g_cm3
from lang2mlip.science.structures.occupancy import SITE
from lang2mlip.science.structures.source import (
    CrystalSource,
    conventional,
    entry,
    key_for,
    occupied,
    perfect_density_g_cm3,
    primitive,
)

KEYS = sorted(table("crystals"))


def cell(atoms):
    return atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers


def mean_composition(crystal, atoms):
    """Element → atoms in the cell; shared sites count with what they hold on average."""
    shares = [site.occupation for site in crystal.sites if site.occupation is not None]
    marks = atoms.arrays.get(SITE, np.zeros(len(atoms), int))
    total = Counter()
    for symbol, mark in zip(atoms.symbols, marks, strict=True):
        total.update({symbol: 1.0} if mark == 0 else shares[mark - 1])
    return total


@pytest.mark.parametrize("key", KEYS)
def test_the_cell_has_the_space_group_composition_density_and_distances_that_the_entry_states(key):
    crystal, atoms = entry(key), conventional(CrystalSource(crystal=key))
    assert spglib.get_symmetry_dataset(cell(atoms), symprec=1e-3).number == crystal.spacegroup
    found, stated = mean_composition(crystal, atoms), Formula(crystal.formula).reduce()[0].count()
    units = {found[symbol] / count for symbol, count in stated.items()}
    assert set(found) == set(stated) and max(units) == pytest.approx(min(units), rel=1e-6)
    whole = occupied(atoms, CrystalSource(crystal=key), np.random.default_rng(0))  # split sites are not both used
    assert closest_pair(whole)[0] >= 0.7
    assert crystal.source and crystal.names
    if crystal.density_g_cm3 is not None:
        assert perfect_density_g_cm3(CrystalSource(crystal=key)) == pytest.approx(crystal.density_g_cm3, rel=0.03)


def test_molten_densities_are_those_of_condensed_liquids():
    known = [entry(key) for key in KEYS if entry(key).molten_density_g_cm3 is not None]
    ratios = [crystal.density_g_cm3 / crystal.molten_density_g_cm3 for crystal in known]
    assert len(ratios) > 50
    assert 0.85 < min(ratios) < 1.0 and 1.3 < max(ratios) < 1.6
    assert all(crystal.melting_K is not None for crystal in known)


def test_the_table_covers_the_common_metals_salts_oxides_and_battery_materials():
    metals = {"Al", "Ni", "Cu", "Ag", "Au", "Pd", "Pt", "Pb", "Fe", "W", "Mo", "Mg", "Ti", "Zr", "Co", "Zn", "Si", "Ge"}
    compounds = {"Li2CO3", "LiF", "Li2O", "LiOH", "Li2S", "LiCoO2", "LiFePO4", "C-graphite", "SiO2-quartz", "Al2O3"}
    further = {"TiO2-rutile", "MgO", "NaCl", "CaCO3-calcite", "ZrO2-monoclinic", "SiC-3C", "GaAs", "SrTiO3"}
    batteries = {"NaCoO2", "Na3PS4", "Li6PS5Cl", "Li7La3Zr2O12", "Li3PO4", "Li4Ti5O12", "LiMn2O4", "FePO4", "Na2O2"}
    others = {"LaMnO3", "H2O-ice", "V2O5", "MoO3", "Mg2SiO4", "Y3Al5O12", "In2O3", "S", "MgCl2", "Fe3C", "ZrSiO4"}
    assert metals | compounds | further | batteries | others <= set(KEYS)


@pytest.mark.parametrize(
    ("key", "element", "ligand", "lengths"),
    [
        ("Na3PS4", "P", "S", [2.05] * 4),
        ("Li6PS5Cl", "P", "S", [2.04] * 4),
        ("Li3PO4", "P", "O", [1.54] * 4),
        ("FePO4", "P", "O", [1.54] * 4),
        ("LiTi2P3O12", "Ti", "O", [1.89] * 3 + [1.97] * 3),
        ("LaMnO3", "Mn", "O", [1.91, 1.91, 1.97, 1.97, 2.18, 2.18]),
        ("V2O5", "V", "O", [1.58, 1.78, 1.88, 1.88, 2.02]),
        ("MoO3", "Mo", "O", [1.67, 1.73, 1.95, 1.95, 2.25, 2.33]),
        ("NaCoO2", "Co", "O", [1.94] * 6),
        ("Mg2SiO4", "Si", "O", [1.61, 1.63, 1.63, 1.65]),
        ("BiFeO3", "Fe", "O", [1.96] * 3 + [2.11] * 3),
    ],
)
def test_bonds_around_the_centre_of_a_crystal_are_those_of_the_literature(key, element, ligand, lengths):
    atoms = conventional(CrystalSource(crystal=key))
    centre = int(np.flatnonzero(atoms.symbols == element)[0])
    i, j, d = neighbor_list("ijd", atoms, max(lengths) + 0.12)
    around = np.sort(d[(i == centre) & (atoms.symbols[j] == ligand)])
    assert around == pytest.approx(lengths, abs=0.02)


def test_ice_obeys_the_rules_of_ice():
    atoms = conventional(CrystalSource(crystal="H2O-ice", scale=1.0)).repeat((2, 1, 1))
    i, j, d = neighbor_list("ijd", atoms, {("O", "H"): 2.2})
    oxygen = atoms.symbols[i] == "O"
    covalent, bridging = oxygen & (d < 1.1), oxygen & (d > 1.1)
    assert (np.bincount(i[covalent], minlength=len(atoms))[atoms.numbers == 8] == 2).all()
    assert (np.bincount(i[bridging], minlength=len(atoms))[atoms.numbers == 8] == 2).all()
    assert (np.bincount(j[oxygen], minlength=len(atoms))[atoms.numbers == 1] == 2).all()


def test_no_name_stands_for_two_crystals():
    seen = {}
    for key, fields in table("crystals").items():
        for name in fields["names"]:
            assert seen.setdefault(name.casefold(), key) == key


def test_carbonate_is_flat_with_bonds_near_1_28_A():
    atoms = conventional(CrystalSource(crystal="Li2CO3"))
    carbon = int(np.flatnonzero(atoms.symbols == "C")[0])
    oxygens = np.flatnonzero(atoms.symbols == "O")
    vectors = atoms.get_distances(carbon, oxygens, mic=True, vector=True)
    near = vectors[np.linalg.norm(vectors, axis=1) < 1.5]
    assert np.linalg.norm(near, axis=1) == pytest.approx([1.28] * 3, abs=0.03)
    assert abs(np.linalg.det(near / np.linalg.norm(near, axis=1)[:, None])) < 0.02


@pytest.mark.parametrize(("key", "count"), [("Cu", 1), ("Fe", 1), ("Si", 2), ("Mg", 2), ("NaCl", 2), ("Al2O3", 10)])
def test_the_primitive_cell_has_the_known_number_of_atoms_and_the_same_density(key, count):
    unit = conventional(CrystalSource(crystal=key))
    small = primitive(unit)
    assert len(small) == count
    assert density_g_cm3(small) == pytest.approx(density_g_cm3(unit))


def test_a_formula_finds_its_common_form():
    assert key_for("OLi2") == "Li2O"
    assert key_for("SiO2") == "SiO2-quartz"
    assert key_for("C") == "C-graphite"
    assert key_for("Xe7Kr") is None


def test_scale_multiplies_every_length():
    plain, large = (conventional(CrystalSource(crystal="Cu", scale=s)) for s in (1.0, 1.02))
    assert large.cell.lengths() == pytest.approx(1.02 * plain.cell.lengths())
    assert large.get_scaled_positions() == pytest.approx(plain.get_scaled_positions())


def test_a_prototype_with_a_formula_makes_a_crystal_that_no_table_has():
    atoms = conventional(CrystalSource(prototype="cesiumchloride", formula="AgMg", a=3.31))
    assert sorted(atoms.symbols) == ["Ag", "Mg"]
    assert atoms.get_distance(0, 1, mic=True) == pytest.approx(3.31 * 3**0.5 / 2)


def test_wrong_sources_are_refused_with_a_sentence_that_helps():
    with pytest.raises(UnknownName, match="Did you mean 'LiCoO2'"):
        entry("LiCoO")
    with pytest.raises(BadInput, match="not a chemical formula"):
        key_for("not-a-formula")
    with pytest.raises(BadInput, match="nonsense"):
        conventional(CrystalSource(prototype="nonsense", formula="Cu", a=3.6))
    with pytest.raises(ValueError, match="exactly one of"):
        CrystalSource(crystal="Cu", file="x.cif")
