"""How fast is the watched MD loop beside the bare calculator? Prints a table and writes md_loop.json beside this file.

    python benchmarks/md_loop.py [--steps 400] [--rounds 5] [--level 8]

An MTP is fitted to rattled and strained copper cells labelled with EMT. Then, round by round on 500 atoms and one core:
the watched run, and the calculator alone over exactly the configurations of that run (the run is deterministic, so they
are collected once beforehand). CPU seconds of this process are compared, the best of all rounds on either side.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

from ase.build import bulk
from ase.calculators.emt import EMT

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.frames import labelled
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.sampling.distort import rattled, strained
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer


def fitted(level: int, folder: Path):
    """A calculator of the level asked for."""
    cell, frames = bulk("Cu", cubic=True) * (2, 2, 2), []
    for atoms in rattled(cell, 0.15, 25, seed=1) + strained(cell, 0.06, 6, seed=1):
        said = single_point(atoms, EMT())
        frames.append(labelled(atoms, energy=said.energy, forces=said.forces, stress=said.stress))
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings={"max_level": level, "time_limit_s": 20.0})
    MTPTrainer().fit(frames, request, folder, lambda fraction, words: None)
    return MTPTrainer().calculator(folder)


def bare(calculator, atoms, places) -> float:
    """CPU seconds of the calculator alone over those places."""
    atoms = atoms.copy()
    started = time.process_time()
    for place in places:
        atoms.positions[:] = place
        calculator.calculate(atoms, ["energy", "forces"], ["positions"])
    return time.process_time() - started


def watched(calculator, atoms, plan) -> float:
    """CPU seconds of the watched run."""
    started = time.process_time()
    outcome = run(atoms, calculator, plan)
    assert outcome.healthy, outcome.trip
    return time.process_time() - started


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--level", type=int, default=8)
    wish = parser.parse_args()
    atoms = bulk("Cu", cubic=True) * (5, 5, 5)
    plan = MDPlan(temperature_K=600, steps=wish.steps)
    with tempfile.TemporaryDirectory() as folder:
        calculator = fitted(wish.level, Path(folder))
        every = run(atoms, calculator, plan.model_copy(update={"keep_every": 1})).frames
        places = [frame.positions for frame in every]
        times = [(watched(calculator, atoms, plan), bare(calculator, atoms, places)) for _ in range(wish.rounds)]
    loop, alone = (min(column) / len(places) for column in zip(*times, strict=True))
    result = {
        "command": " ".join(["python", "benchmarks/md_loop.py", *sys.argv[1:]]),
        "atoms": len(atoms),
        "steps": wish.steps,
        "rounds": wish.rounds,
        "mtp_level": wish.level,
        "watched_ms_per_step": 1000 * loop,
        "bare_ms_per_step": 1000 * alone,
        "share_of_bare_speed": alone / loop,
        "atom_steps_per_s": len(atoms) / loop,
        "load_average": os.getloadavg()[0],
    }
    for key, value in result.items():
        print(f"{key:24} {value}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
