"""The main job from words, and the same reference calls spent at random and in one shot.

    python benchmarks/main_job.py            # 60-minute tier: tight goals, 5 x 20,000 MD steps, three arms
    python benchmarks/main_job.py --quick    # the goals of `make run`, the rules alone
    python benchmarks/main_job.py --arm random --seed 1

Each arm is a real `lang2mlip run` in a process of its own, with an empty label cache, so that every call is paid. A
finished row is appended to main_job.json at once and never computed again (delete the row to do so). All arms meet the
same frozen test set: it depends on the task and its seed alone.

`outside_percent` is 100 (cpu_s - science_s) / cpu_s: of the CPU time of the run and all its workers, what went neither
into reference calls nor into training, MD and inference with the potential (see Cost), but into starting processes,
files, building structures, deciding and the report. It is CPU time because a machine is rarely alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

HERE = Path(__file__).parent
RESULTS = HERE / "main_job.json"
PROMPT = "Copper: bulk, surfaces and the melt, 300 to 1500 K"
TIGHT = {"force_rmse_meV_A": 15.0, "energy_rmse_meV_atom": 2.0, "elastic_percent": 5.0, "stable_steps": 20_000}
ARMS = ("rules", "random", "one-shot")


def main() -> None:
    """Run what is missing, print the table."""
    options = parse()
    rows = load()
    arms = (options.arm,) if options.arm else ("rules",) if options.quick else ARMS
    tier = "quick" if options.quick else "full"
    for arm in arms:
        if not any((row["tier"], row["arm"], row["seed"]) == (tier, arm, options.seed) for row in rows):
            rows.append(run_arm(arm, tier, options, rows))
            RESULTS.write_text(json.dumps(rows, indent=1))
    table(rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--arm", choices=ARMS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("/tmp/lang2mlip-bench"))
    return parser.parse_args()


def load() -> list[dict]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def run_arm(arm: str, tier: str, options: argparse.Namespace, rows: list[dict]) -> dict:
    """One arm, timed; its row."""
    work = options.work / f"{tier}-{arm}-{options.seed}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"LANG2MLIP_CACHE": str(work / "cache"), "LANG2MLIP_MODEL": ""}
    program = [sys.executable, "-m", "lang2mlip.doors.cli"]
    task = prepare(program, work, environment, tier, options.seed)
    command = [
        *program,
        "run",
        str(task),
        "--name",
        "job",
        "--out",
        str(work),
        "--decider",
        decider(arm, work, rows, tier, options.seed),
    ]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env=environment, check=False)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = row(arm, tier, options.seed, work / "job", done.returncode)
    return found | {
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "outside_percent": round(100 * (cpu - found["science_s"]) / cpu, 1),
        "peak_MB": round(after.ru_maxrss / 1024),
    }


def prepare(program: list[str], work: Path, environment: dict, tier: str, seed: int) -> Path:
    """task.yaml from the words, with the tier's goals."""
    subprocess.run(
        [*program, "prepare", PROMPT, "--yes", "--name", "words", "--out", str(work), "--seed", str(seed)],
        env=environment, check=True,
    )  # fmt: skip
    task = yaml.safe_load((work / "words" / "task.yaml").read_text())
    if tier == "full":
        task["goals"] = {**(task.get("goals") or {}), **TIGHT}
    file = work / "task.yaml"
    file.write_text(yaml.safe_dump(task, allow_unicode=True))
    shutil.rmtree(environment["LANG2MLIP_CACHE"], ignore_errors=True)
    return file


def decider(arm: str, work: Path, rows: list[dict], tier: str, seed: int) -> str:
    """The baselines spend the calls and labels that the rules spent with the same seed."""
    if arm == "rules":
        return "rules"
    spent = next(row for row in rows if (row["arm"], row["tier"], row["seed"]) == ("rules", tier, seed))
    file = work / "schedule.yaml"
    file.write_text(yaml.safe_dump(schedule(arm, spent)))
    return f"schedule:{file}"


