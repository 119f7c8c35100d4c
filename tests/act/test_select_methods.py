"""Selection as the command line does it: every method labels what is worth it, and says what it took and why."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tiny
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

SAMPLE = ["sample", "--temperatures-K", "60", "--steps", "200", "--keep-every", "10"]
STEPS = [
    ["explore", "--steps", "20", "--keep-every", "4"],
    ["train"],
    SAMPLE,
    ["select", "--count", "9", "--random-share", "0.3", "--groups", "bulk"],
    ["select", "--count", "4", "--method", "committee", "--members", "3", "--groups", "vacancy"],
    SAMPLE,
    ["select", "--count", "4", "--method", "error", "--candidates", "12", "--random-share", "0", "--groups", "bulk"],
    ["select", "--count", "4", "--method", "committee", "--members", "2", "--groups", "vacancy"],
    ["train"],
    SAMPLE,
    ["select", "--count", "6", "--groups", "bulk"],
]
UNCERTAIN, PANEL, BY_ERROR, AGAIN, LAST = 3, 4, 6, 7, 10


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    """A model, and a selection by every method."""
    place = tmp_path_factory.mktemp("select")
    run = tiny.new_run(place, budget={"max_calls": 10**6, "max_labels": 10**5})
    answers = tiny.batch(place, [["act", tiny.NAME, *step] for step in STEPS])
    assert all(status == 0 for status, _ in answers), answers
    return Run(run.folder)


def step(run, index):
    """The result of a step, and its job folder."""
    done = run.view().steps()[index]
    return done.result, run.folder / "jobs" / f"{done.number:04d}-select"


def frames_of(run, result):
    return read_frames(run.folder / result.data[0].file)


def test_every_pick_carries_its_reason_and_its_doubt(selected):
    result, _ = step(selected, UNCERTAIN)
    frames = frames_of(selected, result)
    assert len(frames) == 9 and {atoms.info["group"] for atoms in frames} == {"bulk"}
    assert sum(atoms.info["picked"].startswith("at random") for atoms in frames) == 3
    assert all(atoms.info["doubt"] > 0 and atoms.info["doubt_is"] == "grade" for atoms in frames)


def test_doubt_and_true_error_are_written_down_for_the_next_selection(selected):
    result, job = step(selected, UNCERTAIN)
    rows = json.loads((job / "doubt.json").read_text())
    mean_square = np.mean([row["error_meV_A"] ** 2 for row in rows])
    assert len(rows) == 9
    assert np.sqrt(mean_square) == pytest.approx(result.data[0].fresh_errors["bulk"].force_rmse_meV_A, rel=1e-6)


def test_later_selections_look_back_at_earlier_ones(selected):
    result, _ = step(selected, BY_ERROR)
    assert "ounds of doubt (grade)" in result.summary and "earlier picks" in result.summary
    result, _ = step(selected, AGAIN)
    assert "Usual bounds of doubt (force deviation in eV/Å): only 4 earlier picks." in result.summary


def test_a_committee_is_fitted_once_for_a_model(selected):
    (first, job), (second, _) = step(selected, PANEL), step(selected, AGAIN)
    assert first.cost.training_s > 0 and second.cost.training_s == 0
    assert {atoms.info["doubt_is"] for atoms in frames_of(selected, first)} == {"force deviation in eV/Å"}
    texts = {(job / f"member-{n}.extxyz").read_text() for n in range(3)}
    assert len(texts) == 3


def test_by_error_many_are_paid_for_and_the_worst_kept(selected):
    result, job = step(selected, BY_ERROR)
    errors = {key: value[0] for key, value in json.loads((job / "fresh" / "residuals.json").read_text()).items()}
    kept = [errors[atoms.info["id"]] for atoms in frames_of(selected, result)]
    assert (result.cost.calls, result.cost.labels, len(errors)) == (12, 4, 12)
    assert min(kept) >= sorted(errors.values(), reverse=True)[5]


def test_fresh_errors_are_told_for_each_element(selected):
    result, _ = step(selected, UNCERTAIN)
    errors = result.data[0].fresh_errors["bulk"]
    assert errors.by_element_meV_A == pytest.approx({"Ar": errors.force_rmse_meV_A})


def test_new_labels_are_met_by_the_models_before_the_current_one_too(selected):
    first, _ = step(selected, UNCERTAIN)
    assert [one.errors for one in first.data[0].learnt["bulk"]] == [first.data[0].fresh_errors["bulk"]]
    last, job = step(selected, LAST)
    older, newer = last.data[0].learnt["bulk"]
    labels = [done.result.data[0].groups.get("bulk", 0) for done in selected.view().steps()[:LAST] if done.result.data]
    assert (older.labels, newer.labels) == (labels[0], sum(labels))
    assert newer.errors == last.data[0].fresh_errors["bulk"] and older.errors.n_frames == newer.errors.n_frames == 6
    models = [done.result.model for done in selected.view().steps() if done.result.model]
    known = json.loads((job / f"fresh-{models[0].id}" / "residuals.json").read_text())
    assert np.sqrt(np.mean(np.square([1000 * force for force, _ in known.values()]))) == pytest.approx(
        older.errors.force_rmse_meV_A, rel=1e-6
    )
    assert selected.state.groups["bulk"].learnt[-1] == (older, newer)
