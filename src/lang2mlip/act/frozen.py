"""The frozen test set: made once, by a generator of its own, from structures that no decision ever sees.

Its structures (role `test`) differ from all others in size and seed; its conditions are drawn at random over the range
of use; its strains are general, not those of `explore`. Its calls are charged apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk, Piece, run_pieces
from lang2mlip.act.clock import Meter
from lang2mlip.act.conditions import DISORDERED, timestep_fs
from lang2mlip.act.gathering import cost_of, faults_of, frames_of, per_group, unique
from lang2mlip.act.labels import metered
from lang2mlip.act.shaken import begun_again
from lang2mlip.contracts import Cost, Json, StructureRecord
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import LabelFailed
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.atoms.md import MDOutcome, MDPlan, run

__all__ = ["freeze", "snapshots"]

WALKS = 4
"""Walks per test structure, each at its own temperature and strain."""

STEPS = 120
"""Of each walk, where the call budget is AMPLE or has no limit; fewer in proportion, but FEWEST."""

AMPLE = 2000
FEWEST = 40
FRAMES = 3
"""Frames kept of each walk, from its last two thirds."""

STRAIN = 0.06


def freeze(desk: Desk) -> tuple[list[Atoms], Cost, tuple[str, ...]]:
    """The frozen test frames (made now, or read back), what they cost, and faults on the way."""
    done = run_pieces(desk, _pieces(desk), "frozen test set")
    frames = unique(frames_of(done))
    for group, members in per_group(frames).items():
        file = desk.run / "test" / f"{group}.extxyz"
        if not file.exists():
            write_frames(file, members)
    return frames, cost_of(done).model_copy(update={"labels": len(frames)}), faults_of(done)


def _pieces(desk: Desk) -> Sequence[Piece]:
    return [
        Piece(
            f"test-{record.request.name}-{number}",
            "lang2mlip.act.frozen:snapshots",
            _arguments(desk, record, number),
        )
        for record in desk.view.structures("test")
        for number in range(WALKS)
    ]


def _steps(desk: Desk) -> int:
    """Length of a walk: it depends on the task alone. FEWEST is too many where they would cost more than the run."""
    calls = desk.task.budget.max_calls or AMPLE
    each = calls // (WALKS * len(desk.view.structures("test")))
    return max(min(FEWEST, each), min(STEPS, STEPS * calls // AMPLE), FRAMES + 1)


def _arguments(desk: Desk, record: StructureRecord, number: int) -> dict[str, Json]:
    """Conditions drawn from the task's seed and the structure alone, so that every decider meets the same test set."""
    rng = np.random.default_rng([desk.task.seed, number, *record.request.name.encode()])
    low, high = desk.task.temperature_K
    hot = record.request.builder in DISORDERED
    kelvin = float(rng.uniform(high if hot else low, 1.05 * high if hot else high))
    strain = rng.uniform(-STRAIN, STRAIN, (3, 3)) * (0.5 + 0.5 * np.eye(3)) if number % 2 else np.zeros((3, 3))
    return {
        "reference": desk.task.reference.model_dump(mode="json"),
        "structure": record.file,
        "strain": (0.5 * (strain + strain.T)).tolist() if record.request.builder == "bulk" else None,
        "plan": {
            "ensemble": "nvt",
            "temperature_K": kelvin,
            "timestep_fs": timestep_fs(desk.task.elements),
            "friction_per_ps": 20.0,
            "steps": _steps(desk),
            "keep_every": _steps(desk) // (FRAMES + 1),
            "seed": int(rng.integers(2**31)),
        },
        "note": {"group": record.request.group, "structure": record.request.name, "source": "test"},
    }


def snapshots(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Labelled frames of one walk of the reference from a strained start."""
    atoms = read_frames(Path(arguments["run"]) / arguments["structure"])[-1]
    if arguments["strain"] is not None:
        atoms.set_cell(atoms.cell @ (np.eye(3) + np.array(arguments["strain"])), scale_atoms=True)
    calculator = metered({**arguments, "until": None}, folder)
    meter = Meter()
    plan = MDPlan(**arguments["plan"])
    outcome = begun_again(
        atoms,
        plan.seed,
        lambda start: run(start, calculator, plan, Health()),
        lambda one: one.ended == "failed" and not _last(one),
    )
    around = max(0.0, meter.spent_s() - calculator.cost.reference_s)
    frames = _last(outcome)
    for frame in frames:
        frame.info |= {**arguments["note"], "id": structure_id(frame)}
    if not frames:
        why = (outcome.trip or "").rstrip(".")
        raise LabelFailed(f"The reference gave no test frame for {arguments['structure']}: {why}.")
    write_frames(folder / "frames.extxyz", frames)
    return {"frames": len(frames), "trip": outcome.trip, "cost": (calculator.cost + Cost(md_s=around)).model_dump()}


def _last(outcome: MDOutcome) -> list[Atoms]:
    return [frame for frame in outcome.stable_frames if frame.info["step"] > 0][-FRAMES:]
