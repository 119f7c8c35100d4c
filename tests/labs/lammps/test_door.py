"""`lang2mlip simulate` at the command line: numbers on standard output, a sentence and code 2 where words do not do."""

import json
import subprocess

import tiny


def said(place, *words):
    return subprocess.run([tiny.COMMAND, "simulate", *words], cwd=place, capture_output=True, text=True, check=False)


def test_a_simulation_at_the_command_line_prints_its_numbers_and_leaves_its_folder(tmp_path):
    done = said(tmp_path, "surface energy of Cu(100)", "--name", "try", "--set", "thickness_A=12")
    assert done.returncode == 0, done.stderr
    assert "surface_energy: " in done.stdout
    told = json.loads((tmp_path / "simulations" / "try" / "results.json").read_text())
    assert told["parameters"]["miller"] == [1, 0, 0]
    assert told["parameters"]["thickness_A"] == 12


def test_a_question_is_one_sentence_and_code_two(tmp_path):
    done = said(tmp_path, "elastic constants of Cu and Ni")
    assert done.returncode == 2
    assert done.stderr.startswith("lang2mlip: Which substance first")
    assert not list(tmp_path.iterdir())


def test_a_parameter_that_the_recipe_does_not_have_is_named(tmp_path):
    done = said(tmp_path, "lattice constant of copper", "--set", "boxx=1")
    assert done.returncode == 2
    assert "boxx" in done.stderr
