"""MD that goes on while it drifts is the same run as one that was asked to be so long at once."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from lang2mlip.act.settling import run_until_settled
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import Hooks, MDPlan, run
from lang2mlip.science.atoms.statistics import settled


def crystal(rattle=0.0):
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(rattle, seed=1)
    return atoms


def test_noise_has_settled_and_a_slope_has_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=600)
    assert settled(noise)
    assert not settled(noise + np.linspace(0, 6, 600))
    assert settled(noise + np.linspace(0, 6, 600), tolerance=10.0)
    assert not settled(noise[:8])


def test_a_decay_settles_once_it_is_over():
    rng = np.random.default_rng(1)
    time = np.arange(2000)
    series = 5 * np.exp(-time / 100) + 0.3 * rng.normal(size=2000)
    assert not settled(series[:150]) and settled(series)


def test_heating_from_zero_goes_on_beyond_the_steps_asked_for_and_equals_one_long_run():
    plan = MDPlan(temperature_K=900, start_temperature_K=1, steps=60, timestep_fs=2, keep_every=10, seed=5)
    outcome, longer = run_until_settled(crystal(), EMT(), plan, Health(), Hooks(), 3.0)
    assert 60 < outcome.done <= 180 and longer.steps == outcome.done
    whole = run(crystal(), EMT(), longer, Health(), Hooks())
    assert np.allclose(whole.final.positions, outcome.final.positions, atol=1e-10)
    assert list(whole.thermo["step"]) == list(outcome.thermo["step"])
    assert [frame.info["step"] for frame in whole.frames] == [frame.info["step"] for frame in outcome.frames]


def test_what_is_in_equilibrium_stops_where_it_was_asked_to():
    first = run(crystal(), EMT(), MDPlan(temperature_K=300, steps=400, seed=2), Health(), Hooks())
    warm = first.final
    plan = MDPlan(temperature_K=300, steps=300, keep_momenta=True, keep_every=5, seed=3)
    outcome, longer = run_until_settled(warm, EMT(), plan, Health(), Hooks(), 1.0)
    assert outcome.done == longer.steps == 300


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_no_run_is_longer_than_it_may_be(factor):
    plan = MDPlan(temperature_K=1500, start_temperature_K=1, steps=40, seed=7)
    outcome, _ = run_until_settled(crystal(), EMT(), plan, Health(), Hooks(), factor)
    assert outcome.done <= 40 * factor
