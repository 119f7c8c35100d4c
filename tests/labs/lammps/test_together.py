"""Several simulations side by side: each in its own folder, and one that fails stops none of the others."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from lang2mlip.doors.cli import app
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.simulation import Settings
from lang2mlip.labs.lammps.together import simulate_all

SAME = "elastic constants of copper"


def test_equal_requests_get_folders_of_their_own_and_equal_numbers_and_a_fault_stays_alone(tmp_path):
    lines = []
    done = simulate_all([SAME, "capital of France", SAME], Settings(out=tmp_path), 2, lambda n, line: lines.append(n))
    first, fault, last = done.outcomes
    assert first.sound and last.sound and first.made.folder != last.made.folder
    assert first.made.value("C11") == pytest.approx(last.made.value("C11"), rel=1e-9)
    assert fault.made is None and "No simulation was found" in fault.trouble
    assert done.cores == 2 and 0 < done.busy <= 1.2 and set(lines) == {1, 2, 3}


def test_a_file_of_requests_is_simulated_line_by_line(tmp_path):
    file = tmp_path / "requests.txt"
    file.write_text(f"# statics\n{SAME}   # the first\n\n", encoding="utf-8")
    told = CliRunner().invoke(app, ["simulate-all", str(file), "--out", str(tmp_path / "made")])
    assert told.exit_code == 0 and "1 of 1 are sound" in told.output and "C44" in told.output


def test_no_request_and_a_person_to_be_asked_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no request"):
        simulate_all([])
    with pytest.raises(BadInput, match="one by one"):
        simulate_all([SAME], replace(Settings(), manner=Manner(ask=lambda script, about: True)))
