"""A lithium electrolyte from words, with GFN1-xTB as the truth: error on other compositions, and bonds in long MD.

    python benchmarks/electrolyte.py               # the run (hours), then its judgement
    python benchmarks/electrolyte.py --judge DIR   # a run that is there, ended or not: its best model so far
    python benchmarks/electrolyte.py --bonds DIR   # its molecules alone: whether they hold in MD
    python benchmarks/electrolyte.py --refit DIR   # its labels alone, fitted anew with full effort, and judged

`errors`: on the held-out trajectories of the reference (cells, compositions and densities that no training cell has).
`bonds`: 5 walks of `--ps` picoseconds from held-out starts, 300 to 500 K, with the potential alone, looked at every
10 fs; a bond of the start breaks beyond 1.6 times the sum of the covalent radii (science/evaluation/bonds). The
reference's own MD on the held-out cells is counted in the same way. Rows are appended to electrolyte.json.
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

from ase import Atoms

from lang2mlip import catalogue
from lang2mlip.act.end import best_model
from lang2mlip.contracts import Model
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.evaluation.bonds import events
from lang2mlip.science.evaluation.errors import compare
from lang2mlip.science.structures.gate import NONMETALS

RESULTS = Path(__file__).with_name("electrolyte.json")
PROGRAM = (sys.executable, "-m", "lang2mlip.doors.cli")
PROMPT = "2.5 mol/L LiPF6 in ethylene carbonate, liquid, 300 to 500 K, density and rdf"
GOALS = {"force_rmse_meV_A": "80.0", "stable_seeds": "5", "stable_steps": "20000"} | {
    "max_calls": "1600", "max_labels": "450"
}  # fmt: skip
STEP_FS, KEEP_EVERY = 0.5, 20
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


def walks(calculator: Any, starts: list[Atoms], picoseconds: float) -> list[dict[str, Any]]:
    """MD with the potential, a row each."""
    found = []
    for number, kelvin in enumerate(WALKS_K):
        start, steps = starts[number % len(starts)], round(picoseconds / (STEP_FS / 1000))
        plan = MDPlan(temperature_K=kelvin, timestep_fs=STEP_FS, steps=steps, keep_every=KEEP_EVERY, seed=number)
        begun = time.process_time()
        outcome = run(start, calculator, plan, Health(bond_stretch=100.0))
        spent = time.process_time() - begun
        seen = events(start, outcome.frames, outcome.done * STEP_FS / 1000, NONMETALS)
        found.append(
            {
                "temperature_K": kelvin, "atoms": len(start), "formula": start.get_chemical_formula(),
                "healthy": outcome.healthy, "trip": outcome.trip, "steps": outcome.done, **vars(seen),
                "atom_steps_per_s": round(len(start) * outcome.done / spent),
            }
        )  # fmt: skip
        print(found[-1], flush=True)
    return found


def reference_bonds(folder: Path) -> list[dict[str, Any]]:
    """Bonds in the reference's own MD on the held-out cells, a row for each of its walks."""
    found = []
    for file in sorted((folder / "validation" / "walks").glob("*.json")):
        walk = json.loads(file.read_text(encoding="utf-8"))
        start, frames = read_frames(folder / walk["structure"])[-1], read_frames(folder / walk["frames"])
        seen = events(start, frames, max(walk["thermo"]["time_ps"], default=0.0), NONMETALS)
        found.append({"walk": file.stem, "temperature_K": walk["plan"]["temperature_K"], **vars(seen)})
    return found


