"""Frames that no potential of this size can follow must not bend the fit of the rest, group by group."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer
from lang2mlip.science.trainers.mtp.trust import with_trust

TRAINER = MTPTrainer()


def frames(seed: int, count: int, group: str, noise: float = 0.0) -> list[Atoms]:
    """EMT crystals; `noise` spoils their forces by so many eV/Å."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 1, 1)
        atoms.positions += rng.normal(size=(len(atoms), 3)) * 0.12
        atoms.calc = EMT()
        energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        forces = forces + noise * rng.normal(size=forces.shape)
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
        atoms.info["group"] = group
        found.append(atoms)
    return found


def error(data: list[Atoms], folder: Path, robust: bool) -> tuple[float, tuple[str, ...]]:
    settings = {"level": 8, "cutoff_A": 5.2, "robust": robust}
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings=settings)
    notes = TRAINER.fit(data, request, folder, lambda share, words: None).notes
    calculator = TRAINER.calculator(folder)
    found = []
    for atoms in frames(99, 6, "crystal"):
        copy = atoms.copy()
        copy.calc = calculator
        found.append((copy.get_forces() - atoms.get_forces()).ravel())
    return float(np.sqrt(np.mean(np.concatenate(found) ** 2))), notes


@pytest.fixture(scope="module")
def outliers() -> list[Atoms]:
    return frames(1, 24, "crystal") + frames(2, 6, "crystal", noise=2.0)


def test_a_few_spoilt_frames_bend_a_robust_fit_far_less(outliers: list[Atoms], tmp_path: Path) -> None:
    plain, _ = error(outliers, tmp_path / "plain", robust=False)
    robust, notes = error(outliers, tmp_path / "robust", robust=True)
    assert robust < 0.5 * plain
    assert any(note.startswith("6 frames count less than a quarter") for note in notes)


def test_a_group_that_is_hard_as_a_whole_keeps_its_weight(tmp_path: Path) -> None:
    hard = frames(3, 24, "crystal") + frames(4, 8, "liquid", noise=0.5)
    _, notes = error(hard, tmp_path / "model", robust=True)
    assert not any("count less than a quarter" in note for note in notes)


def test_weights_multiply_those_of_the_person_and_leave_the_frames_alone() -> None:
    given = frames(5, 2, "crystal")
    given[0].info["weight"] = 3.0
    copies = with_trust(given, np.array([0.5, 1.0]))
    assert [copy.info["weight"] for copy in copies] == [1.5, 1.0]
    assert given[0].info["weight"] == 3.0 and "weight" not in given[1].info
    assert copies[1].get_potential_energy() == given[1].get_potential_energy()
