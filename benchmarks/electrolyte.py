"""A lithium electrolyte from words, with GFN1-xTB as the truth: error on other compositions, and bonds in long MD.

    python benchmarks/electrolyte.py               # the run (hours), then its judgement
    python benchmarks/electrolyte.py --judge DIR   # a run that is there, ended or not: its best model so far

`errors`: on the held-out trajectories of the reference (cells, compositions and densities that no training cell has).
`bonds`: 5 walks of `--ps` picoseconds from held-out starts, 300 to 500 K, with the potential alone; a bond of the start
that is longer than 1.6 times the sum of the covalent radii at a frame (every 0.1 ps) counts as broken. The reference's
own MD on the held-out cells is looked at in the same way. Rows are appended to electrolyte.json.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from lang2mlip import catalogue
from lang2mlip.act.end import best_model
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.atoms.neighbours import bond_graph
from lang2mlip.science.evaluation.errors import compare

RESULTS = Path(__file__).with_name("electrolyte.json")
PROGRAM = (sys.executable, "-m", "lang2mlip.doors.cli")
PROMPT = "2.5 mol/L LiPF6 in ethylene carbonate, liquid, 300 to 500 K, density and rdf"
GOALS = {"force_rmse_meV_A": "80.0", "stable_seeds": "5", "stable_steps": "20000"} | {
    "max_calls": "1600", "max_labels": "450"
}  # fmt: skip
BROKEN = 1.6
WALKS_K = (300.0, 350.0, 400.0, 450.0, 500.0)


def develop(work: Path) -> Path:
    """The run, from words to its end."""
    words = ["--reference", "gfn1-xtb", "--potential", "mtp", "--yes", "--name", "electrolyte", "--out", str(work)]
    folder = work / "electrolyte"
    if not folder.exists():
        subprocess.run([*PROGRAM, "prepare", PROMPT, *words], check=True)
        task = (folder / "task.yaml").read_text()
        for name, value in GOALS.items():
            task = re.sub(rf"{name}: \S+", f"{name}: {value}", task)
        (folder / "task.yaml").write_text(task)
    subprocess.run([*PROGRAM, "run", "electrolyte", "--yes", "--out", str(work)], check=False)
    return folder


def broken(start: Atoms, frames: list[Atoms]) -> int:
    """Bonds of the start that are broken in the worst of the frames."""
    pairs = np.array(bond_graph(start))
    limit = BROKEN * (covalent_radii[start.numbers[pairs[:, 0]]] + covalent_radii[start.numbers[pairs[:, 1]]])
    worst = 0
    for atoms in frames:
        reach = atoms.get_all_distances(mic=True)[pairs[:, 0], pairs[:, 1]]
        worst = max(worst, int((reach > limit).sum()))
    return worst


def walks(calculator: Any, starts: list[Atoms], picoseconds: float) -> list[dict[str, Any]]:
    """MD with the potential, a row each."""
    found = []
    for number, kelvin in enumerate(WALKS_K):
        start, steps = starts[number % len(starts)], round(picoseconds / 0.5e-3)
        plan = MDPlan(temperature_K=kelvin, timestep_fs=0.5, steps=steps, keep_every=200, seed=number)
        begun = time.process_time()
        outcome = run(start, calculator, plan, Health(bond_stretch=100.0))
        spent = time.process_time() - begun
        found.append(
            {
                "temperature_K": kelvin, "atoms": len(start), "formula": start.get_chemical_formula(),
                "healthy": outcome.healthy, "steps": outcome.steps, "broken_bonds": broken(start, outcome.frames),
                "bonds": len(bond_graph(start)), "atom_steps_per_s": round(len(start) * outcome.steps / spent),
            }
        )  # fmt: skip
        print(found[-1], flush=True)
    return found


def judge(folder: Path, picoseconds: float) -> dict[str, Any]:
    """What the best model of the run is worth."""
    developed = Run(folder)
    model = best_model(developed.state)
    if model is None:
        sys.exit(f"{folder} has no model yet.")
    calculator = catalogue.load("potential", model.family)().calculator(folder / model.folder)
    held_out = [frame for file in sorted((folder / "validation").glob("*.extxyz")) for frame in read_frames(file)]
    errors = compare(held_out, calculator)
    starts = [read_frames(folder / one.file)[-1] for one in developed.view().structures("validation")]
    own: dict[str, list[Atoms]] = {}
    for frame in held_out:
        own.setdefault(str(frame.info.get("structure")), []).append(frame)
    return {
        "command": "python benchmarks/electrolyte.py", "model": model.id, "labels": developed.state.cost.labels,
        "calls": developed.state.cost.calls, "frames": len(held_out), "all": errors.errors().model_dump(),
        "groups": {name: one.model_dump() for name, one in errors.by_group().items()},
        "bonds_reference": {name: broken(frames[0], frames) for name, frames in own.items()},
        "bonds": walks(calculator, starts, picoseconds),
    }  # fmt: skip


def main() -> None:
    """Run or judge, and keep the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--work", type=Path, default=Path("/tmp/lang2mlip-electrolyte"))
    parser.add_argument("--ps", type=float, default=10.0)
    wish = parser.parse_args()
    row = judge(wish.judge or develop(wish.work), wish.ps)
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    RESULTS.write_text(json.dumps([*rows, row], indent=1) + "\n")
    print({key: value for key, value in row.items() if key not in ("groups", "bonds")})


if __name__ == "__main__":
    main()
