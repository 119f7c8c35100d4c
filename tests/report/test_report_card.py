"""The model card that travels with the potential."""

from __future__ import annotations

from pathlib import Path

import report_story as story

from lang2mlip.record.run import Run
from lang2mlip.record.view import View
from lang2mlip.report.card import model_card, plain


def test_the_card_begins_with_the_verdict_and_holds_what_a_user_must_know(finished: View) -> None:
    card = model_card(finished)
    assert "Demonstration only" in card[:200]
    for heading in ("May be used for", "Must not be used for", "Errors", "Data", "Cost of development", "Licence"):
        assert f"## {heading}" in card
    assert "24 parameters" in card and "195 labelled configurations" in card
    assert "ase 3.29.0" in card and "the frozen test set" in card


def test_every_table_of_the_card_has_rows_of_equal_length(finished: View) -> None:
    lines = [line for line in model_card(finished).splitlines() if line.startswith("|")]
    assert len(lines) > 8
    for line, after in zip(lines, lines[1:], strict=False):
        if after.startswith("|---") or after.startswith("| ---"):
            assert line.count("|") == after.count("|")


def test_a_card_without_a_model_warns(fresh: Run) -> None:
    card = model_card(fresh.view())
    assert "No model has been trained." in card and "do not use this potential" in card


def test_words_of_people_cannot_break_the_card(tmp_path: Path) -> None:
    run = story.begin(tmp_path / "evil", story.task(prompt="# a | b\n\n<script>alert(1)</script>", goal="x"))
    card = model_card(run.view())
    assert "<script>" not in card.split("```")[0]
    assert plain("a | b\n<c>") == "a \\| b \\<c\\>"
