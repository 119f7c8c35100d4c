"""Other systems, other references and other families, end to end from words.

    python benchmarks/systems.py                 # what is missing in systems.json, one system after another
    python benchmarks/systems.py --only silicon  # this one
    python benchmarks/systems.py --quick         # those that take minutes
    python benchmarks/systems.py --adopt silicon RUNS/NAME   # a run that is already there

Each system is a real `lang2mlip run` in a process of its own, with an empty label cache. A finished row is appended to
systems.json at once and never computed again (delete the row to do so); a run that was cut off is resumed. At the end
the deliverable is loaded and asked for a force, in a process of its own. Budgets are small: this shows that every kind
of system comes to its two verdicts, not how good a potential can be.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "systems.json"
PROGRAM = [sys.executable, "-m", "lang2mlip.doors.cli"]

SYSTEMS: dict[str, tuple[str, list[str]]] = {
    "silicon": (
        "Silicon: crystal, surfaces and the melt, 300 to 2000 K with a Stillinger-Weber potential",
        ["--max-labels", "300", "--max-calls", "6000"],
    ),
    "silicon-tersoff": (
        "Silicon crystal and melt, 300 to 2000 K, Tersoff potential",
        ["--max-labels", "150", "--max-calls", "3000"],
    ),
    "molecules": (
        "Ethanol and acetone molecules at 300 K with GFN2-xTB",
        ["--max-labels", "200", "--max-calls", "4000"],
    ),
    "copper-gap": (
        "Copper crystal, 300 to 600 K",
        ["--potential", "gap", "--max-labels", "40", "--max-calls", "2500"],
    ),
    "copper-mace": (
        "Copper crystal, 300 to 600 K",
        ["--potential", "mace", "--max-labels", "80", "--max-calls", "2500", "--max-time", "900"],
    ),
    "compound": (
        "Ni3Al crystal 300 to 1200 K with a LAMMPS EAM potential",
        ["--max-labels", "200", "--max-calls", "4000"],
    ),
    "alloy": ("Al-Cu alloy, 300 to 900 K, EAM", ["--max-labels", "150", "--max-calls", "3000"]),
    "oxide": (
        "Magnesium oxide crystal at 300 K with CHGNet",
        ["--potential", "mtp", "--max-labels", "40", "--max-calls", "300"],
    ),
    "liquid": ("liquid methanol at 300 K with GFN1-xTB", ["--max-labels", "40", "--max-calls", "150"]),
}
"""Name → the words, and the options beside them."""

QUICK = ("molecules", "copper-gap", "compound")


def main() -> None:
    """Run what is missing, print the table."""
    options = parse()
    if options.adopt:
        store(row(options.adopt[0], Path(options.adopt[1])))
    else:
        wanted = options.only or (QUICK if options.quick else tuple(SYSTEMS))
        done = {one["system"] for one in load()}
        for system in wanted:
            if system not in done:
                store(develop(system, options.work))
    table(load())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=SYSTEMS)
    parser.add_argument("--adopt", nargs=2, metavar=("SYSTEM", "FOLDER"))
    parser.add_argument("--work", type=Path, default=Path("/tmp/lang2mlip-systems"))
    return parser.parse_args()


def load() -> list[dict]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def store(one: dict) -> None:
    """The row in place of an older one of the same system."""
    rows = [other for other in load() if other["system"] != one["system"]] + [one]
    order = list(SYSTEMS)
    RESULTS.write_text(json.dumps(sorted(rows, key=lambda r: order.index(r["system"])), indent=1, ensure_ascii=False))


def develop(system: str, work: Path) -> dict:
    """One run, begun or gone on with; its row."""
    words, options = SYSTEMS[system]
    work.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "LANG2MLIP_CACHE": str(work / f"{system}-cache"), "LANG2MLIP_MODEL": ""}
    begun = (work / system / "run.db").exists()
    command = ["resume", system] if begun else ["run", words, "--yes", "--name", system, *options]
    subprocess.run([*PROGRAM, *command, "--out", str(work)], env=environment, check=False)
    return row(system, work / system)


def row(system: str, folder: Path) -> dict:
    """What came of a run, read from its own log."""
    from lang2mlip.record.run import Run

    run = Run(folder)
    state, task = run.state, run.state.task
    test = next((one for one in reversed(state.evaluations) if one.on == "test"), None)
    cost, apart = state.cost, state.test_cost
    words, options = SYSTEMS[system]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE)
    return {
        "system": system,
        "prompt": task.prompt,
        "command": f"lang2mlip run {words!r} {' '.join(options)} --yes",
        "commit": commit.stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, shared",
        "reference": f"{task.reference.name} {task.reference.settings or ''}".strip(),
        "family": task.potential.family,
        "budget": task.budget.model_dump(exclude_none=True),
        "stability_asked": {"seeds": task.goals.stable_seeds, "steps": task.goals.stable_steps},
        "outcome": state.outcome,
        "verdicts": {one.question: one.answer for one in state.verdicts},
        "steps": [entry.action for entry in state.log],
        "calls": cost.calls,
        "cached": cost.cached,
        "labels": cost.labels,
        "failed_calls": cost.failed,
        "test_calls": apart.calls,
        "seconds": {
            "reference": round(cost.reference_s + apart.reference_s, 1),
            "training": round(cost.training_s, 1),
            "md": round(cost.md_s, 1),
            "wall": round(cost.wall_s, 1),
        },
        **(measured(test) if test else {}),
        "deliverable": deliverable(folder / "potential"),
        "report_kB": round((folder / "report" / "index.html").stat().st_size / 1024),
    }


def measured(test) -> dict:
    """Errors on the frozen test set, properties and stability."""
    return {
        "errors": {
            group: {
                "force_rmse_meV_A": round(one.force_rmse_meV_A, 1),
                "force_relative_percent": round(100 * one.force_relative, 2),
                "energy_rmse_meV_atom": round(one.energy_rmse_meV_atom, 2),
                "frames": one.n_frames,
            }
            for group, one in test.errors.items()
        },
        "properties": [
            one.model_dump(include={"name", "subject", "unit", "value", "reference", "deviation", "deviation_unit"})
            for one in test.properties
        ],
        "stability": {"healthy": sum(one.healthy for one in test.stability), "runs": len(test.stability)},
        "missed": [f"{gate.name} in {gate.group or 'all'}" for gate in test.gates if not gate.passed],
    }


def deliverable(folder: Path) -> str:
    """What the deliverable's own example prints, in a process of its own."""
    done = subprocess.run([sys.executable, str(folder / "example.py")], capture_output=True, text=True, cwd="/")
    return (done.stdout if done.returncode == 0 else done.stderr[-300:]).strip().replace("\n", "; ")


def table(rows: list[dict]) -> None:
    """The rows, short."""
    figures = "".join(f"{name:>8}" for name in ("F meV/Å", "worst %", "E meV", "calls", "labels", "wall s"))
    print(f"{'system':16}{'family':7}{'verdicts':32}{figures}")
    for one in rows:
        verdicts = ", ".join(one["verdicts"].values())
        errors = one.get("errors", {})
        worst = max((e["force_relative_percent"] for g, e in errors.items() if g != "all"), default=float("nan"))
        overall = errors.get("all", {"force_rmse_meV_A": float("nan"), "energy_rmse_meV_atom": float("nan")})
        print(
            f"{one['system']:16}{one['family']:7}{verdicts:32}{overall['force_rmse_meV_A']:>8.1f}{worst:>8.2f}"
            f"{overall['energy_rmse_meV_atom']:>8.2f}{one['calls']:>8}{one['labels']:>8}{one['seconds']['wall']:>8.0f}"
        )


if __name__ == "__main__":
    main()
