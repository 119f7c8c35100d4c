"""The examples can be run: their tasks and plans are read by this version, and what they say of themselves holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lang2mlip.prepare.planfile import plan_from_file
from lang2mlip.prepare.taskfile import task_from_file
from lang2mlip.science.reference.convergence import Convergence

EXAMPLES = Path(__file__).parents[1] / "examples"
TASKS = sorted(EXAMPLES.glob("*/*/task.yaml"))


@pytest.mark.parametrize("file", TASKS, ids=lambda file: file.parent.name)
def test_the_task_of_an_example_is_read(file: Path) -> None:
    task = task_from_file(file)
    assert task.budget.max_labels is not None and task.budget.max_labels <= 150


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*/plan.yaml")), ids=lambda file: file.parent.name)
def test_the_plan_of_an_example_is_read_and_keeps_something_held_out(file: Path) -> None:
    roles = {request.role for request in plan_from_file(file).requests}
    assert roles == {"train", "validation", "test"}


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*/convergence.json")), ids=lambda file: file.parent.name)
def test_the_settings_of_an_example_are_those_that_its_table_found_fine_enough(file: Path) -> None:
    settings = task_from_file(file.parent / "task.yaml").reference.settings
    for one in json.loads(file.read_text(encoding="utf-8")):
        found = Convergence.model_validate(one)
        ladder = [point.value for point in found.points]
        assert found.chosen is not None
        assert ladder.index(settings[found.setting]) >= ladder.index(found.chosen)


def test_there_are_examples() -> None:
    assert TASKS
