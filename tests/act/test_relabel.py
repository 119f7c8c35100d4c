"""Frames of the potential's own MD, labelled: an error that grows with time is found, noise is not called growth."""

import numpy as np

from lang2mlip.act.relabel import growth


def test_a_steady_error_does_not_grow_and_a_growing_one_fails():
    times = np.linspace(0.1, 4.0, 30)
    noise = np.random.default_rng(0).normal(0, 1.0, 30)
    steady, growing = growth(times, 10 + noise), growth(times, 5 + 6 * times + noise)
    assert steady[0].passed and abs(steady[0].value) < 3
    assert not growing[0].passed and 20 < growing[0].value < 27


def test_a_few_frames_say_nothing_about_growth():
    assert growth([1.0, 2.0, 3.0], [1.0, 5.0, 9.0]) == () and growth([1.0] * 6, list(range(6))) == ()
