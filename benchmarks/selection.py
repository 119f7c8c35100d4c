"""How selection and decisions scale: frames against seconds and memory.

    .venv/bin/python benchmarks/selection.py --quick            pools of 1,000 and 3,000 frames (about 2 minutes)
    .venv/bin/python benchmarks/selection.py                    to 100,000 frames (resumable by size; about 20 minutes)
    .venv/bin/python benchmarks/selection.py --states           decisions on states of up to 1,000,000 frames only

selection: the real `select` action picks 40 of N frames of a 200-atom copper cell. The frames are copies of EMT MD at
300 to 1200 K, each atom displaced by another 0.05 Å, so that no two are alike; the potential is a level-8 MTP fitted to
some of the MD; two groups. Seconds are those of choosing alone (grading, describing, farthest points), before any
label, on a machine that others may use too (`core_s` is the workers' CPU time); memory is the largest resident set of
any process of ours, and of all of them added up. `extrapolated` is not measured.

decision: a log of data sets of 400 frames, each from a sample and a selection, with a fit and an evaluation after every
tenth, in ten groups. `fold_s` rebuilds the state from all events (`fold_core_s`: its CPU time), which opening a run
does once; `step_s` folds one more event; `decide_s` is the rules' next decision.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from ase import Atoms
from ase.build import bulk

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

import tiny  # noqa: E402 - the tests' tiny job
from lang2mlip.act.base import Desk  # noqa: E402
from lang2mlip.act.select import SelectAction  # noqa: E402
from lang2mlip.compute.local import Workers  # noqa: E402
from lang2mlip.contracts import (  # noqa: E402
    Cost,
    DataSet,
    Decision,
    Errors,
    Evaluation,
    Model,
    PoolSet,
    ReferenceSpec,
    Result,
    Sample,
    Select,
    StabilityRun,
    StructureRecord,
    StructureRequest,
)  # fmt: skip
from lang2mlip.contracts.parts import FitRequest  # noqa: E402
from lang2mlip.decide.rules import Rules  # noqa: E402
from lang2mlip.record.events import Created, Decided, Event, Finished, Prepared  # noqa: E402
from lang2mlip.record.run import Run  # noqa: E402
from lang2mlip.record.state import fold, step  # noqa: E402
from lang2mlip.record.view import View  # noqa: E402
from lang2mlip.science.atoms.frames import labelled, write_frames  # noqa: E402
from lang2mlip.science.atoms.identity import structure_id  # noqa: E402
from lang2mlip.science.atoms.md import MDPlan, run  # noqa: E402
from lang2mlip.science.reference.spec import open_reference  # noqa: E402
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer  # noqa: E402

TABLE = HERE / "selection.json"
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
STATES = (1_000, 10_000, 100_000, 300_000, 1_000_000)
PER_SET = 400
GROUPS = tuple(f"group-{number}" for number in range(10))


def main() -> None:
    """Fill in the rows that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the two smallest pools")
    parser.add_argument("--states", action="store_true", help="decisions only")
    asked = parser.parse_args()
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    table = {"command": "python benchmarks/selection.py", "cores": len(os.sched_getaffinity(0))} | table
    table["decision"] = [decision(size) for size in STATES]
    _save(table)
    rows = table.setdefault("selection", [])
    for size in () if asked.states else SIZES[:2] if asked.quick else SIZES:
        if size not in [row["frames"] for row in rows]:
            rows.append(selection(size))
            _save(table)


def _save(table: dict) -> None:
    table.pop("extrapolated", None)
    largest = max(table.get("selection", []), key=lambda row: row["frames"], default=None)
    if largest is not None and largest["frames"] < SIZES[-1]:
        factor = SIZES[-1] / largest["frames"]
        seconds = {"wall_s": factor * largest["wall_s"], "core_s": factor * largest["core_s"]}
        table["extrapolated"] = {"frames": SIZES[-1], "from": largest["frames"], "measured": False, **seconds}
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    print(json.dumps(table["decision"][-1] if not table.get("selection") else table["selection"][-1]), flush=True)


# ---------------------------------------------------------------------------------------------------- selection


