"""Selection: nothing broken, nothing twice, nothing known; far apart; partly blind; the same every time."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.selection.choice import Candidates, SelectionRequest, choose
from lang2mlip.science.selection.diverse import nearest_distance, standardised

RNG = np.random.default_rng(5)
CROWD = np.concatenate([RNG.normal(0, 0.1, (180, 4)), RNG.normal(0, 3, (20, 4))])


def of(points=CROWD, groups=None, **more):
    return Candidates(groups=groups or ["g"] * len(points), descriptors=points, **more)


def radius(points, chosen):
    """How far the worst-served point is from what was chosen."""
    scaled, _ = standardised(points, np.zeros((0, points.shape[1])))
    return nearest_distance(scaled, scaled[list(chosen)]).max()


def test_farthest_points_cover_a_crowd_far_better_than_random_picks():
    diverse = choose(of(), None, SelectionRequest(count=20, random_share=0)).indices
    blind = [choose(of(), None, SelectionRequest(count=20, method="random", seed=s)).indices for s in range(5)]
    assert radius(CROWD, diverse) < 0.5 * min(radius(CROWD, picks) for picks in blind)


def test_what_the_training_set_holds_is_not_chosen_again():
    corner = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    candidates = np.concatenate([corner + 0.001, [[5.0, 5.0]]])
    picked = choose(of(candidates), corner, SelectionRequest(count=5, random_share=0)).indices
    assert picked == (4,)


def test_frames_alike_are_chosen_once():
    twice = np.repeat(RNG.normal(size=(6, 3)), 3, axis=0)
    assert len(choose(of(twice), None, SelectionRequest(count=18, random_share=0)).indices) == 6


def test_a_bad_tail_a_known_frame_and_a_broken_descriptor_are_never_chosen():
    points = RNG.normal(size=(5, 3))
    points[3] = np.nan
    candidates = of(
        points, phases=["stable", "bad-tail", "pre-failure", "stable", "stable"], ids=list("abcde"),
        known_ids=frozenset("e"),
    )  # fmt: skip
    choice = choose(candidates, None, SelectionRequest(count=5, random_share=0.5))
    assert sorted(choice.indices) == [0, 2]
    assert sum(choice.refused.values()) == 3


def test_doubt_comes_first_then_what_is_far_outside_then_what_is_well_known():
    grades = np.array([0.2, 3.0, 50.0, 5.0, 0.9])
    choice = choose(of(RNG.normal(size=(5, 3)), grades=grades), None, SelectionRequest(count=4, random_share=0))
    assert set(choice.indices[:2]) == {1, 3} and choice.indices[2] == 2 and choice.indices[3] in (0, 4)
    assert choice.why[0].startswith("in doubt, grade ") and choice.why[3].startswith("well known")
    strict = SelectionRequest(count=4, random_share=0, fill=False)
    assert set(choose(of(RNG.normal(size=(5, 3)), grades=grades), None, strict).indices) == {1, 3}


def test_without_descriptors_the_highest_grade_is_taken():
    candidates = Candidates(groups=["g"] * 4, grades=np.array([1.5, 4.0, 2.0, 3.0]))
    assert choose(candidates, None, SelectionRequest(count=2, random_share=0)).indices == (1, 3)


def test_every_group_gets_its_turn_however_large_the_others_are():
    groups = ["large"] * 190 + ["small"] * 10
    picked = choose(of(groups=groups), None, SelectionRequest(count=12, random_share=0)).indices
    assert sum(groups[i] == "small" for i in picked) == 6


def test_the_random_share_is_blind_and_spread_like_the_frames():
    grades = np.linspace(0, 5, 200)
    drawn = []
    for seed in range(20):
        choice = choose(of(grades=grades), None, SelectionRequest(count=40, random_share=0.25, seed=seed))
        drawn += [grades[i] for i, why in zip(choice.indices, choice.why, strict=True) if why == "random"]
    assert len(drawn) == 200
    assert abs(np.mean(drawn) - 2.5) < 4 * 1.45 / np.sqrt(200)


def test_the_same_seed_chooses_the_same_and_never_twice():
    request = SelectionRequest(count=30, seed=3)
    first, second = (choose(of(), None, request) for _ in range(2))
    assert first == second and len(set(first.indices)) == 30
    assert first.indices != choose(of(), None, SelectionRequest(count=30, seed=4)).indices


def test_asking_for_more_than_there_is_gives_all_that_is_healthy():
    assert len(choose(of(), None, SelectionRequest(count=500, duplicate=0)).indices) == 200
    assert len(choose(of(), None, SelectionRequest(count=1, method="all")).indices) == 200
    assert choose(Candidates(groups=[]), None, SelectionRequest(count=3)).indices == ()


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="2 rows for 3"):
        choose(Candidates(groups=["g"] * 3, grades=np.ones(2)), None, SelectionRequest(count=1))
    with pytest.raises(BadInput, match="3 features"):
        choose(of(np.ones((2, 3))), np.ones((2, 4)), SelectionRequest(count=1))
