"""What a local potential cannot know is said where atoms carry charge, and nowhere else."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "decide"))

from decide_states import run

from lang2mlip.report.evidence import gather
from lang2mlip.report.validity import validity


@pytest.mark.parametrize(("elements", "said"), [(("Na", "Cl"), True), (("Cu", "Ni"), False), (("Li", "O", "C"), True)])
def test_long_range_is_named_for_what_is_ionic(tmp_path, elements, said):
    state, view = run(tmp_path, 4)
    task = state.task.model_copy(update={"elements": elements})
    state = state.model_copy(update={"task": task})
    sentences = " ".join(validity(state, gather(view)).may_not)
    assert ("Electrostatics beyond its reach" in sentences) is said
