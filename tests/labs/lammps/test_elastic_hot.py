"""Elastic constants at a temperature: those of rest where it is low, softer where it is high; their errors."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.recipes.elastic_hot import HotElasticConstants
from lang2mlip.labs.lammps.recipes.strains import polycrystal
from lang2mlip.labs.lammps.words import understood

FILE = "Cu_mishin1.eam.alloy"
NAMES = ("C11", "C12", "C44", "bulk_modulus")
QUICK = {"rest_ps": 3, "box_ps": 10, "ps": 2, "atoms": 108}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("elastic")
    how = Settings(FILE, place, rounds=1)
    words = "elastic constants of copper"
    return {
        0: simulate(words, how),
        10: simulate(f"{words} at 10 K", how, **QUICK),
        600: simulate(f"{words} at 600 K", how, **QUICK),
    }


def test_just_above_zero_they_are_those_of_the_crystal_at_rest(made):
    assert (made[0].recipe, made[10].recipe) == ("elastic", "elastic_hot")
    for name in NAMES:
        assert made[10].value(name) == pytest.approx(made[0].value(name), rel=0.006)


def test_heat_makes_the_crystal_softer_and_the_error_says_how_surely(made):
    errors = {one.name: one.error for one in made[600].numbers}
    for name in NAMES:
        softer = 1 - made[600].value(name) / made[0].value(name)
        assert 0.03 < softer < 0.25
        assert 0 < errors[name] < 0.03 * made[600].value(name)
    assert abs(made[600].value("pressure")) < 0.5


def test_the_mean_box_is_strained_and_not_the_one_of_the_last_step(made):
    from lang2mlip.science.lammps.thermo import read_thermo

    _, box, settled, *_ = read_thermo(made[600].folder / "log.lammps").tables
    assert settled.columns["Lx"][-1] == pytest.approx(box.columns["Lx"].mean(), rel=1e-4)
    assert np.ptp(box.columns["Lx"]) > 0.002 * box.columns["Lx"].mean()


def test_a_crystal_that_is_not_cubic_has_the_constants_of_its_own_symmetry(tmp_path):
    how = Settings("Mg_mm.eam.fs", tmp_path, rounds=1)
    hot = simulate("elastic constants of magnesium at 10 K", how, **(QUICK | {"atoms": 96, "box_ps": 1, "ps": 1}))
    cold = simulate("elastic constants of magnesium", how)
    for name in ("C11", "C12", "C13", "C33", "C44", "C66"):
        assert hot.value(name) == pytest.approx(cold.value(name), rel=0.04, abs=0.5)


def test_errors_of_the_constants_become_errors_of_the_averages():
    c = np.diag([170.0] * 3 + [76.0] * 3)
    c[:3, :3] += 120.0 * (1 - np.eye(3))
    first, second = np.zeros((6, 6)), np.zeros((6, 6))
    first[:3, :3], second[:3, :3] = 2.0 * np.eye(3), 1.0 - np.eye(3)
    bulk = polycrystal(c, [first, second])[0]
    assert bulk.value == pytest.approx((170 + 240) / 3)
    assert bulk.error == pytest.approx(np.hypot(2.0, 2.0) / 3)
    assert polycrystal(c)[2].error is None


def test_more_time_and_a_finer_step_are_there_as_for_all_dynamics():
    one = HotElasticConstants()
    assert (one.longer().ps, one.longer().box_ps, one.longer().rest_ps) == (2 * one.ps, 2 * one.box_ps, 2 * one.rest_ps)
    assert one.finer(2.0).timestep_fs == 1.0


def test_a_liquid_is_refused():
    with pytest.raises(BadInput, match="liquid has no elastic constants"):
        understood("elastic constants of liquid copper at 1500 K", {})
