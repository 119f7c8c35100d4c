"""What the scorecard asks of a model, measured from the saved model alone: errors, stability, smoothness, speed."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import LabelFailed, PartFailed
from lang2mlip.labs.research.walks import Walk, walk_of
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.evaluation.dimer_curve import DimerCurve
from lang2mlip.science.evaluation.drift import drift
from lang2mlip.science.evaluation.errors import compare
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = [
    "Trials", "curve", "curve_error", "frame_sums", "hot_walks", "memory_MB", "quiet_walk", "roughness", "speed",
    "unstable_share",
]  # fmt: skip

UNKNOWN = float("nan")
BROKEN = (PartFailed, LabelFailed, ValueError, FloatingPointError, ZeroDivisionError)
"""What a model may raise where it cannot be used."""


class Trials(Noun):
    """How hard a model is tried; frozen with the arena."""

    temperature_K: float = Field(description="of the stability runs, above that of the use, K")
    steps: int = Field(default=1200, description="of each stability run")
    timestep_fs: float = Field(default=2.0, description="of all MD, fs")
    seeds: int = Field(default=3, description="stability runs of each start")
    drift_steps: int = Field(default=800, description="of the NVE run")
    drift_temperature_K: float = Field(default=300.0, description="of the NVE run, K")
    block_s: float = Field(default=0.4, gt=0, description="CPU time of a block when the speed is measured, s")


def frame_sums(frames: Sequence[Atoms], calculator: Any) -> dict[str, list[float]]:
    """Each frame's own errors, see card.from_frames. Raises PartFailed for a model that cannot be run."""
    found = compare(list(frames), calculator)
    pairs = list(zip(found.known, found.predicted, strict=True))
    misses = [guess.forces - true.forces for true, guess in pairs]
    strains = [_stress_miss(true.stress, guess.stress) for true, guess in pairs]
    return {
        "stress_squares": [float((miss**2).sum()) for miss in strains],
        "stress_components": [float(miss.size) for miss in strains],
        "squares": [float((miss**2).sum()) for miss in misses],
        "components": [float(miss.size) for miss in misses],
        "energy": found.energy_errors_eV_atom().tolist(),
        "worst": [float(np.linalg.norm(miss, axis=1).max()) for miss in misses],
    }


def _stress_miss(true: Any, guess: Any) -> Any:
    """Error of the stress, GPa; nothing where one of the two has none."""
    return np.zeros(0) if true is None or guess is None else EV_PER_A3_IN_GPA * (guess - true)


def curve(frames: Sequence[Atoms], calculator: Any) -> dict[str, list[float]]:
    """Volume (Å³/atom), and the energy (meV/atom above the lowest of the reference) by the reference and the model.

    The model's are moved by the mean difference: only the shape of a curve counts.
    """
    found = compare(list(frames), calculator)
    true = np.array([field.energy / len(one) for one, field in zip(frames, found.known, strict=True)])
    errors = found.energy_errors_eV_atom()
    shown = {"volume_A3_atom": [one.get_volume() / len(one) if one.cell.rank == 3 else 0.0 for one in frames],
             "reference_meV_atom": 1e3 * (true - true.min()),
             "model_meV_atom": 1e3 * (true - true.min() + errors - errors.mean())}  # fmt: skip
    return {name: [float(f"{value:.5g}") for value in values] for name, values in shown.items()}


def curve_error(shown: Mapping[str, Sequence[float]]) -> float:
    """Rms error of energies along a curve, its mean taken away, meV/atom."""
    return float(np.std(np.subtract(shown["model_meV_atom"], shown["reference_meV_atom"])))


def hot_walks(starts: Sequence[Atoms], calculator: Any, trials: Trials) -> list[Walk]:
    """Hot NVT runs of every start, each from several seeds."""
    made = []
    for number, start in enumerate(starts):
        for seed in range(trials.seeds):
            plan = MDPlan(temperature_K=trials.temperature_K, steps=trials.steps, timestep_fs=trials.timestep_fs,
                          seed=seed, keep_every=trials.steps)  # fmt: skip
            made.append(walk_of(f"hot-{number}-{seed}", start, plan, run(start, calculator, plan, Health())))
    return made


