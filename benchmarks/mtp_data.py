"""The honest mixed data set: copper with EMT; train and test come from separate trajectories and separate seeds."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.build import bulk, fcc100, fcc110, fcc111
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

__all__ = ["GROUPS", "mixed_set"]

GROUPS = ("bulk", "strained", "vacancy", "slab", "melt")


def _bulk(rng: np.random.Generator) -> Atoms:
    return bulk("Cu", cubic=True) * (2, 2, 3)


def _strained(rng: np.random.Generator) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 3)
    strain = np.eye(3) * (1 + rng.uniform(-0.06, 0.06)) + rng.uniform(-0.03, 0.03, (3, 3))
    atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
    return atoms


def _vacancy(rng: np.random.Generator) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 3)
    del atoms[int(rng.integers(len(atoms)))]
    return atoms


def _slab(rng: np.random.Generator) -> Atoms:
    make, size = [(fcc111, (3, 3, 5)), (fcc100, (3, 3, 5)), (fcc110, (3, 2, 7))][int(rng.integers(3))]
    atoms = make("Cu", size, vacuum=6.0, periodic=True)
    atoms.set_cell(atoms.cell * np.array([[1.01], [1.01], [1.0]]), scale_atoms=False)
    return atoms


def _melt(rng: np.random.Generator) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 3)
    atoms.set_cell(atoms.cell * rng.uniform(1.02, 1.06), scale_atoms=True)
    return atoms


_MAKERS = {"bulk": _bulk, "strained": _strained, "vacancy": _vacancy, "slab": _slab, "melt": _melt}
_SHARE = {"bulk": 0.25, "strained": 0.15, "vacancy": 0.15, "slab": 0.25, "melt": 0.20}


def _run(atoms: Atoms, temperature_K: float, steps: int, rng: np.random.Generator) -> None:
    MaxwellBoltzmannDistribution(atoms, temperature_K=2 * temperature_K, rng=rng)
    Langevin(atoms, 4 * units.fs, temperature_K=temperature_K, friction=0.02 / units.fs, rng=rng, fixcm=False).run(
        steps
    )


def _trajectory(group: str, frames: int, every: int, rng: np.random.Generator) -> list[Atoms]:
    atoms = _MAKERS[group](rng)
    atoms.calc = EMT()
    temperature = float(rng.uniform(300, 1500))
    if group == "melt":
        _run(atoms, 3500.0, 200, rng)
        temperature = float(rng.uniform(1300, 1700))
    _run(atoms, temperature, 60, rng)
    kept = []
    for _ in range(frames):
        _run_on(atoms, temperature, every, rng)
        copy = atoms.copy()
        copy.info["group"] = group
        copy.calc = SinglePointCalculator(
            copy, energy=atoms.get_potential_energy(), forces=atoms.get_forces(), stress=atoms.get_stress()
        )
        kept.append(copy)
    return kept


def _run_on(atoms: Atoms, temperature_K: float, steps: int, rng: np.random.Generator) -> None:
    Langevin(atoms, 4 * units.fs, temperature_K=temperature_K, friction=0.02 / units.fs, rng=rng, fixcm=False).run(
        steps
    )


def mixed_set(frames: int, seed: int, per_trajectory: int = 6, every: int = 20) -> list[Atoms]:
    """About `frames` labelled frames of every group; another seed gives other trajectories."""
    rng = np.random.default_rng(seed)
    found = []
    for group in GROUPS:
        for _ in range(max(1, round(frames * _SHARE[group] / per_trajectory))):
            found += _trajectory(group, per_trajectory, every, rng)
    return found
