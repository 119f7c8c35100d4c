"""What is true of a system: a pool and a test set from a generator of their own, and the floor that a fit can reach."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.contracts import ReferenceSpec
from lang2mlip.errors import LabelFailed
from lang2mlip.labs.develop.fits import standard_fit
from lang2mlip.labs.develop.systems import Group, System, truth_plan
from lang2mlip.prepare.build import build
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.reference.spec import open_reference

__all__ = ["TARGET", "Known", "truth_of"]

TARGET = 1.3
"""The error to reach, over that of a fit to the whole pool."""

HOT = 1.1
"""The hottest trajectories are this much above the highest temperature of use."""

SEED = 20_261_121


class Known:
    """The truth of one system as it lies in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))

    @property
    def floor(self) -> dict[str, float]:
        """Errors of the standard fit to the full pool."""
        return {key: float(self.facts["floor"][key]) for key in ("force_meV_A", "worst_relative", "energy_meV_atom")}

    @property
    def target(self) -> float:
        """Force RMSE to reach, meV/Å."""
        return TARGET * self.floor["force_meV_A"]

    def test(self) -> list[Atoms]:
        """The test set."""
        return read_frames(self.folder / "test.extxyz")

    def starts(self) -> list[Atoms]:
        """Starts of the survival walks: the first frame of each test trajectory."""
        first: dict[str, Atoms] = {}
        for atoms in self.test():
            first.setdefault(str(atoms.info["trajectory"]), atoms)
        return list(first.values())


def truth_of(one: System, work: Path) -> Known:
    """The truth, made now or read back. Raises LabelFailed when a group gives no frame."""
    folder = work / "truth" / f"{one.name}-{one.key()}"
    if not (folder / "truth.json").exists():
        _make(one, folder, work)
    return Known(folder)


def _make(one: System, folder: Path, work: Path) -> None:
    begun = time.process_time()
    calculator: Any = open_reference(ReferenceSpec(**one.task["reference"])).calculator()
    records, _ = build(truth_plan(one), folder, calculator, processes=1)
    pool: list[Atoms] = []
    test: list[Atoms] = []
    for name, group in one.groups.items():
        files = [folder / record.file for record in records if record.request.group == name]
        starts = [read_frames(file)[-1] for file in files]
        for number, plan, strain in _walks(one, name, group):
            frames = _walk(one, starts[number % len(starts)], calculator, plan, strain)
            for frame in frames:
                frame.info |= {"group": name, "trajectory": f"{name}-{number}", "source": "truth"}
            (test if number % 4 == 3 else pool).extend(frames)
        if not any(frame.info["group"] == name for frame in test):
            raise LabelFailed(f"The truth of {one.name} has no test frame in the group {name}.")
    write_frames(folder / "pool.extxyz", pool)
    write_frames(folder / "test.extxyz", test)
    spent = time.process_time() - begun
    floor = standard_fit(one, pool, test, work)
    facts = {
        "system": one.name,
        "key": one.key(),
        "half": one.half,
        "family": one.task.get("family", "mtp"),
        "fit": one.fit,
        "pool": _counts(pool),
        "test": _counts(test),
        "atoms": sorted({len(atoms) for atoms in pool}),
        "reference_core_s": round(spent, 1),
        "floor": floor.row(),
        "target_force_meV_A": round(TARGET * floor.force_meV_A, 2),
        "rms_force_meV_A": floor.row()["rms_force_meV_A"],
    }
    write_json(folder / "truth.json", facts)


def _counts(frames: list[Atoms]) -> dict[str, int]:
    names = [str(atoms.info["group"]) for atoms in frames]
    return {name: names.count(name) for name in sorted(set(names))}


def _walks(one: System, name: str, group: Group) -> Iterator[tuple[int, MDPlan, float]]:
    """(number, plan, strain) of each trajectory: temperatures over the range of use, some under pressure or strain."""
    low, high = (float(value) for value in one.task["temperature_K"])
    low = max(low, 0.5 * (low + high)) if group.hot else low
    rng = np.random.default_rng([SEED, *name.encode()])
    count = one.truth.walks
    for number in range(count):
        share = (number // 4 + (number % 4 + rng.uniform(0, 1)) / 4) / max(1, count // 4)
        kelvin = low + (HOT * high - low) * min(1.0, share)
        free = group.pressure and number % 3 == 1
        every = max(1, one.truth.steps // one.truth.frames)
        plan = MDPlan(
            ensemble="npt" if free else "nvt",
            temperature_K=round(kelvin, 1),
            timestep_fs=0.5 if "H" in one.task["elements"] else 2.0,
            friction_per_ps=20.0,
            steps=one.truth.steps + one.truth.steps // 4,
            keep_every=every,
            seed=int(rng.integers(2**31)),
        )
        yield number, plan, one.truth.strain if group.pressure and number % 3 == 2 else 0.0


def _walk(one: System, start: Atoms, calculator: Any, plan: MDPlan, strain: float) -> list[Atoms]:
    """The labelled frames of one trajectory from a start that may be strained, the first quarter left out."""
    atoms = start.copy()
    if strain:
        bend = np.random.default_rng(plan.seed).uniform(-strain, strain, (3, 3)) * (0.5 + 0.5 * np.eye(3))
        atoms.set_cell(atoms.cell @ (np.eye(3) + 0.5 * (bend + bend.T)), scale_atoms=True)
    outcome = run(atoms, calculator, plan, Health(bond_stretch=100.0))
    frames = [frame for frame in outcome.stable_frames if frame.info["step"] > one.truth.steps // 4]
    for frame in frames:
        frame.info["id"] = structure_id(frame)
    return frames[: one.truth.frames]