def unstable_share(walks: Sequence[Walk]) -> float:
    """Share of the runs that ended before their time."""
    return float(np.mean([not walk.whole for walk in walks]))


def quiet_walk(start: Atoms, calculator: Any, trials: Trials) -> tuple[Walk, float]:
    """An NVE run, and the size of its drift, meV/atom/ps; not a number where it ended early."""
    plan = MDPlan(ensemble="nve", temperature_K=2 * trials.drift_temperature_K, steps=trials.drift_steps, seed=1,
                  timestep_fs=trials.timestep_fs / 2, keep_every=trials.drift_steps)  # fmt: skip
    outcome = run(start, calculator, plan)
    walk = walk_of("nve", start, plan, outcome)
    try:
        if outcome.healthy:
            found = drift(outcome.thermo["time_ps"], outcome.thermo["conserved_eV"], len(start))
            return walk, abs(found.meV_atom_ps)
    except BROKEN:
        pass
    return walk, UNKNOWN


def roughness(start: Atoms, calculator: Any, lines: int = 4, points: int = 9, step_A: float = 5e-4) -> float:
    """Largest difference of the force from minus the slope of the energy along lines of one atom, meV/Å."""
    rng, worst = np.random.default_rng(7), 0.0
    for _ in range(lines):
        atom, along = int(rng.integers(len(start))), rng.normal(size=3)
        along /= np.linalg.norm(along)
        for far in np.linspace(-0.3, 0.3, points):
            ahead, behind = (_energy(start, atom, along * (far + side * step_A), calculator)[0] for side in (1, -1))
            force = _energy(start, atom, along * far, calculator)[1][atom] @ along
            worst = max(worst, abs(float(force) + (ahead - behind) / (2 * step_A)))
    return 1e3 * worst


def _energy(start: Atoms, atom: int, shift: Any, calculator: Any) -> tuple[float, Any]:
    moved = start.copy()
    moved.positions[atom] += shift
    found = single_point(moved, calculator)
    return found.energy, found.forces


def dimer_faults(atoms: Atoms, calculator: Any) -> float:
    """Points at which two atoms attract each other where they must repel."""
    found = DimerCurve(points=25).measure("", atoms, calculator, None).properties
    return float(sum(one.value or 0 for one in found if one.name == "dimer_attraction_when_near"))


def speed(start: Atoms, calculator: Any, block_s: float, blocks: int = 3) -> float:
    """Atoms whose forces are found in the CPU time of one pass of the yardstick, which is measured in between.

    Blocks are long because some systems count CPU time in steps of 10 ms.
    """
    rng, moved = np.random.default_rng(3), start.copy()
    single_point(moved, calculator)

    def one() -> None:
        moved.positions += rng.normal(0.0, 0.002, moved.positions.shape)
        single_point(moved, calculator)

    ratios = []
    for _ in range(blocks):
        yard, own = _each_s(_yardstick, block_s), _each_s(one, block_s)
        ratios.append(len(moved) * yard / own)
    return float(np.median(ratios))


def _each_s(work: Callable[[], None], block_s: float) -> float:
    """CPU seconds that one call takes, over a block of calls."""
    began, calls = time.process_time(), 0
    while time.process_time() - began < block_s:
        work()
        calls += 1
    return (time.process_time() - began) / calls


def _yardstick() -> None:
    """A million pair terms in numpy, about 15 ms: what makes figures of two machines comparable."""
    away = np.linspace(1.0, 3.0, 1000)
    float(np.exp(-np.sqrt(away[:, None] * away[None, :])).sum())


def memory_MB() -> float:
    """The most memory that this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
