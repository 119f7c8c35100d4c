"""Amounts in words become numbers with a unit, and what a mixture leaves unsaid follows from the rest."""

import pytest

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.formulas import composition, parse_formula
from lang2mlip.prepare.reader import read


@pytest.mark.parametrize(
    ("words", "value", "unit"),
    [
        ("1 mol/L", 1, "mol/L"),
        ("1.2 M", 1.2, "mol/L"),
        ("500 mM", 0.5, "mol/L"),
        ("2 mol L-1", 2, "mol/L"),
        ("2 mol dm^-3", 2, "mol/L"),
        ("0,5 mol/kg", 0.5, "mol/kg"),
        ("3 molal", 3, "mol/kg"),
        ("1 part", 1, "parts by mole"),
        ("7 parts by volume", 7, "parts by volume"),
        ("30 wt.%", 30, "parts by weight"),
        ("5 at. %", 5, "parts by mole"),
        ("46 molecules", 46, "parts by mole"),
        ("1.1 g/cm³", 1.1, "g/cm3"),
        ("998 kg/m3", 0.998, "g/cm3"),
    ],
)
def test_an_amount_is_a_number_with_a_unit(words, value, unit):
    found = parse_amount(words)
    assert (found.value, found.unit) == (pytest.approx(value), unit)


@pytest.mark.parametrize("words", ["much", "0 mol/L", "-1 M", "3 bananas", "mol/L", "1 part by luck"])
def test_what_is_no_amount_is_refused(words):
    with pytest.raises(BadInput, match="amount"):
        parse_amount(words)


def amounts(prompt):
    return [one.amount for one in read(prompt).components]


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("EC/DMC 1:1 by mole with 1 M LiPF6", ["1 part by mole", "1 part by mole", "1 M"]),
        ("EC:DMC 3:7 v/v", ["3 parts by volume", "7 parts by volume"]),
        ("EC and DMC with a weight ratio of 1:2", ["1 part by weight", "2 parts by weight"]),
        ("10 wt% ethanol in water", ["10 wt%", "90 wt%"]),
        ("liquid EC and DMC, 0.5 mol/kg LiPF6", [None, None, "0.5 mol/kg"]),
    ],
)
def test_amounts_are_read_from_the_words_of_a_mixture(prompt, told):
    assert amounts(prompt) == told
    assert all(parse_amount(amount) for amount in told if amount)


def test_an_additive_without_an_amount_is_a_small_share_of_its_solvents():
    told = {one.formula: one.amount for one in read("SEI of a lithium battery with FEC additive").components}
    assert parse_amount(told["C3H3FO3"]).value == pytest.approx(0.1)
    assert parse_amount(told["C3H3FO3"]).unit == parse_amount(told["C3H4O3"]).unit


def test_a_salt_in_water_is_its_ions_and_alone_it_is_a_crystal():
    salt, water = read("1 mol/L NaCl in water").components
    assert (salt.molecule, salt.crystal, salt.phases) == ("dissolved-NaCl", None, ("liquid",))
    (solid,) = read("NaCl at 300 K").components
    assert (solid.molecule, solid.crystal) == (None, "NaCl")
    (melt,) = read("molten NaCl at 1200 K").components
    assert (melt.crystal, melt.phases) == ("NaCl", ("melt",))


def test_what_is_dissolved_stands_in_the_layer_of_its_solvent():
    assert read("0.1 mol/kg KCl in water on Pt(111)").layers == ("Pt", "water + KCl")


def test_dissolved_entries_have_the_composition_of_their_solid():
    for entry in table("molecules").values():
        if "dissolves" in entry:
            own, solid = parse_formula(entry["formula"]), parse_formula(entry["dissolves"])
            assert composition(own, reduced=False) == composition(solid, reduced=False)
            assert entry["smiles"].count("+") > 0 and entry["charge"] == 0


@pytest.mark.parametrize("entry", table("solubility").values(), ids=lambda entry: entry["formula"])
def test_solubilities_are_cited_formulas_with_a_limit(entry):
    assert parse_formula(entry["formula"]) and parse_formula(entry["solvent"]) and entry["source"]
    assert 0 < entry["most_mol_L"] <= 20
