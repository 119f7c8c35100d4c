"""Real runs in the real sandbox: honest ones are scored, broken ones are recorded, tampering ones gain nothing."""

import numpy as np
import pytest
from arenas import tiny
from strategies import BROKEN, TAMPERING, tampering

from lang2mlip.labs.research.trial import Asked, perform


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("arenas") / "tiny", train_s=20)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """The same with less time than a training takes, for strategies that never end."""
    return tiny(tmp_path_factory.mktemp("arenas") / "hasty", train_s=2, patience=1.0)


def run_of(arena, text, folder):
    """Commit train.py with that text, and run it."""
    history = arena.history
    history.back_to(arena.journal.entries[0]["commit"])
    if text is not None:
        (arena.place / "game" / "strategy" / "train.py").write_text(text)
    return perform(Asked(place=str(arena.place), commit=history.commit("test"), seed=0), folder)


@pytest.fixture(scope="module")
def honest(arena, tmp_path_factory):
    return run_of(arena, None, tmp_path_factory.mktemp("honest") / "run")


def test_an_honest_run_is_scored_from_its_model(honest):
    assert honest["status"] == "scored", honest
    metrics = honest["metrics"]
    assert 0 < metrics["force_rmse_meV_A"] < 1000 and metrics["roughness_meV_A"] < 1.0
    assert metrics["speed"] > 0 and metrics["train_cpu_s"] > 0 and metrics["unstable_share"] == 0
    assert len(honest["frames"]["squares"]) == 6
    per_frame = np.array(honest["frames"]["stress_squares"])
    assert metrics["stress_rmse_MPa"] == pytest.approx(1e3 * np.sqrt(per_frame.sum() / 36)) and per_frame.min() > 0


def test_no_attempt_of_tampering_gains_anything(arena, honest, tmp_path):
    names = [name for name, one in TAMPERING.items() if not one.get("ends")]
    assert len(TAMPERING) >= 40
    known = {path: path.read_bytes() for path in arena.place.rglob("*") if path.is_file() and ".git" not in path.parts}
    canary = tmp_path / "canary"
    found = run_of(arena, tampering(names, arena.place, canary), tmp_path / "run")
    assert not (tmp_path / "run" / "work" / "loot").exists(), (tmp_path / "run" / "work" / "loot").read_text()
    assert not canary.exists() and not arena.tampered()
    changed = [path for path, text in known.items() if path.name != "train.py" and path.read_bytes() != text]
    assert not changed
    if found["status"] == "scored":
        assert found["metrics"]["force_rmse_meV_A"] == pytest.approx(honest["metrics"]["force_rmse_meV_A"], rel=1e-6)
        assert found["metrics"]["train_cpu_s"] > 0
    else:
        assert found["words"]


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_strategy_is_recorded_as_what_it_is(arena, hasty, tmp_path, name):
    text, words = BROKEN[name]
    found = run_of(hasty if words == "was ended" else arena, text, tmp_path / "run")
    assert found["status"] == "failed" and words in found["words"], found


def test_a_model_that_is_no_model_is_not_read_as_a_program(arena, tmp_path):
    found = run_of(arena, tampering(["pickled_model"], arena.place, tmp_path / "canary"), tmp_path / "run")
    assert found["status"] == "failed" and "cannot be judged" in found["words"]


def test_frozen_files_changed_before_a_run_void_it(arena, tmp_path):
    file = arena.place / "judge" / "starts.extxyz"
    known = file.read_bytes()
    file.write_bytes(known + b"\n")
    found = run_of(arena, None, tmp_path / "run")
    file.write_bytes(known)
    assert found["status"] == "void" and "starts.extxyz was changed" in found["words"]
