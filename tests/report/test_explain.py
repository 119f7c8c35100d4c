"""A decision explained: the state it saw, not the one it made; what else was weighed; what came of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "decide"))

from decide_states import STAGES, decided, errors, records, task

from lang2mlip.errors import BadInput
from lang2mlip.record.events import Created, Finished, Prepared
from lang2mlip.record.state import fold
from lang2mlip.record.view import View
from lang2mlip.report.explain import _standing, explain, story
from lang2mlip.report.page import write_step


@pytest.fixture
def view(tmp_path):
    events = [Created(task=task()), Prepared(structures=records())]
    for number, (parameters, result) in enumerate(STAGES, start=1):
        events += [decided(number, parameters), Finished(step=number, result=result())]
    return View(tmp_path, fold(events), tuple(events))


def part(explanation, head):
    return " ".join(dict(explanation.parts)[head])


def test_what_was_seen_is_the_state_before_the_step(view):
    second, third = explain(view, 2), explain(view, 3)
    assert "20 labels" in part(second, "What was seen") and "MD broke" not in part(second, "What was seen")
    assert "MD broke" not in part(third, "What was seen")
    assert "MD broke in 1 of 1 walks" in part(explain(view, 4), "What was seen")


def test_what_happened_is_told_with_its_changes_and_its_cost(view):
    told = part(explain(view, 3), "What happened")
    assert "melt broke" in told and "melt: 1 of 1 walks broke" in told and "0 reference calls" in told
    assert "labels 0 → 20" in part(explain(view, 1), "What happened")


def test_the_alternatives_are_what_the_rules_had_to_say(view):
    explained = explain(view, 3)
    assert explained.title.startswith("Step 3: sample") and "decided by rules" in explained.title
    assert part(explained, "What else was weighed").startswith("Had this not been needed, next in line")


def test_a_newcomer_reads_what_the_action_is_what_its_words_mean_and_what_came_next(view):
    third, last = explain(view, 3), explain(view, 4)
    assert part(third, "What was done").startswith("sample: MD with the current potential, watched as it runs")
    assert "depth full: errors: held-out errors" in part(last, "What was done")
    assert part(third, "What came next").startswith("Step 4, evaluate: reason 4")
    assert part(last, "What came next") == ""
    assert "pool: configurations from MD" in part(third, "Words")


def test_why_md_broke_is_said(view):
    told = part(explain(view, 3), "What happened")
    assert "melt: MD at 120 K broke after 220 of 500 steps: pair Ar-Ar 1.1 Å < 1.2 Å." in told


def test_the_page_stands_alone_and_the_text_has_every_heading(view, tmp_path):
    explained = explain(view, 4)
    page = write_step(view, explained, tmp_path).read_text()
    assert "http" not in page.replace("http://www.w3.org", "") and "What was expected" in page
    assert all(f"## {head}" in explained.text() for head, lines in explained.parts if lines)


def test_a_step_that_is_not_there_is_one_sentence(view):
    with pytest.raises(BadInput, match="has no step 9; it has 4"):
        explain(view, 9)
    assert len(story(view)) == 4


def standing(force, energy, labels_then, labels_now=20):
    """The sentence on a group after a first batch of fresh labels, with `labels_now` in all by now."""
    fresh = errors(force).model_copy(update={"energy_rmse_meV_atom": energy})
    events = [Created(task=task()), Prepared(structures=records())]
    state = fold(events)
    group = state.groups["melt"].model_copy(
        update={"labels": labels_now, "fresh": (fresh,), "measured_at": labels_then, "held_K": 9e9}
    )
    return " ".join(_standing(state.model_copy(update={"groups": {**state.groups, "melt": group}})))


def test_energies_are_named_where_they_are_what_is_missed():
    limit = task().goals.energy_rmse_meV_atom
    assert f"energy error {limit + 1:.1f} meV/atom on the same (goal {limit:g})" in standing(1.0, limit + 1, 20)
    assert "energy error" not in standing(1.0, limit - 0.5, 20)


def test_a_group_that_is_measured_again_is_said_to_be():
    assert "measured again now, as the labels of other groups have grown since" in standing(1.0, 0.1, 5)
    assert "measured again" not in standing(1.0, 0.1, 20)
