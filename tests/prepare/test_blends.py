"""Words to one glass, one melt, one molecular crystal; and a plain sentence where there is none."""

import pytest

from lang2mlip.errors import BadInput
from lang2mlip.prepare.blends import as_oxides, blended
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import complete


def planned(prompt):
    return plan(complete(read(prompt)))


def kinds(prompt):
    return {(one.group, one.builder) for one in planned(prompt).requests}


@pytest.mark.parametrize(
    ("prompt", "state", "by", "parts"),
    [
        (
            "a glass of 60 mol% SiO2, 25 mol% Na2O, 15 mol% CaO",
            "glass",
            "mole",
            {"SiO2": 60.0, "Na2O": 25.0, "CaO": 15.0},
        ),
        (
            "bioactive glass: 45 wt% SiO2, 24.5 wt% Na2O, 24.5 wt% CaO, 6 wt% P2O5",
            "glass",
            "weight",
            {"SiO2": 45.0, "Na2O": 24.5, "CaO": 24.5, "P2O5": 6.0},
        ),
        ("molten LiF-NaF-KF 46.5-11.5-42 mol% at 973 K", "melt", "mole", {"LiF": 46.5, "NaF": 11.5, "KF": 42.0}),
        ("LiF-BeF2 66-34 mol% melt at 900 K", "melt", "mole", {"LiF": 66.0, "BeF2": 34.0}),
    ],
)
def test_shares_of_oxides_or_salts_are_one_group(prompt, state, by, parts):
    (mixed,) = blended(complete(read(prompt)))
    assert (mixed.state, mixed.by, mixed.parts) == (state, by, parts)
    made = planned(prompt)
    assert {(one.group, one.builder) for one in made.requests} == {(state, "blend")}
    assert {one.role for one in made.requests} == {"train", "validation", "test"}
    assert len({str(one.parameters) for one in made.requests}) == len(made.requests)


def test_crystals_side_by_side_are_not_melted_together():
    assert kinds("crystals of NaCl and KCl") == {("nacl-bulk", "bulk"), ("kcl-bulk", "bulk")}
    assert blended(complete(read("molten NaCl at 1200 K"))) == []


@pytest.mark.parametrize(
    ("prompt", "groups"),
    [
        ("soda-lime glass: 74 SiO2 - 16 Na2O - 10 CaO mol% at 300 K", {"glass"}),
        ("soda-lime glass and its melt, 74SiO2-16Na2O-10CaO (mol%), 300 to 2000 K", {"glass", "melt"}),
        ("glass of 60 SiO2 25 CaO 15 Na2O mol% at 300 K", {"glass"}),
    ],
)
def test_a_composition_replaces_that_of_a_known_glass_and_its_parts_need_not_melt_alone(prompt, groups):
    assert {one.group for one in planned(prompt).requests} == groups
    (mixed, *_) = blended(complete(read(prompt)))
    assert sum(mixed.parts.values()) == pytest.approx(100)


@pytest.mark.parametrize(
    ("prompt", "crystal"),
    [
        ("crystal of urea", "CO(NH2)2"),
        ("solid benzene at 200 K", "C6H6"),
        ("ice", "H2O-ice"),
        ("gypsum", "CaSO4-gypsum"),
        ("dry ice", "CO2"),
    ],
)
def test_molecular_crystals_are_built_from_their_entry(prompt, crystal):
    made = planned(prompt)
    assert {one.builder for one in made.requests} == {"bulk"}
    assert {one.parameters["crystal"] for one in made.requests} == {crystal}


def test_a_vacancy_of_a_molecular_crystal_takes_a_molecule():
    made = [one for one in planned("vacancies in solid naphthalene").requests if one.group == "vacancy"]
    assert made and all(one.parameters["vacancy_molecules"] == 1 and "vacancies" not in one.parameters for one in made)


def test_a_molecule_without_a_crystal_asks_for_a_file():
    with pytest.raises(BadInput, match=r"paracetamol.*CIF.*amorphous"):
        planned("paracetamol crystal")


def test_a_glass_that_the_stand_in_cannot_make_says_what_is_missing():
    with pytest.raises(BadInput, match="lacks B"):
        planned("glass of 70 mol% B2O3 and 30 mol% Na2O")


def test_an_oxygen_compound_is_the_sum_of_its_oxides():
    assert as_oxides("Na2Ca2Si3O9") == {"Na2O": 1.0, "CaO": 2.0, "SiO2": 3.0}
    assert as_oxides("CaAl2Si2O8") == {"CaO": 1.0, "Al2O3": 1.0, "SiO2": 2.0}
    assert as_oxides("NaCl") is None and as_oxides("nonsense") is None
    assert kinds("amorphous Na2Ca2Si3O9") == {("glass", "blend")}
