"""Error bars that are true, on series whose truth is known."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.statistics import block_mean, blocks, line, robust_sigma


def correlated(rng, n, memory):
    """AR(1): its mean has variance (1 + a) / (1 − a) / n."""
    a, values = memory, np.zeros(n)
    noise = rng.normal(size=n) * np.sqrt(1 - a * a)
    for k in range(1, n):
        values[k] = a * values[k - 1] + noise[k]
    return values


def test_the_block_error_of_a_correlated_series_is_the_true_error_of_its_mean():
    rng = np.random.default_rng(1)
    errors = [block_mean(correlated(rng, 4096, 0.9)).error for _ in range(10)]
    truth = np.sqrt((1 + 0.9) / (1 - 0.9) / 4096)
    assert 0.8 * truth < np.mean(errors) < 1.8 * truth


def test_independent_values_keep_their_plain_error():
    mean = block_mean(np.random.default_rng(0).normal(5, 2, 1000))
    assert mean.value == pytest.approx(5, abs=0.3) and 2 / np.sqrt(1000) * 0.8 < mean.error < 2.5 * 2 / np.sqrt(1000)
    assert block_mean([3.0]).error == float("inf")


def test_a_line_knows_its_slope_and_the_error_of_it():
    rng, x = np.random.default_rng(2), np.linspace(0, 1, 200)
    fits = [line(x, 3 * x - 1 + rng.normal(0, 0.1, 200)) for _ in range(200)]
    assert np.mean([fit.slope for fit in fits]) == pytest.approx(3, abs=0.02)
    assert np.std([fit.slope for fit in fits]) == pytest.approx(fits[0].slope_error, rel=0.25)
    assert fits[0].residual == pytest.approx(0.1, rel=0.2)


def test_outliers_do_not_move_the_robust_spread():
    values = np.random.default_rng(3).normal(0, 1, 2000)
    values[:100] = 1e6
    assert robust_sigma(values) == pytest.approx(1, rel=0.15)


def test_blocks_are_equal_and_too_little_data_is_said():
    assert [part.tolist() for part in blocks([9, 1, 2, 3, 4], 2)] == [[1, 2], [3, 4]]
    for wrong in (lambda: blocks([1], 2), lambda: block_mean([]), lambda: line([1, 2], [1, 2])):
        with pytest.raises(BadInput):
            wrong()
