"""The potential family follows from elements, labels, hardware and what is installed, by cited rules."""

import pytest

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.family import choose_family, installed_families

ALL = ("mtp", "gap", "mace")


@pytest.mark.parametrize(
    ("elements", "labels", "hardware", "family"),
    [
        (["Cu"], 500, "cpu", "mtp"),
        (["Cu"], 40, "cpu", "gap"),
        (["C", "H", "O"], 500, "cpu", "mtp"),
        (["C", "H", "O"], 500, "gpu", "mace"),
        (["C", "H", "O", "F", "Li", "P"], 500, "cpu", "mace"),
        (["Cu"], None, "gpu", "mtp"),
    ],
)
def test_the_family_suits_the_task(elements, labels, hardware, family):
    spec = choose_family(elements, labels, hardware, ALL, "crystal")
    assert spec.family == family
    assert len(spec.reason) > 20


def test_the_next_best_is_taken_where_the_best_is_not_installed_and_said():
    spec = choose_family(["C", "H", "O", "F", "Li", "P"], 500, "cpu", ("mtp",), "mixed")
    assert spec.family == "mtp" and "mace" in spec.reason


def test_nothing_installed_is_an_error_that_says_what_to_install():
    with pytest.raises(BadInput, match="mtp"):
        choose_family(["Cu"], 500, "cpu", (), "crystal")


def test_every_rule_is_cited_and_names_a_family_of_the_catalogue():
    from lang2mlip.catalogue import names

    for rule in table("families").values():
        assert rule["family"] in names("potential")
        assert rule["source"] and rule["why"]
    assert "mtp" in installed_families()
