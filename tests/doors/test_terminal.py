"""What the doors write is readable in a terminal and in a log, and says nothing that the words did not say."""

import io

import pytest
from rich.console import Console

from lang2mlip.contracts import ACTIONS
from lang2mlip.doors.byhand import act_by_hand
from lang2mlip.doors.narrator import TimeLeft
from lang2mlip.doors.terminal import open_console, paragraph, show_markdown

LONG = "the reference gives the frames to judge by and the normal ranges of every group " * 4


def written(write, width=60, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    write(console)
    return console.file.getvalue()


def test_lines_after_the_first_start_under_the_words():
    lines = written(lambda console: paragraph(console, "  1 explore    ", LONG)).splitlines()
    assert len(lines) > 3
    assert lines[0].startswith("  1 explore    the")
    assert all(line.startswith(" " * 15) and line[15] != " " for line in lines[1:])


def test_no_line_is_wider_than_the_console_or_ends_in_blanks():
    lines = written(lambda console: paragraph(console, "lead ", LONG), width=70).splitlines()
    assert all(len(line) <= 70 and line == line.rstrip() for line in lines)


def test_square_brackets_in_the_words_stay_what_they_are():
    words = "pip install 'lang2mlip[gpaw]' and [bold]this[/bold]"
    assert written(lambda console: paragraph(console, "", words), width=200).strip() == words


def test_a_path_is_never_broken():
    path = "/a/very-long/path/" + "x" * 80
    assert path in written(lambda console: paragraph(console, "Report ", path), width=40)


def test_bold_words_lose_their_stars_and_gain_weight_in_a_terminal():
    def write(console):
        show_markdown(console, "# A potential\n\n> the words\n\n- **Elements**: Si\n")

    assert written(write) == "A potential\n\n- Elements: Si\n"
    assert "\x1b[1mElements\x1b[0m" in written(write, force_terminal=True, color_system="standard")


def test_a_log_is_as_wide_as_people_read_and_columns_overrules_it(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert open_console().width <= 100
    monkeypatch.setenv("COLUMNS", "72")
    assert open_console().width == 72


@pytest.mark.parametrize("action", ACTIONS)
def test_the_help_of_an_action_names_every_option_it_takes(action, capsys):
    assert act_by_hand("any", action, ["--help"], None) == 0
    shown = capsys.readouterr().out
    for field in ACTIONS[action].model_fields:
        assert field == "action" or f"--{field.replace('_', '-')} " in shown
    assert "Undefined" not in shown


def test_the_time_left_is_what_the_rest_takes_at_the_same_pace():
    class Half:
        elapsed, completed = 90.0, 0.5

    assert TimeLeft().render(Half()).plain == "about 1:30 left"
    Half.completed = 0.0
    assert TimeLeft().render(Half()).plain == ""
