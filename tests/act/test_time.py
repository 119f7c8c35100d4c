"""The budget's time ends an action from within, and what was labelled by then is kept."""

from __future__ import annotations

import time

import pytest
from ase.build import bulk

import tiny
from lang2mlip.act.base import Done, Piece
from lang2mlip.act.clock import for_workers, from_driver
from lang2mlip.act.evaluate import measurements
from lang2mlip.act.labels import Labeller
from lang2mlip.act.walk import reference_walk
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames, write_frames

LJ = ReferenceSpec(name="lj")


def test_no_label_is_made_when_the_time_is_over():
    labeller = Labeller(LJ, until=time.monotonic() - 1.0)
    assert labeller.label_all([bulk("Ar"), bulk("Ar") * 2]) == []
    assert labeller.cost.calls == 0 and labeller.faults == ["The time that the budget allows is over."]


def test_a_wall_clock_that_is_set_forth_or_back_ends_nothing_sooner_or_later():
    """The moment that a worker is told of holds by the clock that nobody can set, on the machine that told it."""
    told = for_workers(time.monotonic() + 100.0)
    for jump in (-86400.0, 86400.0):
        assert from_driver(told | {"wall_s": told["wall_s"] + jump}) == told["steady_s"]
    elsewhere = from_driver(told | {"machine": "another"})
    assert elsewhere == pytest.approx(told["steady_s"], abs=1.0)
    assert from_driver(for_workers(None)) is None


def test_a_walk_of_the_reference_stops_in_time_and_keeps_its_frames(tmp_path):
    write_frames(tmp_path / "start", [bulk("Ar", cubic=True)])
    plan = {"ensemble": "nvt", "temperature_K": 40.0, "timestep_fs": 2.0, "steps": 10**6, "keep_every": 5, "seed": 1}
    arguments = {"run": str(tmp_path), "structure": "start", "reference": LJ.model_dump(), "plan": plan, "note": {}}
    left = reference_walk(arguments | {"until": time.monotonic() + 3.0}, tmp_path, lambda fraction, words: None)
    assert 0 < left["frames"] == len(read_frames(tmp_path / "frames.extxyz"))
    assert left["frames"] <= left["cost"]["calls"] < 10**6 and "time that the budget allows" in left["trip"]


def test_a_walk_that_was_cut_short_is_no_proof_of_stability(tmp_path):
    piece = Piece("stable-bulk-0", "f", {"note": {"group": "bulk"}})
    found = measurements(None, [Done(piece, tmp_path, {"stability": None})])
    assert found.stability == [] and found.unmeasured == [("whole MD run stable-bulk-0", "bulk")]


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """A run whose third action would take hours."""
    place = tmp_path_factory.mktemp("time")
    run = tiny.new_run(place, budget={"max_calls": 10**9, "max_labels": 10**6, "max_time_s": 20.0})
    steps = [
        {"action": "explore", "steps": 20, "keep_every": 5},
        {"action": "train"},
        {"action": "sample", "steps": 10**7, "keep_every": 100},
    ]
    (place / "long.yaml").write_text("\n".join(f"- {step}" for step in steps))
    status, said = tiny.lang2mlip(place, "run", tiny.NAME, "--decider", "schedule:long.yaml")
    return status, said, Run(run.folder)


def test_an_action_ends_with_the_time_and_the_run_with_its_verdicts(cut):
    status, said, run = cut
    assert status == 3 and run.state.ended and len(run.state.verdicts) == 2, said
    assert run.view().steps()[-1].decision.parameters.outcome == "budget"
    assert [step.decision.action for step in run.view().steps()][2:] == ["sample", "end"]


def test_what_the_walkers_had_seen_is_kept_and_none_is_called_broken(cut):
    result = cut[2].view().steps()[2].result
    assert sum(count for pool in result.pool for count in pool.groups.values()) > 0
    assert result.stability == () and "cut 2 of 2 walkers short" in " ".join(result.faults)
