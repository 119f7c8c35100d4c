"""Goals that take MD are set to the pace of the potential, and the person is told."""

import pytest

from lang2mlip.catalogue import names
from lang2mlip.contracts import Goals
from lang2mlip.data import table
from lang2mlip.prepare.pace import for_family


@pytest.mark.parametrize("family", ["gap", "mace"])
def test_a_slow_family_runs_shorter_and_says_so(family):
    goals, (told,) = for_family(Goals(), family)
    assert 100 <= goals.stable_steps < Goals().stable_steps
    assert told.field == "goals.stable_steps" and family in told.why


def test_a_fast_family_and_a_length_that_was_named_stay():
    assert for_family(Goals(), "mtp") == (Goals(), [])
    named = Goals(stable_steps=4000)
    assert for_family(named, "gap") == (named, [])


def test_every_family_has_a_cited_speed():
    speeds = table("speeds")
    assert set(speeds) == set(names("potential"))
    assert all(one["atom_steps_per_s"] > 0 and one["source"] for one in speeds.values())
