"""Selection as the command line does it: every method labels what is worth it, and says what it took and why."""

from __future__ import annotations

import pytest

import tiny
from lang2mlip.record.run import Run

SAMPLE = ["sample", "--temperatures-K", "30,60", "--steps", "200", "--keep-every", "10"]
STEPS = [
    ["explore", "--steps", "20", "--keep-every", "4"],
    ["train"],
    SAMPLE,
    ["select", "--count", "12", "--random-share", "0.3"],
    SAMPLE,
    ["select", "--count", "6"],
    SAMPLE,
    ["select", "--count", "5", "--method", "committee", "--members", "3", "--groups", "bulk"],
    ["select", "--count", "5", "--method", "committee", "--members", "2", "--groups", "vacancy"],
    SAMPLE,
    ["select", "--count", "4", "--method", "error", "--candidates", "12", "--random-share", "0"],
    SAMPLE,
    ["select", "--count", "5", "--method", "random"],
]


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    """A model, and a selection by every method with fresh MD before each."""
    place = tmp_path_factory.mktemp("select")
    run = tiny.new_run(place, budget={"max_calls": 10**6, "max_labels": 10**5})
    for step in STEPS:
        status, said = tiny.lang2mlip(place, "act", tiny.NAME, *step)
        assert status == 0, said
    return Run(run.folder)


def step(run, index):
    """The result of a step, and its job folder."""
    done = run.view().steps()[index]
    return done.result, run.folder / "jobs" / f"{done.number:04d}-select"


def test_show(selected):
    for s in selected.view().steps():
        print(s.number, s.result.summary, s.result.cost, s.result.faults)
    assert 0