def selection(size: int) -> dict:
    """Choose 40 of so many frames."""
    with tempfile.TemporaryDirectory() as place:
        job = tiny.new_run(Path(place), elements=["Cu"], reference={"name": "emt"}, budget={"max_labels": None})
        trajectory = _trajectory()
        desk = _desk(job, trajectory, size)
        memory = Memory()
        begun = time.perf_counter()
        picked = SelectAction()._picked(desk, Select(count=40), [{"file": "pool.extxyz", "groups": ["hot", "warm"]}])
        seconds = time.perf_counter() - begun
        desk.workers.close()
        cost = json.loads((desk.job / "choice.json").read_text())["cost"]["md_s"]
        row = {
            "frames": size,
            "atoms": 200,
            "wall_s": round(seconds, 1),
            "core_s": round(cost, 1),
            "picked": len(picked),
            "pool_MB": round((job.folder / "pool.extxyz").stat().st_size / 1e6),
            **memory.stop(),
        }
        print(row, flush=True)
        return row


def _trajectory() -> list[Atoms]:
    """Labelled frames of EMT's own MD, hotter and hotter."""
    frames: list[Atoms] = []
    for seed, temperature in enumerate((300.0, 600.0, 900.0, 1200.0)):
        atoms = bulk("Cu", cubic=True) * (5, 5, 2)
        plan = MDPlan(ensemble="nvt", temperature_K=temperature, timestep_fs=4.0, steps=250, keep_every=10, seed=seed)
        outcome = run(atoms, open_reference(ReferenceSpec(name="emt")).calculator(), plan)
        for frame in outcome.frames:
            frame.info = {"group": "hot" if temperature > 700 else "warm", "id": structure_id(frame)}
        frames += outcome.frames
    return frames


def _desk(job: Run, trajectory: list[Atoms], size: int) -> Desk:
    training = [labelled(a, **a.calc.results) for a in trajectory[::5]]
    write_frames(job.folder / "data" / "first.extxyz", training)
    settings = {"level": 8, "cutoff_A": 5.0, "radial_size": 8, "max_iterations": 3}
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings=settings)
    MTPTrainer().fit(training, request, job.folder / "models" / "m1", lambda *_: None)
    model = Model(id="m1", family="mtp", folder="models/m1", n_frames=len(training), datasets=("first",),
                  train_errors={"all": _errors(30.0)})  # fmt: skip
    data = DataSet(id="first", file="data/first.extxyz", source="md", groups={"hot": 0, "warm": 0})
    write_frames(job.folder / "pool.extxyz", _pool(trajectory, size))
    pool = PoolSet(id="pool", file="pool.extxyz", model="m1", groups={"hot": size, "warm": size})
    for result in (
        Result(action="explore", status="done", summary="", data=(data,)),
        Result(action="train", status="done", summary="", model=model),
        Result(action="sample", status="done", summary="", pool=(pool,)),
    ):
        job.record(Finished(step=job.state.step + 1, result=result))
    folder = job.folder / "jobs" / "0004-select"
    folder.mkdir(parents=True)
    workers = Workers([sys.executable, "-m", "lang2mlip.act", "serve"], count=2)
    return Desk(job.view(), folder, workers, lambda *_: None)


def _pool(trajectory: list[Atoms], size: int) -> Iterator[Atoms]:
    dice = np.random.default_rng(1)
    for number in range(size):
        atoms = trajectory[number % len(trajectory)].copy()
        atoms.positions += dice.normal(0.0, 0.05, atoms.positions.shape)
        atoms.info |= {"id": f"{number:016x}", "phase_of_run": "stable"}
        yield atoms


class Memory:
    """Largest resident sets of this process and its children, looked at twice a second."""

    def __init__(self) -> None:
        self.single = self.together = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """GB of the largest, and of all together."""
        self._over.set()
        self._thread.join()
        return {"largest_process_GB": round(self.single / 1e9, 2), "all_processes_GB": round(self.together / 1e9, 2)}

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            sizes = [_resident(pid) for pid in (os.getpid(), *tiny.descendants(os.getpid()))]
            self.single, self.together = max(self.single, *sizes), max(self.together, sum(sizes))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


# ---------------------------------------------------------------------------------------------------- decisions


