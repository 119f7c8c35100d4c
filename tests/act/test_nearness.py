"""How near atoms may come in MD: no false alarm after a short reference MD, and a collapse is caught all the same."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.lj import LennardJones

from lang2mlip.act.conditions import health
from lang2mlip.act.nearness import CLOSER_A, MOST, Sight, glimpses_needed, nearest_allowed, shares
from lang2mlip.contracts import Goals, GroupState
from lang2mlip.science.atoms.health import check
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.reference.emt import EMTReference

NEEDED = glimpses_needed(Goals())


def limits(ranges):
    return health(GroupState(group="g", ranges=ranges))


def test_after_a_long_reference_md_the_limit_is_its_nearest_distance_minus_a_fifth():
    allowed, seen = nearest_allowed("Cu-Cu", [Sight(2.20, 2.42, 5000, 1.0), Sight(2.15, 2.40, 5000, 1.0)], NEEDED)
    assert seen == 2.15 and allowed == pytest.approx(2.15 - CLOSER_A)


@pytest.mark.parametrize(
    ("pair", "sights", "came_to"),
    [
        ("H-H", [Sight(1.709, 1.806, 13, 1.0), Sight(1.758, 1.806, 13, 1.0)], 1.482),
        ("Li-Li", [Sight(2.598, 2.637, 18, 1.0), Sight(2.599, 2.665, 18, 1.0), Sight(2.595, 2.627, 18, 1.0)], 2.356),
    ],
)
def test_the_two_false_alarms_of_the_examples_are_none_any_more(pair, sights, came_to):
    """The nearest distances of the reference's own MD in the runs of examples/first-principles."""
    allowed, seen = nearest_allowed(pair, sights, NEEDED)
    assert came_to < seen - CLOSER_A  # the alarm that it was
    assert allowed < came_to
    assert allowed >= seen * (1 - MOST)


def test_a_pair_that_was_seen_rarely_is_allowed_more_than_one_seen_all_the_time():
    often, rarely = (nearest_allowed("Li-P", [Sight(2.6, 3.6, 2000, share)], NEEDED)[0] for share in (1.0, 0.05))
    assert rarely < often == pytest.approx(2.6 - CLOSER_A)


def test_a_collapse_is_caught_even_after_the_shortest_reference_md():
    methane = molecule("CH4")
    allowed, seen = nearest_allowed("H-H", [Sight(1.709, 1.806, 13, 1.0)], NEEDED)
    watched = limits({"distance H-H": (1.709, 1.806), "nearest H-H": (allowed, seen)})
    assert check(methane, watched) is None
    methane.set_distance(1, 2, 0.9)
    assert "the pair H-H came to 0.900 Å" in (check(methane, watched) or "")


def test_no_allowance_reaches_below_what_atoms_can_be():
    allowed, _ = nearest_allowed("C-H", [Sight(1.0, 3.9, 10, 0.1)], NEEDED)
    assert allowed >= 0.55 * (0.76 + 0.31)


def test_what_ranges_of_earlier_runs_know_is_the_nearest_distance_alone():
    assert limits({"distance H-H": (1.7, 1.8)}).pair_minimum_A == {"H-H": pytest.approx(1.5)}
    assert limits({"nearest H-H": (1.3, 1.7), "distance H-H": (1.7, 1.8)}).pair_minimum_A == {"H-H": 1.3}


def test_extremes_of_normal_numbers_are_foretold_within_the_chance_of_a_false_alarm():
    """Three glimpses of a distance, then as many as an evaluation takes: seldom below what was allowed."""
    rng = np.random.default_rng(0)
    needed, alarms, plain = 1000.0, 0, 0
    for _ in range(400):
        short, long = rng.normal(2.5, 0.1, 3), rng.normal(2.5, 0.1, int(needed))
        allowed, _ = nearest_allowed("Cu-Cu", [Sight(short.min(), short.max(), 300, 1.0)], needed)
        alarms, plain = alarms + (long.min() < allowed), plain + (long.min() < short.min() - CLOSER_A)
    assert plain / 400 > 0.5 and alarms / 400 < 0.15


def test_the_same_forces_do_not_trip_over_a_short_walk_of_their_own():
    """Hot copper, ten steps to set the limit and a walk sixty times as long under it."""
    atoms, calculator = bulk("Cu", cubic=True), EMTReference(EMTReference.Settings()).calculator()
    sights = []
    for seed in range(2):
        short = run(atoms, calculator, MDPlan(temperature_K=900.0, steps=10, keep_every=1, seed=seed))
        sights.append(Sight(*short.seen["distance Cu-Cu"], 10, shares(short.frames)["Cu-Cu"]))
    limit = nearest_allowed("Cu-Cu", sights, NEEDED)
    watched = limits({"nearest Cu-Cu": limit})
    outcome = run(atoms, calculator, MDPlan(temperature_K=900.0, steps=600, seed=7), watched)
    assert outcome.healthy and outcome.seen["distance Cu-Cu"][0] < limit[1] - CLOSER_A


def test_a_potential_without_repulsion_still_trips():
    pair = Atoms("Cu2", positions=[[0, 0, 0], [2.5, 0, 0]])
    watched = limits({"nearest Cu-Cu": nearest_allowed("Cu-Cu", [Sight(2.3, 2.8, 10, 1.0)], NEEDED)})
    soft = LennardJones(sigma=1.2, epsilon=1.0, rc=8.0, smooth=True)
    outcome = run(pair, soft, MDPlan(temperature_K=80.0, steps=500), watched)
    assert not outcome.healthy and "the pair Cu-Cu came to" in (outcome.trip or "")
