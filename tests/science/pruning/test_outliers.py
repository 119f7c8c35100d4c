"""Pruning takes out what does not belong and nothing else."""

import numpy as np

from lang2mlip.science.pruning.outliers import Residuals, outliers

RNG = np.random.default_rng(2)


def residuals(rmse, force=None, groups=None):
    n = len(rmse)
    return Residuals(groups or ["g"] * n, np.asarray(rmse), np.full(n, 2.0) if force is None else np.asarray(force))


def test_healthy_residuals_of_two_very_different_groups_are_all_kept():
    rmse = np.concatenate([RNG.lognormal(-4, 0.4, 60), RNG.lognormal(-1, 0.4, 60)])
    assert outliers(residuals(rmse, groups=["bulk"] * 60 + ["melt"] * 60)) == {}


def test_a_frame_far_outside_its_own_group_is_dropped_with_its_reason():
    rmse = np.concatenate([RNG.lognormal(-4, 0.3, 60), RNG.lognormal(-1, 0.3, 60)])
    rmse[7] = 0.4
    found = outliers(residuals(rmse, groups=["bulk"] * 60 + ["melt"] * 60))
    assert list(found) == [7] and "robust sigma" in found[7]


def test_frames_that_are_too_alike_do_not_make_an_ordinary_one_an_outlier():
    rmse = np.full(40, 0.01) + RNG.normal(0, 1e-5, 40)
    rmse[3] = 0.02
    assert outliers(residuals(rmse)) == {}


def test_broken_labels_and_huge_forces_are_dropped_whatever_the_residual():
    found = outliers(residuals([0.1, np.nan, 0.1, 0.1], force=[1.0, 1.0, 380.0, np.inf]))
    assert set(found) == {1, 2, 3} and "380" in found[2]


def test_a_small_group_is_judged_by_all():
    rmse = np.concatenate([RNG.lognormal(-3, 0.3, 40), [5.0, 0.05]])
    assert list(outliers(residuals(rmse, groups=["bulk"] * 40 + ["rare"] * 2))) == [40]
