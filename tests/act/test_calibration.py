"""Each group has its own bounds of doubt where it has taught enough, those of all where it has not."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.act.calibration import calibrated
from lang2mlip.act.committee import bootstrapped
from lang2mlip.act.select import worst
from lang2mlip.contracts import Goals
from lang2mlip.science.selection.choose import Wish

GOALS = Goals(force_rmse_meV_A=30.0, force_relative=0.1)


def rows(group, factor, count=12):
    return [
        {"group": group, "doubt": float(d), "error_meV_A": factor * float(d), "rms_meV_A": 1000.0}
        for d in np.geomspace(0.5, 20, count)
    ]


def test_bounds_follow_the_goal_and_the_forces_in_each_group():
    bounds = calibrated(rows("bulk", 10.0) + rows("melt", 100.0), ["bulk", "melt"], GOALS, "grade")
    assert bounds.bands["bulk"][0] == pytest.approx(3.0) and bounds.bands["melt"][0] == pytest.approx(0.3)
    assert bounds.bands["melt"][1] == pytest.approx(10.0)
    assert "bulk 3 to 60 (from 12 own picks)" in bounds.words


def test_the_smaller_goal_counts_where_forces_are_weak():
    weak = [{**row, "rms_meV_A": 100.0} for row in rows("bulk", 10.0)]
    assert calibrated(weak, ["bulk"], GOALS, "grade").bands["bulk"][0] == pytest.approx(1.0)


def test_a_group_that_taught_nothing_yet_gets_the_bounds_of_all():
    bounds = calibrated(rows("bulk", 10.0), ["bulk", "melt"], GOALS, "grade")
    assert bounds.bands["melt"] == bounds.bands["bulk"] and "melt 3 to 60 (from 12 picks)" in bounds.words


def test_too_little_to_learn_from_leaves_the_usual_bounds_and_says_so():
    bounds = calibrated(rows("bulk", 10.0, count=7), ["bulk"], GOALS, "grade")
    assert bounds.bands == {} and bounds.words.endswith("only 7 earlier picks.")
    assert calibrated([], ["bulk"], GOALS, "grade").words == ""


def test_of_the_worst_the_most_unlike_are_kept_and_never_the_good():
    frames = [Atoms("Ar", info={"group": "bulk", "id": str(n)}) for n in range(12)]
    errors = [9.0, 8.9, 8.8, 8.7, 5.0, 4.9] + [0.1] * 6
    like = {str(n): np.array([0.001 * n, 0.0]) for n in range(4)}
    like |= {"4": np.array([1.0, 0.0]), "5": np.array([0.0, 1.0])}
    like |= {str(n): np.array([5.0, n]) for n in range(6, 12)}
    kept = worst(frames, errors, (like, np.zeros((0, 2))), Wish(count=4, random_share=0))
    names = {atoms.info["id"] for atoms in kept}
    assert {"4", "5"} < names < {"0", "1", "2", "3", "4", "5"} and len(kept) == 4


def test_members_of_a_committee_know_other_data_of_the_same_weight():
    frames = [Atoms("Ar", info={"id": str(n)}) for n in range(50)]
    one, other = bootstrapped(frames, 1), bootstrapped(frames, 2)
    assert [a.info["id"] for a in one] != [a.info["id"] for a in other]
    assert sum(a.info["weight"] for a in one) == sum(a.info["weight"] for a in other) == 50.0
    assert 25 <= len(one) <= 38 and all("weight" not in atoms.info for atoms in frames)
