"""The briefing says what a decision rests on, with units, at any point of a run, and hides the frozen test set."""

from __future__ import annotations

import pytest
from decide_states import errors, run

from lang2mlip.decide.briefing import brief, table
from lang2mlip.decide.tools import Tools


@pytest.mark.parametrize("upto", range(5))
def test_a_briefing_has_every_section_at_every_point_of_a_run(tmp_path, upto):
    state, view = run(tmp_path, upto)
    text = brief(state, view.steps())
    for section in (
        "## Task",
        "## Groups",
        "## Model",
        "## Broken MD",
        "## Evaluation",
        "## Cost and budget",
        "## Log",
    ):
        assert section in text
    assert "-test" not in text


def test_the_honest_curve_is_shown_oldest_first(tmp_path):
    state, view = run(tmp_path, 2)
    melt = state.groups["melt"].model_copy(update={"fresh": (errors(90.0), errors(60.0), errors(45.0))})
    text = brief(state.model_copy(update={"groups": state.groups | {"melt": melt}}), view.steps())
    assert "| 45.0 | 9.0 | 90.0 → 60.0 |" in text


def test_a_long_log_is_cut_and_says_so(tmp_path):
    state, view = run(tmp_path, 4)
    text = brief(state, view.steps(), last=1)
    assert "3 earlier steps are left out" in text and "reason 4" in text and "reason 3" not in text


def test_a_cell_cannot_break_a_table():
    shown = table(["a"], [["one | two\nthree"]])
    assert shown.splitlines()[2] == "| one ¦ two three |"


def test_a_tool_that_is_asked_for_an_unknown_group_names_the_nearest(tmp_path):
    tools = Tools(*run(tmp_path, 3))
    for tool in (tools.structures, tools.group_errors, tools.failures, tools.trajectories):
        assert "Did you mean 'melt'? Known: crystal, melt." in tool("melts")


def test_every_tool_answers_with_quoted_data_before_anything_was_done(tmp_path):
    tools = Tools(*run(tmp_path, 0))
    for tool in tools.all():
        given = {"group_errors": ("melt",), "step": (1,), "walk": (1,)}.get(tool.__name__, ())
        text = tool(*given)
        assert text.startswith("<data>") and text.endswith("</data>")


def test_the_errors_of_a_group_are_told_by_element(tmp_path):
    state, view = run(tmp_path, 2)
    known = state.groups["melt"].train_error.model_copy(update={"by_element_meV_A": {"Ar": 12.4, "Ne": 40.0}})
    melt = state.groups["melt"].model_copy(update={"train_error": known, "ranges": {"nearest Ar-Ar": (2.9, 3.1)}})
    told = Tools(state.model_copy(update={"groups": {**state.groups, "melt": melt}}), view).group_errors("melt")
    assert "| Ar 12, Ne 40 |" in told and "F RMSE by element" in told and "nearest Ar-Ar" not in told


def test_a_tool_reply_that_is_too_long_is_cut_and_says_so(tmp_path):
    text = Tools(*run(tmp_path, 1, line="long " * 4000)).structures()
    assert len(text) < 13_000 and "characters more" in text


def test_a_run_without_a_view_still_has_its_costs(tmp_path):
    state, _ = run(tmp_path, 2)
    assert "480 reference calls" in Tools(state, None).costs()