def decision(size: int) -> dict:
    """Fold a log with so many labelled frames, fold one event more, and decide."""
    events = list(_log(size))
    begun, used = time.perf_counter(), time.process_time()
    state = fold(events)
    folded, used = time.perf_counter(), time.process_time() - used
    state = step(state, Finished(step=state.step + 1, result=_sampled(state.step + 1)))
    stepped = time.perf_counter()
    view = View(HERE, state, tuple(events))
    chosen = Rules().decide(state, view)
    decided = time.perf_counter()
    return {
        "frames": size,
        "data_sets": len(state.data),
        "events": len(events),
        "fold_s": round(folded - begun, 4),
        "fold_core_s": round(used, 4),
        "step_s": round(stepped - folded, 4),
        "decide_s": round(decided - stepped, 4),
        "decision": chosen.action,
    }


def _log(size: int) -> Iterator[Event]:
    yield Created(task=tiny.task(budget={"max_calls": None, "max_labels": None}))
    yield Prepared(structures=tuple(_structure(group, role) for group in GROUPS for role in ("train", "validation")))
    ranges = {group: {"force": (0.0, 3.0)} for group in GROUPS}
    yield Finished(step=1, result=Result(action="reference", status="done", summary="", ranges=ranges))
    number = 1
    for index in range(max(1, size // PER_SET)):
        results = [_sampled(number + 1), _selected(number + 2, min(PER_SET, size))]
        results += [_fitted(number + 3, index + 1), _evaluated(number + 4)] if index % 10 == 9 else []
        for result in results:
            number += 1
            parameters = Sample() if result.action == "sample" else Select()
            decision_made = Decision(parameters=parameters, reason="r", expectation="e", decider="d")
            yield Decided(step=number, decision=decision_made)
            yield Finished(step=number, result=result)


def _structure(group: str, role: Literal["train", "validation"]) -> StructureRecord:
    name = f"{group}-{role}"
    request = StructureRequest(name=name, builder="bulk", group=group, role=role)
    return StructureRecord(id=name, request=request, formula="Ar", n_atoms=8, periodic=True, file="f", line="")


def _sampled(number: int) -> Result:
    runs = [
        StabilityRun(group=group, structure=f"{group}-1", temperature_K=300.0, steps=2000, done=2000, healthy=True)
        for group in GROUPS
    ]
    pool = PoolSet(id=f"p{number}", file="f", model="m", groups=dict.fromkeys(GROUPS, 400))
    return Result(action="sample", status="done", summary="", pool=(pool,), stability=tuple(runs), cost=Cost(md_s=1.0))


def _selected(number: int, frames: int) -> Result:
    each = dict.fromkeys(GROUPS, frames // len(GROUPS))
    data = DataSet(id=f"d{number}", file="f", source="select", groups=each,
                   fresh_errors=dict.fromkeys(GROUPS, _errors(50.0)))  # fmt: skip
    return Result(action="select", status="done", summary="", data=(data,), drawn=(f"p{number - 1}",),
                  cost=Cost(calls=frames, labels=frames))  # fmt: skip


def _fitted(number: int, sets: int) -> Result:
    datasets = tuple(f"d{n}" for n in range(sets))
    errors = dict.fromkeys(GROUPS, _errors(40.0))
    model = Model(id=f"m{number}", family="mtp", folder="m", n_frames=sets * PER_SET, datasets=datasets,
                  train_errors=errors)  # fmt: skip
    return Result(action="train", status="done", summary="", model=model)


def _evaluated(number: int) -> Result:
    errors = dict.fromkeys((*GROUPS, "all"), _errors(45.0))
    evaluation = Evaluation(model=f"m{number - 1}", depth="errors", on="validation", errors=errors)
    return Result(action="evaluate", status="done", summary="", evaluation=evaluation)


def _errors(force: float) -> Errors:
    return Errors(n_frames=1, n_atoms=1, energy_rmse_meV_atom=1.0, energy_mae_meV_atom=1.0, force_rmse_meV_A=force,
                  force_mae_meV_A=force, force_rms_meV_A=1000.0)  # fmt: skip


if __name__ == "__main__":
    main()
