"""An MD protocol with the potential as a piece of work: LAMMPS runs it, watched by the same limits as any walk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.act.allowance import time_is_over
from lang2mlip.act.bondcount import bonds_to_watch
from lang2mlip.act.clock import Meter
from lang2mlip.act.halfway import SAVE_S, digest
from lang2mlip.act.walk import start_of
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json, StabilityRun
from lang2mlip.contracts.parts import Progress
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.health import Health, Reading, Watch
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.atoms.remembered import Remembered
from lang2mlip.science.lammps.files import protocol_from_file, protocol_of
from lang2mlip.science.lammps.protocol import run_folder, write_protocol
from lang2mlip.science.lammps.script import placed, timestep_fs

__all__ = ["protocol_walk"]

CHECK_EVERY = 10
"""Steps between checks of distances and volume."""

BEFORE_FAILURE = 2
"""Kept frames before a trip that lead to it."""

FORCES = "halfway.forces"

OUT_OF_TIME = "the time that the budget allows is over"


def protocol_walk(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Follow a protocol. Arguments: family, model (folder), protocol (file, or its fields), structure (file), health,
    note, steps (of each stage at most), keep_every, until, molecular (bool): its bonds must hold.

    One that was killed is walked once more with the forces that were saved, and so soon where it was.
    """
    run, given = Path(arguments["run"]), arguments["protocol"]
    potential = load("potential", arguments["family"])().calculator(run / arguments["model"])
    calculator = Remembered(potential, folder / FORCES, digest(arguments), arguments.get("save_s", SAVE_S))
    protocol = protocol_from_file(run / given) if isinstance(given, str) else protocol_of(given, "the walk")
    start = start_of(arguments)
    keeper = _keeper(protocol, start, arguments, progress)
    write_protocol(protocol, start, folder)
    meter, fault = Meter(), None
    try:
        run_folder(folder, calculator, arguments["steps"], keeper)
    except PartFailed as error:
        fault = keeper.trip or str(error)
    keeper.mark(fault)
    for frame in keeper.frames:
        frame.info |= {**arguments["note"], "id": structure_id(frame)}
    write_frames(folder / "frames.extxyz", keeper.frames)
    calculator.forget()
    spent = meter.spent_s()
    return {
        "stability": None if fault == OUT_OF_TIME else keeper.stability(arguments["note"], protocol.seed, spent),
        "frames": len(keeper.frames),
        "cost": Cost(md_s=spent).model_dump(),
        "trip": fault,
        "seen": keeper.watch.seen,
    }


@dataclass
class _Keeper:
    """Watches every step and keeps frames; called by LAMMPS with the atoms and their results."""

    start: Atoms
    watch: Watch
    steps: int
    hottest_K: float
    keep_every: int
    progress: Progress
    until: float | None
    timestep_fs: float
    done: int = 0
    trip: str | None = None
    frames: list[Atoms] = field(default_factory=list)

    def __call__(self, atoms: Atoms, step: int) -> str | None:
        self.trip = self._trouble(atoms, step)
        if self.trip is None:
            self.done = step
            if step % self.keep_every == 0 and step > 0 and not (self.frames and self.frames[-1].info["step"] == step):
                self.frames.append(self._frame(atoms, step))
        return self.trip

    def stability(self, note: dict[str, Json], seed: int, spent_s: float) -> dict[str, Json]:
        """The walk as a stability run of the group and structure in `note`; what tripped is as `mark` was told."""
        found = StabilityRun(
            group=note["group"],
            structure=note["structure"],
            temperature_K=self.hottest_K,
            steps=self.steps,
            done=self.done,
            healthy=self.trip is None,
            trip=self.trip,
            seed=seed,
            atom_steps_per_s=len(self.start) * self.done / spent_s if spent_s else 0.0,
        )
        return found.model_dump()

    def mark(self, fault: str | None) -> None:
        """What ended the walk, if it did not end by itself; the last frames before a failure are told apart."""
        self.trip = fault
        if fault is not None and fault != OUT_OF_TIME:
            for frame in self.frames[-BEFORE_FAILURE:]:
                frame.info["phase_of_run"] = "pre-failure"

    def _trouble(self, atoms: Atoms, step: int) -> str | None:
        energy, kelvin = float(atoms.get_potential_energy()), float(atoms.get_temperature())
        reading = Reading(step, energy, atoms.get_forces(), kelvin, self.hottest_K, max(1, 3 * len(atoms) - 3))
        trip = self.watch.reading(reading)
        if trip is not None or step % CHECK_EVERY:
            return trip
        self.progress(step / max(1, self.steps), f"step {step}, {kelvin:.0f} K")
        return self.watch.geometry(atoms) or (OUT_OF_TIME if time_is_over(self.until) else None)

    def _frame(self, atoms: Atoms, step: int) -> Atoms:
        frame: Atoms = Atoms(atoms.numbers, atoms.positions.copy(), cell=atoms.cell.array.copy(), pbc=atoms.pbc.copy())
        found = {"energy": float(atoms.get_potential_energy()), "forces": atoms.get_forces().copy()}
        if atoms.pbc.all():
            found["stress"] = atoms.get_stress().copy()
        frame.calc = SinglePointCalculator(frame, **found)
        when = {"step": step, "time_fs": step * self.timestep_fs, "temperature_K": float(atoms.get_temperature())}
        frame.info |= when | {"phase_of_run": "stable"}
        return frame


def _keeper(protocol: Protocol, start: Atoms, arguments: dict[str, Json], progress: Progress) -> _Keeper:
    """The watch over what the protocol does to this structure, and how long it will be."""
    system, step = placed(protocol, start), timestep_fs(protocol, start)
    limits = Health(**arguments["health"])
    if arguments.get("molecular"):
        limits = limits.model_copy(update={"bonds": bonds_to_watch(system)})
    if protocol.kind in ("melt_quench", "deform", "metadynamics"):
        limits = limits.model_copy(update={"bond_stretch": math.inf})  # what these do to bonds is their purpose
    stages = protocol.stages()
    steps = sum(max(1, min(arguments["steps"], round(stage.ps * 1000 / step))) for stage in stages)
    return _Keeper(
        start=system,
        watch=Watch(limits, system),
        steps=steps,
        hottest_K=max(max(stage.temperature_K) for stage in stages),
        keep_every=arguments["keep_every"],
        progress=progress,
        until=arguments["until"],
        timestep_fs=step,
    )
