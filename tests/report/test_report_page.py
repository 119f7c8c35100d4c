"""The page: what a person reads first, that it needs no network, and that it survives every kind of run."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import report_story as story

from lang2mlip.contracts import Decision, Sample, Train
from lang2mlip.errors import RunFault
from lang2mlip.record.run import Run, write_json
from lang2mlip.record.view import View
from lang2mlip.report.page import render, write_report


class Reading(HTMLParser):
    """The visible text of a page and every attribute of every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.tags: list[str] = []
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._hidden:
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_the_first_line_says_that_a_toy_reference_makes_a_demonstration(page: str) -> None:
    first = Reading(page).words[0]
    assert first.startswith("Demonstration only")
    assert "Faithful to its reference: yes" in first


def test_the_question_and_both_verdicts_stand_before_everything_else(page: str) -> None:
    text = Reading(page).text
    places = [
        text.index("Copper: bulk, surfaces and the melt"),
        text.index("Is the potential faithful to its reference?"),
        text.index("Is the reference adequate for this goal?"),
        text.index("Force error (RMSE)"),
        text.index("The decisions, one by one"),
    ]
    assert places == sorted(places)


def test_the_page_asks_nothing_of_a_network(page: str) -> None:
    reading = Reading(page)
    loads = [a for a in reading.attributes if a[1] in ("src", "srcset", "data", "action") or a[0] == "link"]
    assert loads == []
    for tag, name, value in reading.attributes:
        if name in ("href", "xlink:href") and not value.startswith(("#", "data:")):
            assert tag == "a" and value.startswith("https://doi.org/10.")
    assert "@import" not in page and "url(http" not in page


def test_every_drawing_is_well_formed_and_no_id_is_used_twice(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 6 + 1 + 2 + 2 + 1  # parity, equation of state, rdf and msd, learning, cost
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).get("aria-label")
    ids = [value for _, name, value in Reading(page).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_words_of_people_and_models_cannot_become_markup(fresh: Run, tmp_path: Path) -> None:
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)> $\\frac{$'
    wanted = story.task(prompt=evil, goal=evil, notes=(evil,))
    run = story.begin(tmp_path / "evil", wanted)
    run.remark(evil)
    story.take(run, Train(), evil, model=story.model(1, 60), summary=evil, faults=(evil,))
    errors = {evil: story.comparison("bulk").errors()}
    write_json(run.folder / "curves.json", {"parity": {evil: story.details()["parity"]["bulk"]}, "eos": {evil: {}}})
    measured = story.evaluation(run, 1, errors=errors, details="curves.json")
    story.take(run, Train(), evil, evaluation=measured)
    reading = Reading(render(run.view()))
    assert reading.tags.count("script") == 1 and "img" not in reading.tags
    assert not [a for a in reading.attributes if a[1].startswith("on")]
    assert evil.replace("  ", " ") in reading.text


def test_a_run_that_has_only_begun_says_so(fresh: Run) -> None:
    text = Reading(render(fresh.view())).text
    assert text.startswith("Not finished: no step so far, no verdict yet.")
    assert "No model has been evaluated yet." in text and "No decision has been taken yet." in text


def test_a_step_under_way_and_a_failed_one_are_told_apart(fresh: Run) -> None:
    story.take(fresh, Train(), "labels wait", status="failed", summary="the fit diverged", faults=("the loss is nan",))
    fresh.decided(Decision(parameters=Sample(), reason="look further", expectation="it holds", decider="rules"))
    text = Reading(render(fresh.view())).text
    assert "Not finished: 1 step so far" in text
    assert "the fit diverged" in text and "the loss is nan" in text
    assert "look further → still running, or cut off before it ended" in text


def test_many_steps_are_folded_and_none_is_lost(fresh: Run) -> None:
    story.develop(fresh, rounds=17)
    page = render(fresh.view())
    assert fresh.state.step == 53
    assert page.count('<details class="chapter"') == 6
    numbers = re.findall(r'<span class="nr">(\d+)</span>', page)
    assert [int(number) for number in numbers] == list(range(1, 54))


def test_curves_that_cannot_be_read_leave_the_rest_of_the_page(fresh: Run) -> None:
    story.take(fresh, Train(), "labels wait", model=story.model(1, 60))
    story.take(fresh, Train(), "measure", evaluation=story.evaluation(fresh, 1))
    (fresh.folder / "validation/m1.json").write_text('{"parity": {"bulk"', encoding="utf-8")
    text = Reading(render(fresh.view())).text
    assert "Some curves are missing" in text and "Errors in each group" in text


def test_points_that_are_not_finite_are_left_out(fresh: Run) -> None:
    story.take(fresh, Train(), "labels wait", model=story.model(1, 60))
    measured = story.evaluation(fresh, 1)
    curves = {"parity": {"bulk": {"energy": [[math.nan, 1.0]], "forces": [[0.0, math.inf], [1.0, 1.1]]}}}
    write_json(fresh.folder / "validation/m1.json", curves)
    story.take(fresh, Train(), "measure", evaluation=measured)
    page = render(fresh.view())
    assert "bulk: forces" in page and "bulk: energy" not in page
    assert "RMSE 100" in page


def test_a_large_run_stays_below_two_megabytes(fresh: Run) -> None:
    story.take(fresh, Train(), "labels wait", model=story.model(1, 60))
    pairs = story.comparison("melt").forces.tolist()
    many = (pairs * (2000 // len(pairs) + 1))[:2000]
    measured = story.evaluation(fresh, 1)
    parity = {f"group-{i}": {"energy": many, "forces": many} for i in range(14)}
    write_json(fresh.folder / "validation/m1.json", {"parity": parity})
    story.take(fresh, Train(), "measure", evaluation=measured)
    page = render(fresh.view())
    assert len(page.encode()) <= 2_000_000
    assert "2 more are in the table alone" in page


def test_the_page_is_written_whole_and_a_second_time_over_the_first(finished: View, tmp_path: Path) -> None:
    written = [write_report(finished, tmp_path / "report") for _ in range(2)]
    assert written[0] == written[1] == tmp_path / "report/index.html"
    assert [file.name for file in (tmp_path / "report").iterdir()] == ["index.html"]
    assert written[0].read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_folder_that_cannot_be_written_is_one_sentence(finished: View, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file stands here", encoding="utf-8")
    with pytest.raises(RunFault, match="Cannot write .*taken.* Make the place writable"):
        write_report(finished, tmp_path / "taken")


def test_it_says_how_to_make_the_run_again(page: str) -> None:
    text: Any = Reading(page).text
    assert "lang2mlip run 'Copper: bulk, surfaces and the melt, 300 to 1500 K' --yes --reference emt" in text
    assert "ase 3.29.0" in text
