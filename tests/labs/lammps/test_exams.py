"""The question papers of this project: theory recomputed from formulas, syntax put to the engine, option by option."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

import lang2mlip
from lang2mlip.labs.lammps.exam import read_exam

PAPERS = Path(lang2mlip.__file__).parent / "data" / "exams"
CONSTANTS = {
    "k": 8.617333262e-5, "e": 1.602176634e-19, "kB": 1.380649e-23, "u": 1.66053906660e-27, "NA": 6.02214076e23,
    "pi": math.pi, "sqrt": math.sqrt, "exp": math.exp, "ln": math.log,
}  # fmt: skip
THEORY = json.loads((PAPERS / "theory.json").read_text(encoding="utf-8"))["questions"]

ENGINE = """
import json, sys
from lang2mlip.science.atoms.lammps_library import open_lammps

paper, found = json.load(open(sys.argv[1])), {}
for one in paper["questions"]:
    found[one["id"]] = []
    for letter, text in one["options"].items():
        lammps = open_lammps()
        for line in [*paper["host"], *text.split(chr(10)), "run 0"]:
            lammps.lib.lammps_command(lammps.lmp, line.encode())
            if lammps.lib.lammps_has_error(lammps.lmp):
                break
        else:
            found[one["id"]].append(letter)
        lammps.close()
print(json.dumps(found))
"""


@pytest.mark.parametrize("one", THEORY, ids=lambda one: one["id"])
def test_the_answer_to_a_theory_question_is_what_its_formula_gives_and_no_other_option_is_near(one):
    right = eval(one["by"], {"__builtins__": {}}, CONSTANTS)
    near = [key for key, text in one["options"].items() if abs(float(text) - right) < 0.02 * abs(right)]
    assert near == [one["answer"]]


def test_of_every_syntax_question_the_engine_takes_the_answer_and_nothing_else(tmp_path):
    paper = PAPERS / "syntax.json"
    words = [sys.executable, "-c", ENGINE, str(paper)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    questions = json.loads(paper.read_text(encoding="utf-8"))["questions"]
    assert json.loads(done.stdout.splitlines()[-1]) == {one["id"]: [one["answer"]] for one in questions}


def test_both_papers_have_forty_questions_and_are_read_by_the_reader_of_papers():
    exam = read_exam(PAPERS)
    assert not exam.left_out
    for name in ("theory", "syntax"):
        mine = [one for one in exam.questions if one.name.startswith(name)]
        assert len(mine) >= 40
        assert all(one.right((one.answer[0],)) and not one.right(("E",)) for one in mine)
        assert len({one.answer for one in mine}) == 4
