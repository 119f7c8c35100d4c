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
from lang2mlip.act.patience import Patience, longest_label
from lang2mlip.act.perform import Performer
from lang2mlip.compute.local import Workers
from lang2mlip.contracts import Cost, Decision, PoolSet, Result, Select, State
from lang2mlip.record.events import Finished
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.identity import structure_id

AT_ONCE = {"patience": {"seconds": 0.5, "atoms": 4.0}}
"""What a piece of work is told of how long a label may take."""


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
    arguments = {"reference": reference(mood), "frames": "asked.extxyz"}
    folder = tmp_path / "label"
    folder.mkdir()
    spec = {"function": "lang2mlip.act.select:label", "arguments": arguments, "run": str(tmp_path)} | AT_ONCE
    (folder / "spec.json").write_text(json.dumps(spec))
    (outcome,) = workers.run([folder])
    told = json.loads((folder / "result.json").read_text())
    assert outcome.fault is None and told["frames"] == 11
    assert len(told["faults"]) == 1 and words in told["faults"][0]


def test_patience_is_measured_by_what_calls_took_so_far():
    def after(**cost):
        return longest_label(State(task=tiny.task(), cost=Cost(**cost)))

    assert after() is None and after(calls=10, cached=10) is None
    assert after(calls=100, reference_s=1.0)["seconds"] == 60.0
    assert after(calls=110, cached=10, reference_s=1000.0)["seconds"] == 500.0


def test_patience_grows_with_the_atoms_and_with_what_a_walk_itself_takes(tmp_path):
    usual = Patience(tmp_path, {"seconds": 60.0, "atoms": 10.0})
    assert usual.limit_s(5, []) == usual.limit_s(10, []) == 60.0
    assert usual.limit_s(20, []) == 480.0
    assert usual.limit_s(10, [4.0, 4.0, 4.0, 4.0]) == 200.0
    first = Patience(tmp_path)
    assert first.limit_s(10, [1.0]) is None and first.limit_s(10, [0.1] * 4) == 60.0


WALK = {"temperature_K": 200.0, "steps": 150, "keep_every": 1, "timestep_fs": 2.0, "seed": 3}


@pytest.mark.parametrize(("mood", "words"), [("slow", "longer than 0.5 s"), ("stuck", "no label within 1 s")])
def test_md_of_the_reference_does_not_wait_for_a_call_that_hangs_and_keeps_what_it_has(tmp_path, workers, mood, words):
    """The first call whose forces are large hangs: the walk ends there, with the frames before it."""
    write_frames(tmp_path / "start.extxyz", [bulk("Ar", cubic=True)])
    note = {"group": "bulk", "structure": "start"}
    arguments = {"reference": reference(mood), "structure": "start.extxyz", "plan": WALK, "note": note}
    folder = tmp_path / "walk"
    folder.mkdir()
    spec = {"function": "lang2mlip.act.walk:reference_walk", "arguments": arguments, "run": str(tmp_path)} | AT_ONCE
    (folder / "spec.json").write_text(json.dumps(spec))
    (outcome,) = workers.run([folder])
    told = json.loads((folder / "result.json").read_text())
    assert outcome.fault is None and words in told["trip"]
    assert 1 <= told["frames"] < 150 and told["cost"]["failed"] == 1


def test_first_data_do_without_the_frame_that_hangs(tmp_path, workers):
    write_frames(tmp_path / "start.extxyz", [bulk("Ar", cubic=True)])
    wanted = {"strained": 0, "rattled": 4, "rattle_A": 0.4, "relaxed": 0, "compressed": 0, "vacancies": 0,
              "exchanged": 0, "strain": 0.0, "seed": 1, "max_calls": 10}  # fmt: skip
    note = {"group": "bulk", "structure": "start"}
    arguments = {"reference": reference("slow"), "structure": "start.extxyz", "note": note, **wanted}
    folder = tmp_path / "distort"
    folder.mkdir()
    spec = {"function": "lang2mlip.act.distort:distortions", "arguments": arguments, "run": str(tmp_path)} | AT_ONCE
    (folder / "spec.json").write_text(json.dumps(spec))
    workers.run([folder])
    told = json.loads((folder / "result.json").read_text())
    assert told["cost"]["calls"] == 4 and told["frames"] == 4 - told["cost"]["failed"] and told["cost"]["failed"] >= 1
    assert any("longer than 0.5 s" in fault for fault in told["faults"])


def test_without_a_label_left_in_the_budget_nothing_is_chosen(tmp_path, workers):
    run = with_pool(tmp_path, crystals(3), "good")
    run.record(Finished(step=2, result=Result(action="explore", status="done", summary="", cost=Cost(labels=30))))
    result = select(run, workers, method="random")
    assert result.status == "failed" and "leaves no label" in result.summary and run.state.pool
