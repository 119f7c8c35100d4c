"""Guards forbid what is impossible, say why, and let everything else pass."""

from __future__ import annotations

import re

import pytest
from decide_states import run

from lang2mlip.contracts import ACTIONS, End, Evaluate, Explore, Prune, ReferenceRun, Sample, Select, Train
from lang2mlip.decide.guards import refuse


@pytest.mark.parametrize(
    ("upto", "parameters", "why"),
    [
        (0, Train(), "no labelled frames"),
        (0, Sample(), "no trained potential"),
        (1, Evaluate(), "no trained potential"),
        (1, Train(start="current"), "start from scratch"),
        (2, Select(), "pool is empty"),
        (0, Prune(), "nothing to prune"),
        (1, Prune(datasets=("d7",)), "no data set called 'd7'. Known: d1"),
        (0, End(outcome="success"), "no potential to succeed with"),
        (3, End(outcome="success"), "m1 has not been evaluated"),
        (2, Sample(groups=("crystl",)), "no group called 'crystl'. Did you mean 'crystal'"),
    ],
)
def test_the_impossible_is_refused_with_its_reason(tmp_path, upto, parameters, why):
    state, _ = run(tmp_path, upto)
    reason = refuse(state, parameters)
    assert reason is not None
    assert re.search(why, reason)


@pytest.mark.parametrize(
    ("upto", "parameters"),
    [
        (0, ReferenceRun()),
        (0, Explore(groups=("melt",))),
        (0, End(outcome="failure")),
        (1, Train()),
        (2, Train(start="current")),
        (2, Sample(groups=("melt",))),
        (3, Select(groups=("melt",))),
        (3, Explore()),
        (2, Prune(datasets=("d1",))),
        (2, End(outcome="budget")),
        (4, End(outcome="success")),
    ],
)
def test_the_possible_passes_in_any_order(tmp_path, upto, parameters):
    state, _ = run(tmp_path, upto)
    assert refuse(state, parameters) is None


def test_a_spent_budget_forbids_what_would_spend_more(tmp_path):
    state, _ = run(tmp_path, 3, max_calls=480, max_labels=40)
    assert "480 reference calls are spent" in str(refuse(state, Explore()))
    assert "480 reference calls are spent" in str(refuse(state, Select()))
    assert refuse(state, Train()) is None
    state, _ = run(tmp_path, 3, max_labels=40)
    assert "40 labels of the budget are used" in str(refuse(state, Select()))


def test_nothing_follows_the_end(tmp_path):
    state, _ = run(tmp_path, 4)
    ended = state.model_copy(update={"ended": True})
    for kind in ACTIONS.values():
        parameters = kind(outcome="success") if kind is End else kind()
        assert "has ended" in str(refuse(ended, parameters))
