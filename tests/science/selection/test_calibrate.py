"""Doubt is translated into error by what was seen, and into bounds by what error is wished for."""

import numpy as np
import pytest

from lang2mlip.science.selection.calibrate import Point, band, fit
from lang2mlip.science.selection.committee import force_deviation

DOUBTS = np.geomspace(0.5, 20, 24)


def points(noise=0.0, slope=0.8, seed=0):
    scatter = np.exp(noise * np.random.default_rng(seed).normal(size=len(DOUBTS)))
    return [Point(float(d), float(10 * d**slope * s)) for d, s in zip(DOUBTS, scatter, strict=True)]


def test_a_power_law_is_found_again_even_with_scatter_and_a_wild_point():
    law = fit([*points(noise=0.2), Point(1.0, 1e5)])
    assert law.slope == pytest.approx(0.8, abs=0.1) and law.error(5.0) == pytest.approx(10 * 5**0.8, rel=0.15)


def test_doubt_begins_where_errors_reach_the_goal_and_ends_where_labels_say_nothing_more():
    clean = points()
    low, high = band(clean, fit(clean), goal=20.0, lost=150.0)
    assert low == pytest.approx(2 ** (1 / 0.8), rel=0.02) and high == pytest.approx(15 ** (1 / 0.8), rel=0.02)


def test_with_scatter_doubt_begins_earlier_so_that_most_frames_below_it_are_good():
    noisy = points(noise=0.5)
    low, _ = band(noisy, fit(noisy), goal=30.0, lost=1e4)
    below = [point.error for point in noisy if point.doubt < low]
    assert np.mean(np.array(below) <= 30.0) >= 0.7 and low < 3 ** (1 / 0.8)


def test_bounds_stay_near_what_was_seen_and_keep_what_was_labelled_well():
    clean = points()
    low, high = band(clean, fit(clean), goal=1e-3, lost=1e9)
    assert low == pytest.approx(DOUBTS[0] / 3) and high == pytest.approx(3 * DOUBTS[-1])
    assert band(clean, fit(clean), goal=20.0, lost=1e9, usual=150.0).high == 150.0
    assert band(clean, fit(clean), goal=20.0, lost=150.0, usual=150.0).high == 150.0
    assert band(clean, fit(clean), goal=20.0, lost=80.0, usual=150.0).high == pytest.approx(8 ** (1 / 0.8), rel=0.02)
    surprising = [*clean, Point(500.0, 12.0)]
    assert band(surprising, fit(surprising), goal=20.0, lost=150.0).high >= 500.0


def test_where_every_error_is_within_the_goal_the_more_doubtful_half_is_still_doubted():
    clean = points()
    assert band(clean, fit(clean), goal=1e6, lost=1e7).low == pytest.approx(np.median(DOUBTS))


def test_nothing_is_learned_from_few_points_or_where_doubt_and_error_do_not_go_together():
    assert fit(points()[:7]) is None
    assert fit([Point(d, e) for (d, _), (_, e) in zip(points(), reversed(points()), strict=True)]) is None
    assert fit([Point(1.0, float(e)) for e in range(1, 20)]) is None


def test_disagreement_is_that_of_the_atom_that_is_disputed_most():
    forces = np.zeros((2, 3, 3))
    forces[0, 1], forces[1, 1] = [0.3, 0, 0.4], [-0.3, 0, -0.4]
    assert force_deviation(forces) == pytest.approx(0.5)
    assert force_deviation(np.repeat(forces[:1], 4, axis=0)) == 0.0
