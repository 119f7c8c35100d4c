"""The crystal table: every entry is what it says it is."""

import numpy as np
import pytest
import spglib
from ase.formula import Formula

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.gate import closest_pair, density_g_cm3
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, key_for, primitive

KEYS = sorted(table("crystals"))


def cell(atoms):
    return atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers


@pytest.mark.parametrize("key", KEYS)
def test_the_cell_has_the_space_group_composition_density_and_distances_that_the_entry_states(key):
    crystal, atoms = entry(key), conventional(CrystalSource(crystal=key))
    assert spglib.get_symmetry_dataset(cell(atoms), symprec=1e-3).number == crystal.spacegroup
    assert atoms.symbols.formula.reduce()[0].count() == Formula(crystal.formula).reduce()[0].count()
    assert closest_pair(atoms)[0] >= 0.7
    assert crystal.source and crystal.names
    if crystal.density_g_cm3 is not None:
        assert density_g_cm3(atoms) == pytest.approx(crystal.density_g_cm3, rel=0.03)


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
    assert metals | compounds | further <= set(KEYS)


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
