"""`lang2mlip converge`: the table, the advice, the files, the exit code, and clear sentences for wrong words."""

from __future__ import annotations

import json

import pytest
from ase.build import bulk

from lang2mlip.doors.converge import Wanted, converge
from lang2mlip.errors import BadInput

LADDER = "arguments.epsilon=0.5,0.9,0.999,1.0,1.001"


def wanted(place, *ladders, reference="ase:ase.calculators.lj.LennardJones", **more):
    file = place / "argon.xyz"
    bulk("Ar", cubic=True, a=1.6).write(file)
    enough = {"energy_meV_atom": 1e3, "force_meV_A": 1e3, "stress_GPa": 10.0} | more
    return Wanted(str(file), None, reference, ladders, enough, place / "found")


def test_the_table_says_what_to_write_into_the_task(tmp_path, capsys) -> None:
    assert converge(wanted(tmp_path, "arguments.rc=1.0,2.0,3.0,6.0,6.5")) == 0
    page = capsys.readouterr().out
    assert "| arguments.rc |" in page and "chosen" in page
    assert "For task.yaml, reference: settings: {arguments: {rc: " in page
    assert (tmp_path / "found" / "convergence.md").read_text().strip() == page.strip()
    (found,) = json.loads((tmp_path / "found" / "convergence.json").read_text())
    assert found["points"][-1]["force_meV_A"] == 0.0
    assert "<svg" in (tmp_path / "found" / "convergence-arguments.rc.svg").read_text()


def test_what_has_not_converged_is_said_and_is_no_success(tmp_path, capsys) -> None:
    assert converge(wanted(tmp_path, LADDER, force_meV_A=1e-9)) == 3
    assert "has not converged at 1.0, the finest but one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ladder", "reference", "sentence"),
    [
        ("rc", "ase:ase.calculators.lj.LennardJones", "SETTING=VALUE,VALUE"),
        ("arguments.rc=1,2", "ase:ase.calculators.lj.LennardJones", "at least three"),
        ("arguments.rc=1,2,3", None, "add --reference"),
        ("cutof=1,2,3", "emt", "has no setting 'cutof'"),
    ],
)
def test_wrong_words_get_one_sentence(tmp_path, ladder, reference, sentence) -> None:
    with pytest.raises(BadInput, match=sentence):
        converge(wanted(tmp_path, ladder, reference=reference))


def test_a_file_that_holds_no_structure_is_named(tmp_path) -> None:
    file = tmp_path / "words.xyz"
    file.write_text("nothing\n")
    with pytest.raises(BadInput, match="words.xyz cannot be read"):
        converge(Wanted(str(file), None, "emt", (), {}, None))
