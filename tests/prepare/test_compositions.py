"""Compositions, strange words and other languages: what they say, and what they must not be taken for."""

import pytest

from lang2mlip.errors import BadInput
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.sanity import doubts
from lang2mlip.prepare.task import complete


def shares(prompt):
    return {one.formula: parse_amount(one.amount).value for one in read(prompt).components if one.amount}


def atoms(prompt):
    (one,) = read(prompt).components
    counts = parse_formula(one.formula)
    return {symbol: pytest.approx(100 * n / sum(counts.values()), abs=0.1) for symbol, n in counts.items()}


def test_a_glass_written_with_numbers_before_its_oxides_has_their_shares():
    assert shares("glass 70SiO2-20Na2O-10CaO (mol%) at 300 K") == {"SiO2": 70, "Na2O": 20, "CaO": 10}
    assert shares("0.5Li2O-0.5B2O3 glass at 300 K") == {"Li2O": 50, "B2O3": 50}


def test_numbers_behind_a_row_of_salts_are_their_shares():
    assert shares("molten LiF-NaF-KF 46.5-11.5-42 mol% at 900 K") == {"LiF": 46.5, "NaF": 11.5, "KF": 42}
    assert shares("NaCl-KCl (50-50) melt, 1100 K") == {"NaCl": 50, "KCl": 50}


def test_a_grade_of_an_alloy_counts_by_weight_and_elements_with_shares_are_one_alloy():
    # 4 g Cu of 63.546 g/mol and 96 g Al of 26.982 g/mol: 1.74 % of the atoms are Cu.
    assert atoms("Al-4Cu at 300 K") == {"Al": 98.3, "Cu": 1.7}
    assert atoms("Fe 70 at%, Cr 20 at%, Ni 10 at%, elastic constants, 300 K") == {"Fe": 70, "Cr": 20, "Ni": 10}
    assert atoms("nickel with 5 at% aluminium at 300 K") == {"Ni": 95, "Al": 5}


def test_shares_of_more_than_a_hundred_are_asked_about_and_never_scaled():
    reading = read("alloy of Fe 70 at%, Cr 25 at%, Ni 15 at% at 300 K")
    assert any(one.needed and "110 %" in one.text for one in questions(reading))
    with pytest.raises(BadInput, match="110 %"):
        complete(reading)


def test_an_unknown_word_in_a_substances_place_stops_a_task_and_one_elsewhere_is_only_told():
    with pytest.raises(BadInput, match="'veltraxine'"):
        complete(read("adsorption of veltraxine on Pt(111) at 300 K"))
    task = complete(read("pristine copper surface for my flurby thesis at 300 K"))
    assert any("flurby" in note for note in task.notes)


def test_atom_pairs_directions_rates_and_strains_are_no_substances_planes_or_amounts():
    (melt,) = read("molten SiO2 at 3000 K, Si-O pair distribution").components
    assert melt.formula == "SiO2"
    (pulled,) = read("aluminium crystal pulled along [110] by 8 % at 1e8 s^-1 and 300 K").components
    assert pulled.facets == () and pulled.amount is None


def test_two_planes_that_face_each_other_go_to_two_crystals():
    components = read("Cu on Ni, (111)||(001) at 300 K").components
    assert {one.formula: one.facets for one in components} == {"Cu": ((1, 1, 1),), "Ni": ((0, 0, 1),)}


def test_a_surface_said_beside_a_liquid_is_the_solids():
    reading = read("MgO in contact with hot water at 350 K: what happens at the surface?")
    phases = {one.formula: one.phases for one in reading.components}
    assert "surface" in phases["MgO"] and "surface" not in phases["H2O"]


def test_every_temperature_that_is_named_lies_in_the_range():
    assert read("melt copper at 1500 K, quench to 300 K, anneal at 600 K").temperature_K == (300, 1500)
    assert read("PEO at EO ratio 20:1, 80 degC").temperature_K == pytest.approx((353.15, 353.15))


@pytest.mark.parametrize(
    ("prompt", "formula", "phase", "wish"),
    [
        ("Diffusion von Leerstellen in Kupfer bei 900 K, und die Dichte", "Cu", "vacancy", "diffusion"),
        ("je voudrais la densité du cuivre fondu à 1500 K", "Cu", "melt", "density"),
        ("銅の融液の粘度 1500 K", "Cu", "melt", "viscosity"),
    ],
)
def test_international_words_of_other_languages_are_read(prompt, formula, phase, wish):
    reading = read(prompt)
    (one,) = reading.components
    assert parse_formula(one.formula) == {formula: 1} and phase in one.phases and wish in reading.properties


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("ice crystal at 500 K", "melts at 273"),
        ("copper crystal at 1e9 K", "ionised"),
        ("water at 300 K and -5 GPa", "tension"),
        ("1 mol/L gold in water at 300 K", "cannot be dissolved"),
        ("200 mol/L LiPF6 in EC at 320 K", "30.4 kg"),
        ("1 mol/L LiPF6 in hexane at 300 K", "does not dissolve in hexane"),
        ("30 mol/L NaCl in water at 300 K", "at most 5.4 mol/L"),
    ],
)
def test_what_no_matter_can_be_is_told_in_a_sentence(prompt, told):
    with pytest.raises(BadInput, match=told):
        complete(read(prompt))


CIF = """data_x
_cell_length_a 4.0
_cell_length_b 4.0
_cell_length_c 4.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{sites}
Cl1 Cl 0.5 0.5 0.5 1.0
"""


def test_every_element_of_a_shared_site_of_a_file_is_in_the_task(tmp_path):
    file = tmp_path / "shared.cif"
    file.write_text(CIF.format(sites="Na1 Na 0 0 0 0.6\nK1 K 0 0 0 0.4"))
    (one,) = read(f"crystal from {file} at 300 K").components
    assert parse_formula(one.formula) == {"Na": 0.6, "K": 0.4, "Cl": 1}


def test_a_site_of_a_file_that_is_more_than_full_is_refused(tmp_path):
    file = tmp_path / "over.cif"
    file.write_text(CIF.format(sites="Na1 Na 0 0 0 1.3"))
    with pytest.raises(BadInput, match="more than full"):
        read(f"crystal from {file} at 300 K")


def test_a_comma_in_a_list_of_layers_begins_another_one():
    prompt = "From bottom to top: MgO, brine with 1 mol/L NaCl in water, and hexane, 300 K"
    assert [len(layer.split(" + ")) for layer in read(prompt).layers] == [1, 2, 1]


def test_a_compound_that_lacks_an_element_is_no_two_substances():
    (one,) = read("LiCoO2 with half of the lithium taken out, and its (104) surface, 300 K").components
    assert {"vacancy", "surface"} <= set(one.phases) and one.facets == ((1, 0, 4),)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("GaN with the nitrogen vacancy and Mg on a Ga site, 1200 K", ["GaN", "Mg"]),
        ("HfO2 on TiN, 900 °C: does oxygen go into the nitride", None),
        ("UO2 with xenon atoms in it, 1500 K", ["UO2", "xenon"]),
    ],
)
def test_places_in_a_compound_are_no_crystals_of_their_own_and_nothing_is_refused(words, names):
    reading = read(words)
    assert not [doubt for doubt in doubts(reading) if doubt.needed] and not reading.strangers
    assert names is None or [one.name for one in reading.components] == names
