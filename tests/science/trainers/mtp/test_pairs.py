"""Pairs of atoms beside larger frames are left to the core; a set that is made of pairs is taken as it is."""

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.trainers.mtp.pairs import without_pairs
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer


def labelled(atoms):
    atoms.calc = EMT()
    values = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    atoms.calc = SinglePointCalculator(atoms, **values)
    return atoms


def crystal(seed):
    atoms = bulk("Cu", cubic=True).repeat(2)
    atoms.rattle(0.1, seed=seed)
    return labelled(atoms)


def pair(distance):
    return labelled(Atoms("Cu2", positions=[[0, 0, 0], [distance, 0, 0]], cell=[20] * 3, pbc=True))


def test_pairs_beside_larger_frames_are_left_out_and_told():
    frames, notes = [crystal(seed) for seed in range(4)], []
    assert without_pairs([*frames, pair(1.0), pair(2.4)], notes) == frames
    assert "2 pairs" in notes[0]


def test_a_set_of_pairs_alone_is_data():
    pairs = [pair(distance) for distance in (2.0, 2.3, 2.6, 3.0)]
    assert without_pairs(pairs, []) == pairs


def test_pairs_do_not_spoil_the_fit_of_the_crystal(tmp_path):
    frames = [crystal(seed) for seed in range(6)]
    pairs = [pair(distance) for distance in np.linspace(0.8, 4.5, 5)]
    check, errors = crystal(99), []
    for name, used in (("without", frames), ("with", [*frames, *pairs])):
        request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings={"level": 8, "cutoff_A": 4.8})
        MTPTrainer().fit(used, request, tmp_path / name, lambda share, words: None)
        atoms = check.copy()
        atoms.calc = MTPTrainer().calculator(tmp_path / name)
        errors.append(float(np.sqrt(np.mean((atoms.get_forces() - check.get_forces()) ** 2))))
    assert errors[0] < 0.01 and errors[1] == errors[0]
