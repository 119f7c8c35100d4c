"""Selection: nothing broken, nothing twice, nothing known; far apart; partly blind; the same every time."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.selection.choose import Candidates, Wish, choose, refusals
from lang2mlip.science.selection.diverse import nearest_distance

RNG = np.random.default_rng(5)
CROWD = np.concatenate([RNG.normal(0, 0.1, (180, 4)), RNG.normal(0, 3, (20, 4))])


def of(points=CROWD, groups=None, **more):
    return Candidates(groups=groups or ["g"] * len(points), descriptors=points, **more)


def indices(candidates, **wish):
    return [index for index, _ in choose(candidates, Wish(**wish))]


def radius(chosen):
    """How far the worst-served point of the crowd is from what was chosen."""
    return nearest_distance(CROWD, CROWD[list(chosen)]).max()


def test_farthest_points_cover_a_crowd_far_better_than_random_picks():
    diverse = radius(indices(of(), count=20, random_share=0))
    assert diverse < 0.5 * min(radius(indices(of(), count=20, method="random", seed=seed)) for seed in range(5))


def test_what_the_training_set_holds_is_not_chosen_again():
    corner = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    candidates = np.concatenate([corner + 0.001, [[5.0, 5.0]]])
    assert indices(of(candidates, known=corner), count=5, random_share=0) == [4]


def test_frames_alike_are_chosen_once():
    twice = np.repeat(RNG.normal(size=(6, 3)), 3, axis=0)
    assert len(indices(of(twice), count=18, random_share=0)) == 6


def test_a_bad_tail_a_known_frame_and_a_broken_descriptor_are_never_chosen():
    points = RNG.normal(size=(6, 3))
    points[3] = np.nan
    phases = ["stable", "bad-tail", "pre-failure", "stable", "stable", "stable"]
    candidates = of(points, phases=phases, ids=list("abcdea"), known_ids=frozenset("e"))
    assert sorted(indices(candidates, count=6, random_share=0.5)) == [0, 2]
    assert sum(refusals(candidates).values()) == 4 and len(refusals(candidates)) == 3


def test_doubt_comes_first_then_what_is_well_known_and_what_was_breaking_only_if_wished():
    candidates = of(RNG.normal(size=(5, 3)), grades=np.array([0.2, 3.0, 500.0, 5.0, 0.9]))
    picks = choose(candidates, Wish(count=5, random_share=0))
    assert {picks[0][0], picks[1][0]} == {1, 3} and {picks[2][0], picks[3][0]} == {0, 4} and len(picks) == 4
    assert picks[0][1].startswith("in doubt: far from the data of g, grade ") and picks[3][1].startswith("well known")
    assert indices(candidates, count=5, random_share=0, far_outside=True)[-1] == 2


def test_where_all_is_far_outside_the_less_far_half_fills_the_wish():
    grades = np.array([60.0, 9000.0, 70.0, 8000.0, 80.0, 7000.0, 90.0, 6000.0])
    candidates = Candidates(groups=["a"] * 8, descriptors=np.arange(8.0)[:, None], grades=grades)
    assert indices(candidates, count=3, random_share=0) == []
    assert set(indices(candidates, count=3, random_share=0, far_outside=True)) < {0, 2, 4, 6}
    assert set(indices(candidates, count=6, random_share=0, far_outside=True)) == {0, 2, 4, 6, 7, 5}


def test_without_descriptors_the_highest_grade_is_taken():
    candidates = Candidates(groups=["g"] * 4, grades=np.array([1.5, 4.0, 2.0, 3.0]))
    assert indices(candidates, count=2, random_share=0) == [1, 3]


def test_groups_share_by_need_and_a_small_one_is_never_forgotten():
    groups = ["calm"] * 150 + ["wild"] * 40 + ["rare"] * 10
    grades = np.where(np.arange(200) < 150, 0.5, 3.0)
    points = RNG.normal(size=(200, 4))
    points[:150] *= 0.01
    picked = indices(of(points, groups=groups, grades=grades), count=20, random_share=0)
    shares = {name: sum(groups[i] == name for i in picked) for name in set(groups)}
    assert shares["wild"] > shares["rare"] >= 2 and shares["calm"] == 0
    everything = indices(of(points, groups=groups), count=20, random_share=0)
    assert {groups[i] for i in everything} == set(groups)


def test_diversity_is_judged_within_a_group_however_small_its_spread():
    points = np.concatenate([RNG.normal(0, 1e-2, (50, 3)), RNG.normal(0, 10, (50, 3))])
    groups = ["bulk"] * 50 + ["melt"] * 50
    picked = indices(of(points, groups=groups), count=20, random_share=0)
    assert sum(groups[i] == "bulk" for i in picked) == 10


def test_the_random_share_is_blind_and_spread_like_the_frames():
    grades, drawn = np.linspace(0, 5, 200), []
    for seed in range(20):
        picks = choose(of(grades=grades), Wish(count=40, random_share=0.25, seed=seed))
        drawn += [grades[index] for index, why in picks if why.startswith("at random")]
    assert len(drawn) == 200
    assert abs(np.mean(drawn) - 2.5) < 4 * 1.45 / np.sqrt(200)


def test_the_same_seed_chooses_the_same_and_never_twice():
    first, second = (indices(of(), count=30, seed=3) for _ in range(2))
    assert first == second and len(set(first)) == 30
    assert first != indices(of(), count=30, seed=4)


def test_asking_for_more_than_there_is_gives_all_that_is_healthy():
    assert len(indices(of(), count=500, duplicate=0)) == 200
    assert len(indices(of(), count=500, method="random")) == 200
    assert indices(Candidates(groups=[]), count=3) == []
    assert indices(of(np.zeros((0, 3))), count=3) == []


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="2 rows for 3"):
        choose(Candidates(groups=["g"] * 3, grades=np.ones(2)), Wish(count=1))
    with pytest.raises(BadInput, match="3 features"):
        choose(of(np.ones((2, 3)), known=np.ones((2, 4))), Wish(count=1))


def test_each_group_may_have_bounds_of_doubt_of_its_own():
    grades = np.array([2.0, 2.0, 0.2, 0.2])
    candidates = Candidates(groups=["a", "b", "a", "b"], grades=grades)
    picks = choose(candidates, Wish(count=4, random_share=0, bands={"b": (0.1, 1.0)}, measure="spread"))
    assert dict(picks) == {3: "in doubt: spread 0.2", 0: "in doubt: spread 2", 2: "well known: spread 0.2"}
