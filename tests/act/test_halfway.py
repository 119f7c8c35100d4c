"""A worker that is killed in the middle of a long walk: the next one goes on, and the walk is the same."""

import json
import subprocess
import sys
import time
from pathlib import Path

from ase.build import bulk
from ase.calculators.lj import LennardJones

from lang2mlip.act.follow import FORCES
from lang2mlip.act.halfway import EVERY, FILE
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.remembered import Remembered


def job(finished, folder: Path, steps: int) -> list[str]:
    """A job folder with a long walk of the finished run's potential, and the command that does it."""
    run = Run(finished.place / "runs" / "argon")
    record = run.view().structures("train")[0]
    arguments = {
        "family": run.state.model.family, "model": run.state.model.folder, "structure": record.file, "health": {},
        "note": {"group": record.request.group, "structure": record.request.name}, "save_s": 0.0,
        "plan": {"temperature_K": 30.0, "steps": steps, "keep_every": 100, "seed": 7},
    }  # fmt: skip
    folder.mkdir()
    spec = {"function": "lang2mlip.act.walk:potential_walk", "arguments": arguments, "run": str(run.folder)}
    (folder / "spec.json").write_text(json.dumps(spec))
    return [sys.executable, "-m", "lang2mlip.act", str(folder)]


def test_a_killed_worker_costs_what_it_did_since_its_last_checkpoint_and_changes_nothing(finished, tmp_path):
    steps = 4 * EVERY
    assert subprocess.run(job(finished, tmp_path / "whole", steps)).returncode == 0
    command, cut = job(finished, tmp_path / "cut", steps), tmp_path / "cut"
    worker = subprocess.Popen(command)
    until = time.monotonic() + 120
    while not (cut / FILE).exists() and time.monotonic() < until:
        time.sleep(0.005)
    worker.kill()
    worker.wait()
    assert (cut / FILE).exists() and not (cut / "result.json").exists()
    assert subprocess.run(command).returncode == 0
    assert (cut / "frames.extxyz").read_bytes() == (tmp_path / "whole" / "frames.extxyz").read_bytes()
    first, second = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("whole", "cut"))
    assert first["thermo"] == second["thermo"] and first["seen"] == second["seen"]
    assert first["stability"]["healthy"] and second["stability"]["done"] == steps
    assert not (cut / FILE).exists()


def lammps_job(finished, folder: Path, ps: float) -> list[str]:
    """The same with LAMMPS as the engine."""
    command = job(finished, folder, 1000)
    spec = json.loads((folder / "spec.json").read_text())
    protocol = {"kind": "equilibrate", "temperature_K": 30.0, "ps": ps, "timestep_fs": 2.0, "thermostat": "langevin",
                "seed": 5}  # fmt: skip
    del spec["arguments"]["plan"]
    spec["arguments"] |= {"protocol": protocol, "steps": 10**6, "keep_every": 100}
    spec["function"] = "lang2mlip.act.follow:protocol_walk"
    (folder / "spec.json").write_text(json.dumps(spec))
    return command


def test_a_walk_in_lammps_that_was_killed_is_told_the_forces_it_had_and_goes_on(finished, tmp_path):
    assert subprocess.run(lammps_job(finished, tmp_path / "whole", 1.0)).returncode == 0
    command, cut = lammps_job(finished, tmp_path / "cut", 1.0), tmp_path / "cut"
    worker = subprocess.Popen(command)
    until = time.monotonic() + 120
    while not ((cut / FORCES).exists() and (cut / FORCES).stat().st_size > 50_000) and time.monotonic() < until:
        time.sleep(0.005)
    worker.kill()
    worker.wait()
    assert (cut / FORCES).exists() and not (cut / "result.json").exists()
    assert subprocess.run(command).returncode == 0
    first, second = (read_frames(tmp_path / name / "frames.extxyz") for name in ("whole", "cut"))
    assert len(first) == len(second) >= 5
    assert all(abs(a.positions - b.positions).max() < 1e-6 for a, b in zip(first, second, strict=True))
    assert not (cut / FORCES).exists()


def test_what_is_remembered_is_not_computed_again_and_another_path_is(tmp_path):
    path = [bulk("Ar", cubic=True) for _ in range(6)]
    for seed, atoms in enumerate(path):
        atoms.rattle(0.05, seed=seed)

    def walk(frames, of="mine"):
        calculator = Remembered(LennardJones(sigma=3.4, epsilon=0.01), tmp_path / "forces", of, 0.0)
        told = []
        for atoms in frames:
            calculator.calculate(atoms)
            told.append((calculator.results["energy"], *calculator.results["forces"].ravel()))
        return calculator.computed, told

    assert walk(path[:4])[0] == 4
    with (tmp_path / "forces").open("ab") as file:
        file.write(b"half a row")
    count, told = walk(path)
    assert count == 2 and told == walk(path, "theirs")[1]
    assert walk(path[::-1])[0] == 6
