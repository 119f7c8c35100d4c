"""A fixed sample of the malformed inputs that benchmarks/safety.py meets in full: no traceback, the place is named."""

import sys
from pathlib import Path

import pytest
import yaml

from lang2mlip.errors import BadInput
from lang2mlip.prepare.planfile import plan_from_file

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import malformed


def test_what_is_wrong_is_said_with_its_place_and_without_a_traceback(tmp_path):
    made = malformed.cases(tmp_path)
    assert len(made) >= 300 and len({case.name for case in made}) == len(made)
    sample = [case for case in made[::25] if case.words[0] != "resume"]
    said = malformed.answers(tmp_path, sample)
    troubles = {case.name: malformed.wrong(case, *told) for case, told in zip(sample, said, strict=True)}
    assert {name: why for name, why in troubles.items() if why} == {}
    assert sum(status == 2 for status, _ in said) > len(said) / 2


def test_the_same_seed_gives_the_same_inputs(tmp_path):
    import random

    raw = b"0.1 0.2 0.3\n" * 9
    assert [malformed._damaged(random.Random(3), raw) for _ in range(2)] == [
        malformed._damaged(random.Random(3), raw)
    ] * 2


def test_an_answer_that_is_not_as_it_should_be_is_counted():
    case = malformed.Case("x", (), ("task.yaml",))
    assert malformed.wrong(case, 2, "lang2mlip: task.yaml: line 3 is wrong") is None
    assert malformed.wrong(case, 2, "lang2mlip: something is wrong") == "the message does not name the place"
    assert malformed.wrong(case, 99, "Traceback (most recent call last)") == "a traceback"
    assert malformed.wrong(case, 1, "lang2mlip: task.yaml") == "exit code 1"
    assert malformed.wrong(case, 98, "") == "no answer"


@pytest.mark.parametrize("word", ["../../out", "/etc/x", "a\x00b", "", ".hidden", "x" * 200])
@pytest.mark.parametrize("what", ["name", "group"])
def test_a_plan_names_no_file_outside_of_its_run(tmp_path, what, word):
    plan = {"requests": [{"name": "one", "builder": "bulk", "group": "bulk", "role": "train"} | {what: word}]}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    with pytest.raises(BadInput, match=f"cannot be the {what} of structure 0"):
        plan_from_file(tmp_path / "plan.yaml")
