"""Transport: integrals that are known are found within their errors, and small runs give what the literature says."""

import numpy as np
import pytest
from scipy.signal import lfilter

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.bench.checkers import judged
from lang2mlip.labs.lammps.bench.task import tasks
from lang2mlip.labs.lammps.recipes.correlation import correlation, green_kubo

FLUID = "thermal conductivity of the Lennard-Jones fluid at T* = 1.35 and rho* = 0.6"
KNOWN = (3.4, 0.7)
"""Thermal conductivity there, reduced: tolerance of the blind task T21 of the benchmark."""


def forgetting(chance, memory, columns=5, rows=20_000):
    """Series whose correlation decays by the factor `memory` at each step."""
    return lfilter([1.0], [1.0, -memory], chance.normal(size=(rows, columns)), axis=0)


def known(memory):
    """The integral of its correlation over the steps."""
    return 0.5 / (1 - memory) ** 2


def test_an_integral_that_is_known_is_found_and_its_error_is_the_one_that_is_made():
    chance = np.random.default_rng(1)
    found = [green_kubo(forgetting(chance, 0.95), 1.0, 1.0) for _ in range(40)]
    off = [(one.value - known(0.95)) / one.error for one in found]
    assert np.mean([one.value for one in found]) == pytest.approx(known(0.95), rel=0.05)
    assert 0.7 < np.std(off) < 1.4


def test_a_long_weak_tail_is_not_cut_off():
    chance = np.random.default_rng(2)
    share = 0.1 * (1 - 0.995**2) / (1 - 0.97**2)
    whole = known(0.97) + share * known(0.995)
    found = [
        green_kubo(forgetting(chance, 0.97) + np.sqrt(share) * forgetting(chance, 0.995), 1.0, 1.0).value
        for _ in range(20)
    ]
    assert np.mean(found) > 0.9 * whole


def test_scale_and_interval_multiply_the_integral_and_the_correlation_begins_at_one():
    series = forgetting(np.random.default_rng(3), 0.9)
    one, other = green_kubo(series, 1.0, 1.0), green_kubo(series, 0.5, 3.0)
    assert other.value == pytest.approx(1.5 * one.value)
    assert one.normalised[0] == 1.0
    assert correlation(series, 1)[1] / correlation(series, 1)[0] == pytest.approx(0.9, abs=0.01)


def test_a_run_that_is_too_short_for_a_spectrum_says_so():
    with pytest.raises(PartFailed, match="run longer"):
        green_kubo(forgetting(np.random.default_rng(4), 0.99, rows=200), 1.0, 1.0)


def test_reverse_nemd_and_green_kubo_give_the_conductivity_of_a_small_fluid(tmp_path):
    quick = {"rest_ps": 2, "melt_ps": 2}
    flux = simulate(f"{FLUID} by Green-Kubo", Settings(None, tmp_path, rounds=1), atoms=108, ps=30, **quick)
    swaps = simulate(f"{FLUID} by reverse NEMD", Settings(None, tmp_path, rounds=1), atoms=256, ps=20, bins=12, **quick)
    task = tasks()["blind-t21"]
    for made, recipe in ((flux, "heat_flux"), (swaps, "conductivity")):
        (number,) = [one for one in made.numbers if one.name == "thermal_conductivity"]
        assert (made.recipe, number.unit) == (recipe, "k_B/(στ)")
        assert abs(number.value - KNOWN[0]) < KNOWN[1] + 3 * number.error
        assert 0 < number.error < number.value / 2
        assert judged(task, made.folder).value == pytest.approx(number.value, rel=0.5)
