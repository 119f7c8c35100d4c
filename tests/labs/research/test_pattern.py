"""Pattern search: a step at a time, on where it paid, and never where it has been."""

from dataclasses import dataclass, field

from lang2mlip.labs.research.pattern import next_step
from lang2mlip.labs.research.story import Attempt, Story

SPACE = {
    "size": {"choices": [6, 8, 12], "structural": True},
    "reach": {"low": 2.0, "high": 8.0, "structural": True},
    "weight": {"low": 1.0, "high": 1e6, "log": True},
    "flag": {"choices": [True, False]},
}


@dataclass
class Configs:
    """Configurations by commit, which is all that a step asks an arena for."""

    known: dict = field(default_factory=dict)
    spec: dict = field(default_factory=lambda: {"space": SPACE})

    def config(self, commit):
        return self.known[commit]


def walked(*kept, start):
    """(arena, story) after attempts along the wishes of the search, kept or not as told."""
    arena, story = Configs({"0": start}), Story("0", "0", 0)
    for number, keep in enumerate(kept, 1):
        path, value = next_step(arena, story, structural=False)
        parent, commit = story.control, str(number)
        arena.known[commit] = arena.known[parent] | {path: value}
        control = commit if keep else parent
        told = {"change": {path: value}, "parent": parent, "commit": commit}
        story.attempts.append(Attempt(number, told, {"keep": keep, "control": control}))
        story.control = control
    return arena, story


START = {"size": 8, "reach": 4.0, "weight": 100.0, "flag": True}


def steps(count, **start):
    arena, story = walked(*[False] * count, start=START | start)
    return [tuple(one.proposal["change"].items())[0] for one in story.attempts]


def test_every_axis_is_tried_up_and_then_down():
    assert steps(7) == [
        ("size", 12), ("reach", 5.0), ("weight", 1000.0), ("flag", False), ("size", 6), ("reach", 3.0), ("weight", 10.0)
    ]  # fmt: skip


def test_it_goes_on_in_a_direction_that_paid():
    arena, story = walked(False, True, start=START)
    assert arena.known[story.control]["reach"] == 5.0 and next_step(arena, story, False) == ("reach", 6.0)


def test_it_never_goes_back_to_what_was_left_and_ends_when_all_was_tried():
    arena, story = walked(True, *[False] * 5, start=START)
    tried = [one.proposal["change"] for one in story.attempts]
    assert {"size": 8} not in tried and next_step(arena, story, False) is None


def test_a_number_that_is_not_among_the_choices_has_neighbours_too():
    assert steps(1, size=10) == [("size", 12)]
    assert ("size", 8) in steps(7, size=10)


def test_where_another_structure_is_demanded_only_structural_axes_are_walked():
    arena, story = walked(False, False, start=START)
    assert next_step(arena, story, structural=True) == ("size", 6)


def test_what_is_not_on_an_axis_is_left_alone():
    assert all(path != "reach" for path, _ in steps(5, reach=1.0))