def schedule(arm: str, spent: dict) -> list[dict]:
    """One shot: all calls into reference MD. Random: the rules' explore, then random picks instead of chosen ones."""
    first = {"action": "reference"}
    last = [{"action": "train", "effort": "accurate"}, {"action": "evaluate", "depth": "full"}]
    if arm == "one-shot":
        walks = 2 * spent["train_structures"]
        steps = max(40, (spent["calls"] - spent["reference_calls"]) // walks)
        kept = max(1, spent["labels"] // walks - 3)
        return [first, {"action": "explore", "steps": steps, "keep_every": max(1, steps // kept)}, *last]
    rounds = []
    for count in spent["selected"]:
        rounds += [{"action": "train"}, {"action": "sample", "steps": 1000, "keep_every": 25}]
        rounds += [{"action": "select", "method": "random", "count": count}]
    return [first, {"action": "explore", **spent["explore"]}, *rounds, *last]


def row(arm: str, tier: str, seed: int, folder: Path, status: int) -> dict:
    """What came of a run, read from its own log."""
    from lang2mlip.record.run import Run

    run = Run(folder)
    state, steps = run.state, run.view().steps()
    test = next((e for e in reversed(state.evaluations) if e.on == "test"), None)
    results = [(step.decision.parameters, step.result) for step in steps if step.result]
    explore = next((p for p, _ in results if p.action == "explore"), None)
    return {
        "tier": tier,
        "arm": arm,
        "seed": seed,
        "command": f"python benchmarks/main_job.py --arm {arm} --seed {seed}" + (" --quick" if tier == "quick" else ""),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
        ).stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "exit": status,
        "steps": [step.decision.action for step in steps],
        "calls": state.cost.calls,
        "cached": state.cost.cached,
        "labels": state.cost.labels,
        "test_calls": state.test_cost.calls,
        "science_s": round(sum(c.reference_s + c.training_s + c.md_s for c in (state.cost, state.test_cost)), 1),
        "errors": {g: e.model_dump() | {"force_relative": e.force_relative} for g, e in test.errors.items()}
        if test
        else {},
        "properties": [p.model_dump() for p in test.properties] if test else [],
        "stability": {"healthy": sum(r.healthy for r in test.stability), "runs": len(test.stability)} if test else {},
        "missed": [g.name + (f" in {g.group}" if g.group else "") for g in test.gates if not g.passed] if test else [],
        "verdict": state.verdicts[0].answer if state.verdicts else None,
        "reference_calls": next((r.cost.calls for p, r in results if p.action == "reference"), 0),
        "selected": [r.cost.labels for p, r in results if p.action == "select"],
        "explore": explore.model_dump(exclude={"action", "groups"}) if explore else {},
        "train_structures": sum(s.request.role == "train" for s in state.structures),
    }


def _percent(one: dict) -> str:
    return f"{one['outside_percent']:.1f} %" if "outside_percent" in one else "-"


def table(rows: list[dict]) -> None:
    """The rows, short."""
    names = {"tier": -6, "arm": -10, "seed": 4, "calls": 7, "labels": 7}
    names |= {"F meV/Å": 9, "meV": 7, "worst %": 8, "MD": 8, "outside": 10}
    print("".join(f"{name:{'<' if width < 0 else '>'}{abs(width)}}" for name, width in names.items()) + "  wall s")
    for one in rows:
        if not one["errors"]:
            print(f"{one['tier']:6}{one['arm']:10}{one['seed']:>4}  no potential")
            continue
        overall = one["errors"]["all"]
        worst = max(100 * e["force_relative"] for g, e in one["errors"].items() if g != "all")
        md = f"{one['stability']['healthy']}/{one['stability']['runs']}"
        print(
            f"{one['tier']:6}{one['arm']:10}{one['seed']:>4}{one['calls']:>7}{one['labels']:>7}"
            f"{overall['force_rmse_meV_A']:>9.1f}{overall['energy_rmse_meV_atom']:>7.2f}{worst:>8.2f}{md:>8}"
            f"{_percent(one):>10}{one['wall_s']:>8.0f}"
        )


if __name__ == "__main__":
    main()
