"""From words to a potential through the real command line: everything a person owns lies in the run folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from ase import Atoms
from ase.build import bulk

import tiny
from lang2mlip import load_potential
from lang2mlip.act.labels import MeteredCalculator
from lang2mlip.contracts import Task
from lang2mlip.prepare.planfile import plan_from_file
from lang2mlip.prepare.task import task_from_file
from lang2mlip.record.ledger import rows
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames


@pytest.fixture(scope="module")
def folder(finished):
    return finished.run.folder


def test_the_job_ends_with_success_and_says_where_report_and_potential_are(finished):
    assert finished.status == 0, finished.said
    assert "Faithful to the reference: yes" in finished.said
    assert "runs/argon/report/index.html" in finished.said and "runs/argon/potential" in finished.said


def test_the_folder_holds_what_the_design_promises(folder):
    wanted = "task.yaml plan.yaml dialogue.md run.db structures jobs data validation test models report/index.html"
    wanted += " potential/card.md potential/example.py potential/potential.json"
    assert [name for name in wanted.split() if not (folder / name).exists()] == []
    assert tiny.WORDS in (folder / "dialogue.md").read_text()


def test_files_edited_between_prepare_and_run_are_what_the_run_went_by(finished, folder):
    edited = task_from_file(folder / "task.yaml")
    assert finished.run.state.task == edited
    assert edited.potential.settings == tiny.TASK["potential"]["settings"]
    built = {record.request.name for record in finished.run.state.structures}
    assert built == {request["name"] for request in tiny.PLAN["requests"]}
    assert plan_from_file(folder / "plan.yaml") == finished.run.plan()
    assert any("changed by the person" in remark for remark in finished.run.view().remarks)


def test_every_decision_says_what_was_seen_why_and_what_was_expected(finished):
    steps = finished.run.view().steps()
    assert steps[-1].decision.action == "end"
    assert all(s.decision.seen and s.decision.reason and s.decision.expectation for s in steps)
    assert {"reference", "explore", "train", "sample", "select", "evaluate"} <= {s.decision.action for s in steps}


def test_every_job_folder_tells_its_own_story(finished, folder):
    for step in finished.run.view().steps():
        job = folder / "jobs" / f"{step.number:04d}-{step.decision.action}"
        assert json.loads((job / "spec.json").read_text())["reason"] == step.decision.reason
        assert json.loads((job / "result.json").read_text())["summary"] == step.result.summary


def test_labels_and_calls_stay_within_the_budget_and_add_up(finished):
    state, budget = finished.run.state, finished.run.state.task.budget
    assert 0 < state.cost.labels <= budget.max_labels
    assert 0 < state.cost.calls <= budget.max_calls
    assert rows(finished.run.view())[-1].total_calls == state.cost.calls
    labelled = sum(len(read_frames(file)) for file in (finished.run.folder / "data").glob("*.extxyz"))
    assert labelled == state.cost.labels


def test_no_frame_of_the_frozen_test_set_is_in_the_training_data(folder):
    held = {atoms.info["id"] for file in (folder / "test").glob("*.extxyz") for atoms in read_frames(file)}
    trained = {atoms.info["id"] for file in (folder / "data").glob("*.extxyz") for atoms in read_frames(file)}
    judged = {atoms.info["id"] for file in (folder / "validation").glob("*.extxyz") for atoms in read_frames(file)}
    assert held and trained and judged
    assert not (held & trained or held & judged or judged & trained)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_delivered_potential_serves_any_number_of_atoms_and_agrees_with_the_reference(finished, folder, size):
    atoms = bulk("Ar", cubic=True) * (size, size, 1)
    atoms.rattle(0.05, seed=size)
    atoms.calc = load_potential(folder)
    mine = atoms.get_potential_energy() / len(atoms), atoms.get_forces()
    atoms.calc = MeteredCalculator(finished.run.state.task.reference)
    assert mine[0] == pytest.approx(atoms.get_potential_energy() / len(atoms), abs=0.005)
    assert abs(mine[1] - atoms.get_forces()).max() < 0.02


def test_one_calculator_takes_another_number_of_atoms_without_a_word(folder):
    calculator = load_potential(folder / "potential")
    energies = []
    for cell in (1, 2):
        atoms = bulk("Ar", cubic=True) * (cell, cell, cell)
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy() / len(atoms))
    assert energies[0] == pytest.approx(energies[1], abs=1e-9)
    pair = Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 3.8]])
    pair.calc = calculator
    assert pair.get_forces().shape == (2, 3)


def test_the_example_beside_the_potential_runs(folder):
    done = subprocess.run(
        [sys.executable, "potential/example.py"], cwd=folder, env=tiny.environment(), capture_output=True, text=True
    )
    assert re.search(r"Ar8: -0\.0\d+ eV/atom\nlargest force: \d", done.stdout), done.stdout + done.stderr


def test_the_report_is_one_page_that_needs_no_network(folder):
    page = (folder / "report" / "index.html").read_text()
    assert not re.search(r"""src=["']?(https?:)?//|<link|@import|url\(["']?http""", page)
    for word in ("demonstration only", "faithful to its reference: yes", "frozen"):
        assert word in page.lower()


def test_status_for_programs_has_every_figure_that_the_state_has(finished):
    status, said = tiny.lang2mlip(finished.place, "status", tiny.NAME, "--json")
    facts = json.loads(said)
    assert status == 0
    assert set(facts) == {
        "name", "folder", "prompt", "ended", "outcome", "step", "at_work", "model", "cost", "test_cost", "calls_left",
        "labels_left", "groups", "gates", "verdicts", "log", "work",
    }  # fmt: skip
    assert facts["ended"] is True and facts["at_work"] is None
    assert facts["cost"]["calls"] == finished.run.state.cost.calls
    assert set(facts["groups"]) == {"bulk", "vacancy"}
    assert [verdict["question"] for verdict in facts["verdicts"]] == [
        "faithful to the reference",
        "reference adequate for this goal",
    ]


def test_a_finished_run_can_be_resumed_and_says_the_same_again(finished):
    before = finished.run.view().events
    status, said = tiny.lang2mlip(finished.place, "resume", tiny.NAME)
    assert status == 0 and "Faithful to the reference: yes" in said
    assert finished.run.view().events == before


def test_the_saved_task_starts_a_new_run_of_the_same_kind(folder):
    assert isinstance(task_from_file(folder / "task.yaml"), Task)
    assert Run(folder).view().created.command.startswith(tiny.COMMAND)
