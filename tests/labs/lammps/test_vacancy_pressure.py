"""A vacancy under pressure: enthalpy, volume, and the one as the derivative of the other."""

import pytest

from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.units import EV_PER_A3_IN_GPA

WORDS = "vacancy formation energy of copper"
SMALL = {"atoms": 108}


@pytest.fixture(scope="module")
def under(tmp_path_factory):
    how = Settings("Cu_mishin1.eam.alloy", tmp_path_factory.mktemp("vacancy"), rounds=1)
    return {
        pressure: simulate(f"{WORDS} under {pressure} GPa hydrostatic" if pressure else WORDS, how, **SMALL)
        for pressure in (0, 19, 21)
    }


def test_the_enthalpy_grows_with_pressure_by_the_volume(under):
    low, high = under[19], under[21]
    slope = (high.value("vacancy_enthalpy") - low.value("vacancy_enthalpy")) / 2 * EV_PER_A3_IN_GPA
    assert slope == pytest.approx((low.value("vacancy_volume") + high.value("vacancy_volume")) / 2, rel=2e-3)


def test_a_hole_costs_more_under_pressure_and_less_than_an_atom_s_volume(under):
    made = under[21]
    work = 21 * made.value("vacancy_volume") / EV_PER_A3_IN_GPA
    assert made.value("vacancy_enthalpy") == pytest.approx(made.value("vacancy_energy") + work)
    assert made.value("vacancy_enthalpy") > under[0].value("vacancy_energy")
    assert made.value("unrelaxed_vacancy_enthalpy") > made.value("vacancy_enthalpy")
    assert 0 < made.value("vacancy_volume") < 3.615**3 / 4


def test_without_pressure_the_box_stays_and_the_numbers_are_the_old_ones(under):
    names = [one.name for one in under[0].numbers]
    assert names == ["vacancy_energy", "unrelaxed_vacancy_energy"]
    assert under[0].value("vacancy_energy") == pytest.approx(1.2753, abs=2e-4)
