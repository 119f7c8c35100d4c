"""A fit has the machine to itself."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import tiny
from lang2mlip.act.train import _cores, many_threads
from lang2mlip.record.run import Run

ASK = [sys.executable, "-S", "-c", "import os; print(os.environ['OMP_NUM_THREADS'])"]


def test_a_program_that_fits_gets_all_cores_and_the_worker_keeps_its_own_setting(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with many_threads(7):
        assert subprocess.run(ASK, capture_output=True, text=True, check=True).stdout == "7\n"
    assert os.environ["OMP_NUM_THREADS"] == "1" and "MKL_NUM_THREADS" not in os.environ


def test_as_many_cores_as_workers_unless_a_person_says_otherwise(monkeypatch):
    desk = SimpleNamespace(workers=SimpleNamespace(cores=5))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert _cores(desk) == 5
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert _cores(desk) == 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two rounds of data; the second fit goes on from the first with a third of what it knows."""
    run = tiny.new_run(tmp_path_factory.mktemp("train"), budget={"max_calls": 10**6, "max_labels": 10**5})
    place = run.folder.parent.parent
    steps = [
        ["explore", "--steps", "0", "--rattled", "12", "--strained", "6"],
        ["train"],
        ["explore", "--steps", "0", "--rattled", "4", "--strained", "0", "--rattle-A", "0.3"],
        ["train", "--start", "current", "--replay", "0.34"],
    ]
    answers = [tiny.lang2mlip(place, "act", tiny.NAME, *step) for step in steps]
    assert all(status == 0 for status, _ in answers), answers
    return Run(run.folder)


def test_going_on_takes_all_new_frames_and_a_share_of_the_known_ones_from_every_group(trained):
    first, second = trained.state.models
    new = {atoms.info["id"] for atoms in trained.view().frames(trained.state.data[1].file)}
    used = trained.view().frames("jobs/0004-train/training.extxyz")
    ids = {atoms.info["id"] for atoms in used}
    assert new <= ids and len(ids - new) == pytest.approx(0.34 * first.n_frames, abs=2)
    assert {atoms.info["group"] for atoms in used if atoms.info["id"] not in new} == {"bulk", "vacancy"}
    assert second.n_frames == len(used) and second.parent == first.id


def test_the_frames_that_a_fit_follows_least_are_listed_worst_first(trained):
    rows = json.loads((trained.folder / "jobs/0002-train/fit/outliers.json").read_text())
    errors = [row["force_rmse_eV_A"] for row in rows]
    assert len(rows) == 20 and errors == sorted(errors, reverse=True)
    known = {atoms.info["id"] for atoms in trained.view().frames("jobs/0002-train/training.extxyz")}
    assert {row["id"] for row in rows} <= known and all(row["max_force_eV_A"] > 0 for row in rows)
