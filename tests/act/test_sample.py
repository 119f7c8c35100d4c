"""Sampling: a plan for each structure, rungs of the ladder, and the same walk whichever engine integrates."""

from __future__ import annotations

import numpy as np
import pytest

import tiny
from lang2mlip.act.walks import LADDER, _keep_every
from lang2mlip.contracts import Sample
from lang2mlip.decide.guards import refuse
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

WALKS = (
    "[{structure: bulk-1, temperature_K: 30}, {structure: vacancy-1, temperature_K: 50, pressure_GPa: 0.0, steps: 80}]"
)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """Explored, trained, then sampled in three ways."""
    place = tmp_path_factory.mktemp("sample")
    run = tiny.new_run(place, budget={"max_calls": 10**6, "max_labels": 10**5})
    steps = [
        ["explore", "--steps", "40", "--keep-every", "4", "--compressed", "3", "--isolated", "true", "--dimers", "4"],
        ["train"],
        ["sample", f"--walks={WALKS}", "--steps", "120"],
        ["sample", "--rung", "smoke", "--temperatures-K", "30"],
        ["sample", "--engine", "lammps", "--steps", "100", "--temperatures-K", "40", "--groups", "bulk",
         "--keep-every", "10"],
        ["sample", "--steps", "40", "--walkers", "2", "--strain", "0.05", "--temperatures-K", "30"],
        ["sample", "--steps", "200", "--steps-of", "{vacancy: 50}", "--keep-every", "20", "--temperatures-K", "30"],
    ]  # fmt: skip
    answers = [tiny.lang2mlip(place, "act", tiny.NAME, *step) for step in steps]
    assert all(status == 0 for status, _ in answers), answers
    return Run(run.folder)


def runs_of(run, number):
    return run.view().steps()[number].result.stability


def test_every_structure_walks_by_its_own_plan(sampled):
    found = {(one.structure, one.temperature_K, one.steps) for one in runs_of(sampled, 2)}
    assert found == {("bulk-1", 30.0, 120), ("vacancy-1", 50.0, 80)}


def test_a_walk_at_constant_pressure_changes_its_volume_and_one_at_constant_volume_does_not(sampled):
    pool = sampled.view().steps()[2].result.pool[0]
    volumes = {name: [] for name in ("bulk-1", "vacancy-1")}
    for frame in read_frames(sampled.folder / pool.file):
        volumes[frame.info["structure"]].append(frame.cell.volume)
    assert np.ptp(volumes["bulk-1"]) < 1e-9 < np.ptp(volumes["vacancy-1"])


def test_a_group_may_walk_fewer_steps_and_keeps_as_many_frames(sampled):
    assert {(one.group, one.steps) for one in runs_of(sampled, 6)} == {("bulk", 200), ("vacancy", 50)}
    pool = sampled.view().steps()[6].result.pool[0]
    assert pool.groups["bulk"] == pool.groups["vacancy"] == 10
    group = sampled.state.groups["vacancy"]
    assert group.walked == group.lasted == 200  # short walks that held took nothing from the long ones


def test_frames_are_kept_as_often_for_the_length_of_a_walk_whether_a_rung_a_group_or_a_plan_sets_it():
    asked = Sample(steps=1000, keep_every=50)
    assert [_keep_every(asked, own, 1000) for own in (1000, 500, 100, 12, 3)] == [50, 25, 5, 1, 1]
    assert _keep_every(asked, 5000, 1000) == 50  # a longer one keeps more frames, not wider ones
    assert _keep_every(asked, 100, 5000) == 1  # beside a rung of 5000 steps
    assert _keep_every(Sample(steps=100, keep_every=80), 100, 100) == 25  # four frames at least


def test_steps_of_a_group_that_is_not_there_are_refused(sampled):
    reason = refuse(sampled.state, Sample(steps_of={"vacancies": 50}))
    assert "no group called 'vacancies'" in reason and "vacancy" in reason


def test_a_rung_sets_length_and_walkers(sampled):
    walks = runs_of(sampled, 3)
    steps, walkers = LADDER["smoke"]
    assert {one.steps for one in walks} == {steps} and len(walks) == 2 * walkers


def test_lammps_runs_the_same_potential_and_keeps_its_frames(sampled):
    (walk,) = runs_of(sampled, 4)
    assert walk.healthy and walk.done == 100
    frames = read_frames(sampled.folder / sampled.view().steps()[4].result.pool[0].file)
    assert len(frames) == 10 and {frame.info["structure"] for frame in frames} == {"bulk-1"}
    kelvins = [frame.info["temperature_K"] for frame in frames]
    assert 5 < np.mean(kelvins) < 120


def test_every_walker_but_the_first_starts_in_a_strained_cell(sampled):
    pool = sampled.view().steps()[5].result.pool[0]
    volumes = {}
    for frame in read_frames(sampled.folder / pool.file):
        volumes.setdefault(frame.info["structure"], set()).add(round(frame.cell.volume, 6))
    own = read_frames(sampled.folder / "structures" / "bulk-1.extxyz")[-1].cell.volume
    assert len(volumes["bulk-1"]) == 2 and round(own, 6) in volumes["bulk-1"]


def test_single_atoms_and_pairs_are_a_group_of_their_own_outside_all_gates(sampled):
    group = sampled.state.groups["atoms and pairs"]
    assert group.labels >= 3 and group.structures == 0


def test_the_production_run_of_the_deliverable_starts(tmp_path):
    from lang2mlip.act.production import production
    from lang2mlip.contracts import StructureRecord, StructureRequest

    class Desk:
        task = tiny.task()

        def seed(self, *words):
            return 5

    request = StructureRequest(name="b", builder="bulk", group="bulk", role="train")
    record = StructureRecord(id="x", request=request, formula="Ar8", n_atoms=8, periodic=True, file="f", line="")
    protocol = production(Desk(), record)
    assert (protocol.temperature_K, protocol.pressure_GPa, protocol.ps) == (60.0, 0.0, 1000.0)
    slab = record.model_copy(update={"request": request.model_copy(update={"builder": "surface"})})
    assert production(Desk(), slab).pressure_GPa is None
