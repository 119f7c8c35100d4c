"""Protocols in the story: written and proven in prepare, followed by the rules, handed over so that they run."""

import os
import subprocess
import sys

import pytest
import yaml

from lang2mlip.compute.sandbox import available
from lang2mlip.contracts import ReferenceSpec, Task
from lang2mlip.prepare.dryrun import prove, prove_text
from lang2mlip.record.events import Created, Decided
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.lammps.files import protocol_from_file
from lang2mlip.science.lammps.script import script
from tiny import COMMAND, PLAN, TASK

LJ = ReferenceSpec(name="lj")


def new_run(place, simulations):
    task = Task(**TASK | {"simulations": simulations, "budget": {"max_calls": 700, "max_labels": 40}})
    run = Run.create(place / "runs" / "argon", Created(task=task))
    (run.folder / "plan.yaml").write_text(yaml.safe_dump(PLAN))
    return run.folder


def command(place, *words):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run([COMMAND, *words], cwd=place, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def developed(tmp_path_factory):
    """A whole job whose task names two simulations."""
    place = tmp_path_factory.mktemp("protocols")
    (place / "runs").mkdir()
    folder = new_run(place, ["anneal", "metadynamics"])
    done = command(place, "run", "argon", "--yes")
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


def test_every_simulation_of_the_task_is_written_proven_and_approved(developed):
    folder, said = developed
    run = Run(folder)
    assert set(run.state.protocols) == {"anneal", "metadynamics"}
    assert "Approved (--yes)" in said
    for name in run.state.protocols:
        assert protocol_from_file(folder / "protocols" / f"{name}.yaml").kind == name
        assert (folder / "protocols" / f"{name}.lmp").exists()
        assert '"passed": true' in (folder / "protocols" / f"{name}.dry.json").read_text()


def test_the_rules_follow_each_protocol_once_after_plain_md_held(developed):
    run = Run(developed[0])
    followed = [step.decision.parameters.protocol for step in run.view().steps() if step.decision.action == "sample"]
    assert followed[0] is None
    assert [name for name in followed if name] == ["anneal", "metadynamics"]
    assert run.state.followed == ("anneal", "metadynamics")


def test_a_delivered_protocol_runs_with_the_delivered_potential(developed):
    folder = developed[0] / "potential" / "protocols" / "anneal"
    done = subprocess.run([sys.executable, "run.py", "10"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 stages done" in done.stdout


def test_an_edited_protocol_is_proven_again_and_an_impossible_one_is_left_out(tmp_path):
    folder = new_run(tmp_path, ["deform"])
    command(tmp_path, "prepare", "argon", "--yes")
    first = Run(folder).state.protocols["deform"]
    file = folder / "protocols" / "deform.yaml"
    file.write_text(file.read_text().replace("strain: 0.1", "strain: 0.05"))
    command(tmp_path, "prepare", "argon", "--yes")
    assert Run(folder).state.protocols["deform"] != first
    script_lines = (folder / "protocols" / "deform.lmp").read_text().split("\n")
    assert script_lines.count("run             25000") == 1  # 0.05 at 0.001 per ps in steps of 2 fs
    file.write_text(file.read_text().replace("axis: x", "axis: w"))
    refused = command(tmp_path, "prepare", "argon", "--yes")
    assert refused.returncode == 2
    assert "deform.yaml" in refused.stderr


def test_a_run_without_simulations_has_no_protocols(tmp_path):
    folder = new_run(tmp_path, [])
    command(tmp_path, "prepare", "argon", "--yes")
    assert not (folder / "protocols").exists()
    assert Run(folder).state.protocols == {}
    assert not any(isinstance(event, Decided) for event in Run(folder).view().events)


def test_a_protocol_that_does_not_suit_its_structure_is_a_failed_dry_run(developed, tmp_path):
    atoms = read_frames(developed[0] / "structures" / "bulk-1.extxyz")[-1]
    atoms.pbc = False
    protocol = protocol_from_file(developed[0] / "protocols" / "anneal.yaml")
    report = prove(protocol, atoms, LJ, tmp_path)
    assert not report.passed
    assert "not periodic" in report.fault


@pytest.mark.skipif(not available(), reason="no sandbox on this machine")
def test_text_of_a_model_runs_confined_and_its_error_names_the_line(developed, tmp_path):
    atoms = read_frames(developed[0] / "structures" / "bulk-1.extxyz")[-1]
    protocol = protocol_from_file(developed[0] / "protocols" / "anneal.yaml")
    text = script(protocol, atoms, 5).text
    good = prove_text(text, atoms, LJ, tmp_path / "good")
    assert good.passed, good.fault
    assert good.steps == 20
    misspelt = prove_text(text.replace("temp/csvr", "temp/csrv"), atoms, LJ, tmp_path / "misspelt")
    assert not misspelt.passed
    assert "Did you mean 'temp/csvr'?" in misspelt.fault
    bad = prove_text(text.replace("custom step temp", "custom step tempp"), atoms, LJ, tmp_path / "bad")
    assert not bad.passed
    assert "at line" in bad.fault
    assert "shell" in prove_text("shell ls\n", atoms, LJ, tmp_path / "none").fault
