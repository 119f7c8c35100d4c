"""How well and how fast the moment tensor potential fits, beside motep on the same data in the same run.

    python benchmarks/mtp_fit.py [--frames 300] [--full] [--out benchmarks/mtp_fit.json]

Data: `mtp_data.mixed_set`, copper with EMT; test frames come from other seeds and trajectories. The peer is motep: its
default loss and compiled engine, our moment tables, radial size 8, random radial functions but for a pair potential
that it fits first, then its linear least squares and, with --full, its BFGS. Errors are root mean squares. MD speed:
velocity Verlet of 500 atoms through ASE, one process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet
from motep.calculator import MTP
from motep.io.mlip.mtp import read_mtp, write_mtp
from motep.train.trainer import Trainer
from mtp_data import GROUPS, mixed_set

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.potential import Potential, write_potential
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer
from lang2mlip.science.trainers.mtp.warm import warm_up
from lang2mlip.units import EV_PER_A3_IN_GPA

Fitter = Callable[[list[Atoms], Path], Callable[[], Calculator]]


def ours(**settings: object) -> Fitter:
    """Our trainer with these settings; `effort` is one of them."""
    effort = str(settings.pop("effort", "quick"))

    def fit(frames: list[Atoms], folder: Path) -> Callable[[], Calculator]:
        request = FitRequest(elements=("Cu",), effort=effort, seed=0, settings=settings)
        MTPTrainer().fit(frames, request, folder, lambda share, words: None)
        return lambda: MTPTrainer().calculator(folder)

    return fit


def motep(level: int, iterations: int) -> Fitter:
    """motep as its users run it: level-2 start, linear least squares, then `iterations` of BFGS; radial size 8."""

    def fit(frames: list[Atoms], folder: Path) -> Callable[[], Calculator]:
        rng, basis = np.random.default_rng(0), moment_basis(level)
        radial = rng.uniform(-0.1, 0.1, (1, 1, basis.n_radial, 8))
        empty = Potential(basis, 1.8, 5.2, radial, rng.uniform(-5, 5, len(basis.mapping)), np.zeros(1))
        write_potential(empty, folder / "start.mtp", "start")
        data = read_mtp(folder / "start.mtp")
        data.species = [29]
        images = [_relabelled(atoms) for atoms in frames]
        steps: list[dict[str, object]] = [{"method": "Level2MTP"}, {"method": "LLS"}]
        if iterations:
            options = {"method": "BFGS", "options": {"maxiter": iterations}}
            steps += [{"method": "minimize", "kwargs": options}]
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):  # it writes and prints as it goes
            Trainer(data, seed=1, steps=steps).train(images)
        write_mtp(folder / "potential.mtp", data, legacy=True)
        return lambda: MTP(data)

    return fit


def _relabelled(atoms: Atoms) -> Atoms:
    """A copy with labels of its own: motep replaces the calculator of its images."""
    copy = atoms.copy()
    copy.calc = SinglePointCalculator(copy, **atoms.calc.results)
    return copy


def errors(make: Callable[[], Calculator], frames: list[Atoms]) -> dict[str, dict[str, float]]:
    """Root mean square errors of each group and of all, and the rms force."""
    found: dict[str, dict[str, float]] = {}
    for group in ("all", *GROUPS):
        rows = [_deviation(make(), atoms) for atoms in frames if group in ("all", atoms.info["group"])]
        energy, forces, stress, size = (np.concatenate([row[k] for row in rows]) for k in range(4))
        found[group] = {
            "E_meV_atom": 1e3 * _rms(energy),
            "F_meV_A": 1e3 * _rms(forces),
            "S_GPa": _rms(stress) * EV_PER_A3_IN_GPA,
            "rms_F_meV_A": 1e3 * _rms(size),
        }
    return found


def _deviation(calculator: Calculator, atoms: Atoms) -> tuple[np.ndarray, ...]:
    copy = atoms.copy()
    copy.calc = calculator
    energy = (copy.get_potential_energy() - atoms.get_potential_energy()) / len(atoms)
    forces = (copy.get_forces() - atoms.get_forces()).ravel()
    return np.array([energy]), forces, copy.get_stress() - atoms.get_stress(), atoms.get_forces().ravel()


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def md_speed(calculator: Calculator) -> float:
    """Atom-steps per second of forces for 500 atoms that move as in MD at 600 K; the best of three rounds.

    In CPU seconds of this one process, so that other work on the machine does not count.
    """
    atoms = bulk("Cu", cubic=True) * (5, 5, 5)
    atoms.calc = calculator
    MaxwellBoltzmannDistribution(atoms, temperature_K=1200, rng=np.random.default_rng(0))
    dynamics = VelocityVerlet(atoms, 2 * units.fs)
    dynamics.run(20)
    rounds = []
    for _ in range(3):
        start = time.process_time()
        dynamics.run(60)
        rounds.append(time.process_time() - start)
    return 60 * len(atoms) / min(rounds)


def measure(name: str, fitter: Fitter, data: tuple[list[Atoms], list[Atoms]]) -> dict[str, object]:
    """Fit, time, score; prints a row."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        make = fitter(data[0], Path(folder))
        seconds = time.perf_counter() - start
        scores = errors(make, data[1])
        speed = md_speed(make())
        extras = Path(folder) / "extras.json"
        chosen = json.loads(extras.read_text())["settings"] if extras.exists() else {}
    force = "".join(f"{scores[group]['F_meV_A']:9.1f}" for group in ("all", *GROUPS))
    print(
        f"{name:30s}{seconds:8.1f}{force}{scores['all']['E_meV_atom']:8.2f}{scores['all']['S_GPa']:8.3f}{speed:10.0f}"
    )
    return {"name": name, "fit_s": seconds, "test": scores, "atom_steps_per_s": speed, "settings": chosen}


def main() -> None:
    """Print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300, help="training frames")
    parser.add_argument("--full", action="store_true", help="also larger levels, less data, and motep with BFGS")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("mtp_fit.json"))
    arguments = parser.parse_args()
    train, test = mixed_set(arguments.frames, 1), mixed_set(arguments.frames // 2, 1_000_001, per_trajectory=4)
    warm_up()
    load = os.getloadavg()[0]
    print(f"{len(train)} training frames, {sum(map(len, train))} atoms; {len(test)} test frames; load {load:.1f}")
    print(
        f"{'':30s}{'fit s':>8s}" + "".join(f"{'F ' + g:>9s}" for g in ("all", *GROUPS)) + "       E   S GPa   MD at/s"
    )
    rows = [measure(name, fitter, (train, test)) for name, fitter in _cases(arguments.full)]
    if arguments.full:
        rows += [measure(f"ours quick, {n} frames", ours(), (train[:: len(train) // n], test)) for n in (50, 100)]
    result = {"train_frames": len(train), "test_frames": len(test), "cores": os.cpu_count(), "load": load, "rows": rows}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def _cases(full: bool) -> list[tuple[str, Fitter]]:
    cases = [
        ("ours quick", ours()),
        ("ours accurate", ours(effort="accurate")),
        ("ours level 8, linear only", ours(level=8, cutoff_A=5.2, max_iterations=0)),
        ("motep level 8, linear", motep(8, 0)),
    ]
    if full:
        cases += [
            ("ours level 16", ours(effort="accurate", level=16, cutoff_A=5.2)),
            ("motep level 8, 40 BFGS", motep(8, 40)),
            ("motep level 12, linear", motep(12, 0)),
            ("motep level 16, linear", motep(16, 0)),
        ]
    return cases


if __name__ == "__main__":
    main()
