"""A selection goes on without the frames on which the reference fails, and says how many and why."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

import tiny
from lang2mlip.act.patience import longest_label
from lang2mlip.act.perform import Performer
from lang2mlip.compute.local import Workers
from lang2mlip.contracts import Cost, Decision, PoolSet, Result, Select, State
from lang2mlip.record.events import Finished
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.identity import structure_id


@pytest.fixture(scope="module")
def workers():
    """Two that know the moody reference."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    pool = Workers([sys.executable, "-m", "lang2mlip.act", "serve"], count=2)
    yield pool
    pool.close()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


def crystals(count, seed=0):
    """Every tenth with an atom far from its place."""
    made = []
    for number in range(count):
        atoms = bulk("Ar", cubic=True)
        atoms.rattle(0.01, seed=1000 * seed + number)
        atoms.positions[0, 0] += 0.8 if number % 10 == 9 else 0.0
        atoms.info |= {"group": "bulk", "id": structure_id(atoms), "phase_of_run": "stable"}
        made.append(atoms)
    return made


def reference(mood):
    return {"name": "ase", "settings": {"path": "moody.Moody", "arguments": {"mood": mood}}}


def with_pool(place, frames, mood):
    """A run in whose pool these frames wait."""
    run = tiny.new_run(place, reference=reference(mood))
    write_frames(run.folder / "pool.extxyz", frames)
    pool = PoolSet(id="p", file="pool.extxyz", model="m1", groups={"bulk": len(frames)})
    run.record(Finished(step=1, result=Result(action="sample", status="done", summary="", pool=(pool,))))
    return run


def select(run, workers, **parameters):
    decision = Decision(parameters=Select(**parameters), reason="", expectation="", decider="test")
    return Performer(workers)(run.decided(decision), run)


@pytest.mark.parametrize(("mood", "words"), [("nan", "not finite"), ("raise", "did not converge")])
def test_a_tenth_of_the_labels_fails_and_the_rest_is_kept(tmp_path, workers, mood, words):
    run = with_pool(tmp_path, crystals(20), mood)
    result = select(run, workers, method="all")
    frames = read_frames(run.folder / result.data[0].file)
    assert result.cost.failed == 2 and result.cost.labels == len(frames) == 18
    assert all(np.isfinite(atoms.get_forces()).all() for atoms in frames)
    assert result.calls_by_group == {"bulk": 20}
    assert "2 picks got no label and are left out" in result.summary
    assert any(words in fault for fault in result.faults)


def test_frames_of_a_run_that_was_breaking_up_are_never_picked(tmp_path, workers):
    frames = crystals(12)
    for atoms in frames[6:]:
        atoms.info["phase_of_run"] = "bad-tail"
    run = with_pool(tmp_path, frames, "good")
    result = select(run, workers, method="random", count=12)
    picked = {atoms.info["id"] for atoms in read_frames(run.folder / result.data[0].file)}
    assert picked == {atoms.info["id"] for atoms in frames[:6]}


@pytest.mark.parametrize(("mood", "words"), [("slow", "longer than 0.5 s"), ("stuck", "no label within 1 s")])
def test_a_label_that_takes_far_too_long_is_given_up(tmp_path, workers, mood, words):
    frames = crystals(12, seed=1)
    write_frames(tmp_path / "asked.extxyz", frames)
    arguments = {"reference": reference(mood), "frames": "asked.extxyz", "longest_s": 0.5}
    folder = tmp_path / "label"
    folder.mkdir()
    spec = {"function": "lang2mlip.act.select:label", "arguments": arguments, "run": str(tmp_path)}
    (folder / "spec.json").write_text(json.dumps(spec))
    (outcome,) = workers.run([folder])
    told = json.loads((folder / "result.json").read_text())
    assert outcome.fault is None and told["frames"] == 11
    assert len(told["faults"]) == 1 and words in told["faults"][0]


def test_patience_is_measured_by_what_calls_took_so_far():
    def after(**cost):
        return longest_label(State(task=tiny.task(), cost=Cost(**cost)))

    assert after() is None and after(calls=10, cached=10) is None
    assert after(calls=100, reference_s=1.0) == 60.0
    assert after(calls=110, cached=10, reference_s=1000.0) == 500.0


def test_without_a_label_left_in_the_budget_nothing_is_chosen(tmp_path, workers):
    run = with_pool(tmp_path, crystals(3), "good")
    run.record(Finished(step=2, result=Result(action="explore", status="done", summary="", cost=Cost(labels=30))))
    result = select(run, workers, method="random")
    assert result.status == "failed" and "leaves no label" in result.summary and run.state.pool