def rates(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Events of all walks together, per bond and ns, with the error bars of a Poisson process."""
    exposure = sum(row["bonds"] * row["time_ps"] for row in rows) / 1000 or 1e-12
    told: dict[str, float] = {"bond_ns": exposure}
    for name in ("broken", "made"):
        count = sum(row[name] for row in rows)
        told |= {name: count, f"{name}_per_bond_ns": count / exposure, f"{name}_error": max(count, 1) ** 0.5 / exposure}
    return told


def best(folder: Path) -> tuple[Run, Model, Any]:
    """The run, its best model so far, and that model's calculator."""
    developed = Run(folder)
    model = best_model(developed.state)
    if model is None:
        sys.exit(f"{folder} has no model yet.")
    return developed, model, catalogue.load("potential", model.family)().calculator(folder / model.folder)


def refit(folder: Path, picoseconds: float) -> dict[str, Any]:
    """What the labels of the run are worth to the present trainer, with its own settings for full effort."""
    developed, trainer = Run(folder), catalogue.load("potential", "mtp")()
    frames, elements = developed.view().training_frames(), developed.state.task.elements
    place = folder.parent / f"{folder.name}-refit"
    if not (place / "potential.mtp").exists():
        place.mkdir(exist_ok=True)
        request, begun = FitRequest(elements=elements, effort="accurate", seed=1, settings={}), time.process_time()
        report = trainer.fit(frames, request, place, lambda share, words: print(f"{share:.2f} {words}", flush=True))
        told = {"fit_cpu_s": round(time.process_time() - begun), "fit": report.notes[-1]}
        (place / "told.json").write_text(json.dumps(told))
    errors = compare(held_out_of(folder), calculator := trainer.calculator(place))
    row = {
        "command": "python benchmarks/electrolyte.py --refit DIR", "labels": len(frames),
        **json.loads((place / "told.json").read_text()), "all": errors.errors().model_dump(),
        "groups": {name: one.model_dump() for name, one in errors.by_group().items()},
    }  # fmt: skip
    print(row["all"], flush=True)
    return row | {"bonds": bonds_of(developed, "refit", calculator, picoseconds)}


def held_out_of(folder: Path) -> list[Atoms]:
    """The held-out frames of a run."""
    return [frame for file in sorted((folder / "validation").glob("*.extxyz")) for frame in read_frames(file)]


def bonds(folder: Path, picoseconds: float) -> dict[str, Any]:
    """Five walks of the best model, and the reference's own MD of the same cells."""
    developed, model, calculator = best(folder)
    return bonds_of(developed, model.id, calculator, picoseconds)


def bonds_of(developed: Run, name: str, calculator: Any, picoseconds: float) -> dict[str, Any]:
    """Five walks from held-out starts, and the reference's own MD of the same cells."""
    folder = developed.folder
    starts = [read_frames(folder / one.file)[-1] for one in developed.view().structures("validation")]
    mine, known = walks(calculator, starts, picoseconds), reference_bonds(folder)
    told = {"potential": rates(mine), "reference": rates(known)}
    over = told["potential"]["broken_per_bond_ns"] - told["reference"]["broken_per_bond_ns"]
    bar = (told["potential"]["broken_error"] ** 2 + told["reference"]["broken_error"] ** 2) ** 0.5
    return {"model": name, "rates": told, "more_often": over > 2 * bar, "walks": mine, "reference_walks": known}


def judge(folder: Path, picoseconds: float) -> dict[str, Any]:
    """What the best model of the run is worth."""
    developed, model, calculator = best(folder)
    held_out = held_out_of(folder)
    errors = compare(held_out, calculator)
    return {
        "command": "python benchmarks/electrolyte.py", "model": model.id, "labels": developed.state.cost.labels,
        "calls": developed.state.cost.calls, "frames": len(held_out), "all": errors.errors().model_dump(),
        "groups": {name: one.model_dump() for name, one in errors.by_group().items()},
        "bonds": bonds(folder, picoseconds),
    }  # fmt: skip


def main() -> None:
    """Run or judge, and keep the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--bonds", type=Path)
    parser.add_argument("--refit", type=Path)
    parser.add_argument("--work", type=Path, default=Path("/tmp/lang2mlip-electrolyte"))
    parser.add_argument("--ps", type=float, default=10.0)
    wish = parser.parse_args()
    if wish.refit:
        row = refit(wish.refit, wish.ps)
    else:
        row = bonds(wish.bonds, wish.ps) if wish.bonds else judge(wish.judge or develop(wish.work), wish.ps)
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    RESULTS.write_text(json.dumps([*rows, row], indent=1) + "\n")
    print({key: value for key, value in row.items() if key not in ("groups", "bonds", "walks", "reference_walks")})


if __name__ == "__main__":
    main()
