"""MD as a piece of work: with the reference, whose frames are labels, or with the potential, a test of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.act.allowance import in_time
from lang2mlip.act.bondcount import bonds_to_watch
from lang2mlip.act.clock import Meter
from lang2mlip.act.halfway import FILE, run_on
from lang2mlip.act.labels import metered
from lang2mlip.act.nearness import shares
from lang2mlip.act.settling import has_settled, run_until_settled
from lang2mlip.act.shaken import begun_again
from lang2mlip.catalogue import load
from lang2mlip.contracts import Cost, Json, StabilityRun
from lang2mlip.contracts.parts import Progress
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.atoms.md import Hooks, MDOutcome, MDPlan
from lang2mlip.science.sampling.distort import strained

__all__ = ["potential_walk", "reference_walk", "start_of"]


def reference_walk(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """MD with the reference. Arguments: reference, structure (file), plan, note (info for every frame), max_calls;
    molecular (bool): how far its bonds stretch is noted; longest: how many times longer it goes on while it drifts.
    """
    calculator = metered(arguments, folder)
    start = start_of(arguments)
    limits = _with_bonds(Health(bond_stretch=math.inf), start, arguments)
    plan, longest = MDPlan(**arguments["plan"]), arguments.get("longest", 1.0)
    meter = Meter()
    outcome, plan = begun_again(
        start,
        plan.seed,
        lambda atoms: run_until_settled(atoms, calculator, plan, limits, Hooks(progress=progress), longest),
        lambda found: found[0].ended == "failed" and not _sound(found[0]),
    )
    around = max(0.0, meter.spent_s() - calculator.cost.reference_s)
    frames = _sound(outcome)
    _note(frames, arguments["note"])
    write_frames(folder / "frames.extxyz", frames)
    return {
        "frames": len(frames),
        "seen": outcome.seen,
        "cost": (calculator.cost + Cost(md_s=around)).model_dump(),
        "trip": outcome.trip,
        "thermo": _thermo(outcome),
        "shares": shares(frames),
        "faults": calculator.dawdled(),
        "steps": plan.steps,
        "settled": outcome.trip is None and has_settled(outcome, plan, len(start)),
    }


def potential_walk(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Watched MD with the potential. Arguments: family, model (folder), structure, plan, health, note;
    molecular (bool): its bonds must hold. Where the budget's time cut it short, its stability is None. A long one that
    was killed goes on from its last checkpoint.
    """
    trainer = load("potential", arguments["family"])()
    calculator = trainer.calculator(Path(arguments["run"]) / arguments["model"])
    start = start_of(arguments)
    plan = MDPlan(**arguments["plan"])
    limits = _with_bonds(Health(**arguments["health"]), start, arguments)
    hooks = Hooks(progress=in_time(progress, arguments["until"]))
    outcome, spent = run_on((start, calculator, plan, limits), hooks, folder, arguments)
    _note(outcome.frames, arguments["note"])
    write_frames(folder / "frames.extxyz", outcome.frames)
    (folder / FILE).unlink(missing_ok=True)
    speed = len(start) * outcome.done / outcome.wall_s if outcome.wall_s else 0.0
    stability = StabilityRun(
        group=arguments["note"]["group"],
        structure=arguments["note"]["structure"],
        temperature_K=plan.temperature_K,
        steps=plan.steps,
        done=outcome.done,
        healthy=outcome.healthy,
        trip=outcome.trip,
        seed=plan.seed,
        atom_steps_per_s=speed,
        **(_drift(outcome, len(start)) if plan.ensemble == "nve" else {}),
    )
    return {
        "stability": None if outcome.ended == "budget" else stability.model_dump(),
        "frames": len(outcome.frames),
        "cost": Cost(md_s=spent).model_dump(),
        "thermo": _thermo(outcome),
        "seen": outcome.seen,
    }


def start_of(arguments: dict[str, Json]) -> Atoms:
    """The structure that a walk begins with: the last frame of its file, in a strained cell where that is wished."""
    start = read_frames(Path(arguments["run"]) / arguments["structure"])[-1]
    strain, seed = arguments.get("strain", 0.0), arguments.get("strain_seed", 0)
    return strained(start, strain, 2, seed)[seed % 2] if strain else start


def _with_bonds(limits: Health, start: Atoms, arguments: dict[str, Json]) -> Health:
    """The same limits, watching the bonds that a molecular start has."""
    return limits.model_copy(update={"bonds": bonds_to_watch(start)}) if arguments.get("molecular") else limits


def _sound(outcome: MDOutcome) -> list[Atoms]:
    return [frame for frame in outcome.frames if frame.info["phase_of_run"] != "bad-tail"]


def _note(frames: list[Atoms], note: dict[str, Any]) -> None:
    for frame in frames:
        frame.info |= {**note, "id": structure_id(frame)}


def _thermo(outcome: MDOutcome) -> dict[str, list[float]]:
    return {key: [float(value) for value in column] for key, column in outcome.thermo.items()}


def _drift(outcome: MDOutcome, n_atoms: int) -> dict[str, float]:
    """The drift of a walk at constant energy and its error, as a StabilityRun has them; empty for too short a walk."""
    from lang2mlip.science.evaluation.drift import drift

    if len(outcome.thermo["time_ps"]) < 3:
        return {}
    found = drift(outcome.thermo["time_ps"], outcome.thermo["conserved_eV"], n_atoms)
    return {"drift_meV_atom_ps": found.meV_atom_ps, "drift_error_meV_atom_ps": found.error_meV_atom_ps}
