"""What the command line tells of itself: the parts, what works here, where a run stands."""

from __future__ import annotations

import json

import pytest

import tiny
from lang2mlip.catalogue import parts
from lang2mlip.doors.doctor import try_part


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    place = tmp_path_factory.mktemp("told")
    tiny.new_run(place, "fresh")
    commands = [("parts",), ("parts", "action"), ("status", "fresh"), ("status", "fresh", "--json"), ("--help",),
                ("act", "fresh", "train", "--help")]  # fmt: skip
    return tiny.batch(place, commands)


def test_parts_lists_every_name_of_the_catalogue_with_its_line(told):
    status, said = told[0]
    assert status == 0
    for part in parts():
        assert f"{part.name} " in said
    for action in parts("action"):
        assert action.line in told[1][1]


def test_the_status_of_a_run_that_has_not_begun_says_how_to_go_on(told):
    status, said = told[2]
    assert status == 0 and "between actions" in said and "lang2mlip resume fresh" in said
    facts = json.loads(told[3][1])
    assert facts["ended"] is False and facts["step"] == 0 and facts["calls_left"] == 500


def test_help_names_every_command_and_every_option_of_an_action(told):
    for command in ("run", "prepare", "act", "resume", "status", "report", "import", "export", "parts", "doctor"):
        assert f" {command} " in told[4][1]
    assert "--effort" in told[5][1] and "quick | accurate" in told[5][1]


LIGHT = [part for kind in ("reference", "potential") for part in parts(kind) if not part.needs]


@pytest.mark.parametrize("part", LIGHT, ids=lambda part: f"{part.kind}-{part.name}")
def test_the_doctor_proves_parts_by_running_them(part, tmp_path):
    word, line = try_part(part, tmp_path)
    assert word in ("yes", "needs a file")
    assert word != "yes" or "s" in line.rsplit(" ", 1)[-1]


def test_a_part_that_is_not_here_is_told_with_how_to_get_it(tmp_path):
    for part in (part for part in parts("reference") if not part.installed):
        word, line = try_part(part, tmp_path)
        assert word == "not here" and line
