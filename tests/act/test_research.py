"""A run searches for a better way to train in an arena of its own data, by a real lab in the real sandbox."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import tiny
from lang2mlip.act.research import to_beat, train_limit_s
from lang2mlip.act.strategy import frames_by, settings_by
from lang2mlip.contracts import Strategy
from lang2mlip.data import table
from lang2mlip.decide.briefing import brief
from lang2mlip.doors.preparing import revise
from lang2mlip.errors import BadInput
from lang2mlip.labs.research.ordered import carry_out
from lang2mlip.record.run import Run
from lang2mlip.record.verify import verify
from lang2mlip.report.explain import explain
from lang2mlip.report.tables import task_table

BEFORE = (
    "act argon reference --steps 20 --keep-every 5",
    "act argon explore --steps 8 --keep-every 4 --strained 10 --rattled 8",
    "act argon train --settings {energy_weight: 0.001}",
)
SEARCH = "act argon research --runs 2 --seconds 600"
AFTER = ("act argon train", "explain argon 4", "research show runs/argon/jobs/0004-research/search/arena",
         "research new mine --from-run argon")  # fmt: skip


def short_entry():
    """The entry of a run's own data, made tiny: runs of a second or two, one recipe."""
    entry = table("research")["own"]
    trials = {"temperature_K": 40.0, "steps": 10, "seeds": 1, "drift_steps": 20, "block_s": 0.05}
    gates = {"dimer_faults": entry["scorecard"]["gates"]["dimer_faults"],
             "train_cpu_s": entry["scorecard"]["gates"]["train_cpu_s"]}  # fmt: skip
    scorecard = {"gates": gates, "score": entry["scorecard"]["score"]}
    relative = {name: {**one, "gate": 100.0} for name, one in entry["relative_to_force"].items()}
    changes = {
        "relative_to_stress": {**entry["relative_to_stress"], "gate": 100.0},
        "relative_to_force": relative,
        "trials": trials,
        "rules": {"replicates": 1, "resamples": 200},
        "scorecard": scorecard,
        "recipes": entry["recipes"][:1],
        "space": {"settings.energy_weight": {"low": 50.0, "high": 60.0}},
    }
    return entry | changes


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A run whose energies were given hardly any weight, which a recipe of the search mends."""
    place = tmp_path_factory.mktemp("research")
    (place / "own" / "research").mkdir(parents=True)
    (place / "own" / "research" / "own.yaml").write_text(yaml.safe_dump({"own": short_entry()}))
    tiny.new_run(place, budget={"max_labels": None})
    commands = [_words(line) for line in (*BEFORE, SEARCH, *AFTER)]
    for status, said in tiny.batch(place, commands, env={"LANG2MLIP_DATA": str(place / "own")}):
        assert status == 0, said
    return place


def _words(line):
    head, mark, settings = line.partition(" {")
    return head.split() + ([mark.strip() + settings] if mark else [])


@pytest.fixture(scope="module")
def run(place):
    return Run(place / "runs" / "argon")


def test_what_was_proven_better_is_recorded_with_its_proof(run):
    result = run.view().steps()[3].result
    strategy = result.strategy
    assert result.status == "done" and strategy.settings["energy_weight"] == 100.0, result.summary
    assert not {"goal", "max_level", "time_limit_s"} & set(strategy.settings)
    assert "instead of" in strategy.evidence and strategy.evidence in result.summary
    assert result.cost.training_s > 0 and result.cost.md_s > 0 and result.cost.calls == 0
    assert not verify(run.folder).findings


def test_the_next_training_uses_it_and_the_person_s_own_settings_stay(run):
    before, after = run.state.models
    assert before.settings["energy_weight"] == 0.001 and after.settings["energy_weight"] == 100.0
    assert after.settings["level"] == 2 and run.state.strategy == run.view().steps()[3].result.strategy
    ours, theirs = (one.train_errors["all"].energy_rmse_meV_atom for one in (after, before))
    assert ours < theirs


def test_the_arena_holds_the_run_s_frames_each_in_one_role(run):
    arena = run.folder / run.state.strategy.arena
    assert (arena / "report.html").is_file() and json.loads((arena / "manifest.json").read_text())
    spec = yaml.safe_load((arena / "judge" / "arena.yaml").read_text())
    assert spec["trials"]["temperature_K"] == pytest.approx(1.2 * run.state.task.temperature_K[1])
    files = (run.folder / "validation").glob("*.extxyz")
    held_out = sum(file.read_text().count("Lattice") for file in files)
    final = (arena / "judge" / "final.extxyz").read_text().count("Lattice")
    assert final == held_out > 0


def test_a_decider_is_told_that_trainings_follow_a_strategy(run):
    assert f"a strategy that won {run.state.strategy.evidence}" in brief(run.state)


def test_an_arena_made_by_hand_from_the_run_begins_with_what_it_trains_with_now(place, run):
    own = place / "research" / "mine"
    config = yaml.safe_load((own / "game" / "strategy" / "config.yaml").read_text())
    assert config["settings"] == {**run.state.model.settings, "time_limit_s": config["settings"]["time_limit_s"]}
    spec = yaml.safe_load((own / "judge" / "arena.yaml").read_text())
    assert spec["elements"] == ["Ar"] and "settings.level" not in spec["space"]
    theirs = run.folder / run.state.strategy.arena / "judge" / "final.extxyz"
    assert (own / "judge" / "final.extxyz").read_text() == theirs.read_text()


def test_a_search_that_was_cut_off_goes_on_where_it_was_and_pays_for_nothing_twice(run, tmp_path):
    shutil.copytree(run.folder / "jobs" / "0004-research" / "search", tmp_path / "search")
    before = json.loads((tmp_path / "search" / "found.json").read_text())
    (tmp_path / "search" / "found.json").unlink()
    carry_out(tmp_path / "search", lambda line: None)
    after = json.loads((tmp_path / "search" / "found.json").read_text())
    assert after | {"strategy": None} == before | {"strategy": None} and before["runs"] >= 4
    assert after["strategy"]["settings"] == before["strategy"]["settings"]


def test_the_step_is_explained_with_what_was_kept(run):
    text = explain(run.view(), 4).text()
    assert "proportion of MLIP-2" in text and "score" in text
    assert "better way to train" in text
    told = [cell.text for row in task_table(run.state).rows for cell in row]
    assert any(run.state.strategy.evidence in one for one in told)


SOFT = Strategy(family="mtp", settings={"max_iterations": 4, "level": 8}, soften=2.0, max_force_eV_A=0.02)


def test_a_fit_with_full_effort_is_not_cut_to_the_length_of_an_arena_s_runs():
    suggested = {"max_iterations": 25, "radial_size": 12}
    assert settings_by(SOFT, suggested, "quick") == {"max_iterations": 4, "radial_size": 12, "level": 8}
    assert settings_by(SOFT, suggested, "accurate")["max_iterations"] == 25
    assert settings_by(None, suggested, "quick") == suggested


def test_a_thorough_fit_is_searched_for_as_a_quick_one_of_the_same_form(run):
    view = run.view()
    model = view.state.model.model_copy(update={"effort": "accurate", "settings": {"max_level": 20, "goal": 0.005}})
    larger = replace(view, state=view.state.model_copy(update={"model": model}))
    found = to_beat(larger)
    assert found["settings"]["max_level"] == 20 and found["settings"]["goal"] == found["suggested"]["goal"] == 0.02
    assert found["settings"]["level"] == 2 and 60 <= train_limit_s(larger) <= 600


def test_frames_weigh_as_in_the_arena_and_the_wildest_are_left_out(run):
    frames = run.view().training_frames()
    kept = frames_by(SOFT, frames)
    assert 0 < len(kept) < len(frames)
    for atoms in kept:
        rms = np.sqrt(np.mean(atoms.get_forces() ** 2))
        assert atoms.info["weight"] == pytest.approx(1 / (1 + 2 * rms)) and np.abs(atoms.get_forces()).max() <= 0.02
    assert "weight" not in frames[0].info and len(frames_by(None, frames)) == len(frames)


def test_a_run_that_has_acted_takes_another_strategy_at_a_person_s_word_and_waits_for_a_training(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "argon")
    later = Run(tmp_path / "argon")
    potential = later.state.task.potential.model_copy(update={"strategy": SOFT})
    revise(later, later.state.task.model_copy(update={"potential": potential}))
    assert later.state.strategy == SOFT and later.state.labels_since_training > 0
    revise(later, run.state.task)
    assert later.state.strategy is None
    larger = potential.model_copy(update={"settings": {"level": 4}})
    with pytest.raises(BadInput, match="potential cannot change"):
        revise(later, run.state.task.model_copy(update={"potential": larger}))


def test_a_search_that_cannot_be_done_says_why_and_changes_nothing(place, run):
    few = Run.create(place / "runs" / "few", run.view().created)
    status, said = tiny.lang2mlip(place, "act", "few", "research")
    assert status == 2 and "no labelled frames" in " ".join(said.split())
    assert few.state.strategy is None and Path(few.folder).is_dir()
