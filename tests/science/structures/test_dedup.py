"""Likeness: copies are duplicates however moved, turned and numbered; other seeds, sizes and strains are not."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from scipy.spatial.transform import Rotation

from lang2mlip.science.structures.dedup import THRESHOLD, distance, duplicates, likeness
from lang2mlip.science.structures.molecule import Molecule, MoleculeParameters


def liquid(seed, atoms=300):
    wish = {"molecules": [{"name": "water"}], "state": "liquid", "atoms": atoms}
    return Molecule(MoleculeParameters(**wish)).build(seed)


def copied(atoms, seed):
    """Moved, turned and renumbered."""
    rng = np.random.default_rng(seed)
    copy = Atoms(atoms[rng.permutation(len(atoms))])
    copy.positions += rng.random(3) * 5
    turn = Rotation.random(rng=rng).as_matrix()
    copy.set_cell(copy.cell.array @ turn.T)
    copy.positions = copy.positions @ turn.T
    if copy.pbc.all():
        copy.wrap()
    return copy


@pytest.mark.parametrize(
    "atoms",
    [bulk("NaCl", "rocksalt", a=5.64, cubic=True) * 2, fcc111("Cu", (3, 3, 4), vacuum=6), molecule("CH3CH2OH")],
    ids=["crystal", "slab", "molecule"],
)
def test_a_moved_turned_and_renumbered_copy_is_a_duplicate(atoms):
    atoms = Atoms(atoms)
    atoms.rattle(0.05, seed=1)
    assert distance(likeness(atoms), likeness(copied(atoms, 3))) < 1e-5 < THRESHOLD


def test_another_choice_of_cell_vectors_is_the_same_crystal():
    crystal = bulk("Cu") * 3
    skewed = crystal.copy()
    skewed.set_cell(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]]) @ crystal.cell.array)
    assert distance(likeness(crystal), likeness(skewed)) < 1e-6


def test_liquids_from_two_seeds_differ_and_a_copy_of_one_does_not():
    one, two = liquid(1), liquid(2)
    assert len(one) == len(two)
    assert distance(likeness(one), likeness(two)) > 10 * THRESHOLD
    assert duplicates([likeness(a) for a in (one, two, copied(one, 5))]) == {2: 0}


def test_strain_size_and_composition_tell_structures_apart():
    crystal = bulk("Cu", cubic=True) * 3
    strained = crystal.copy()
    strained.set_cell(crystal.cell * 1.005, scale_atoms=True)
    longer = bulk("Cu", cubic=True) * (9, 3, 1)
    assert distance(likeness(crystal), likeness(strained)) > 10 * THRESHOLD
    assert distance(likeness(crystal), likeness(longer)) > 10 * THRESHOLD
    assert distance(likeness(crystal), likeness(bulk("Ni", cubic=True) * 3)) == np.inf
    assert distance(likeness(crystal), likeness(crystal * (1, 1, 2))) == np.inf


def test_one_vacancy_is_like_any_other_in_a_crystal_whose_sites_are_alike():
    crystal = bulk("Cu", cubic=True) * 2
    holes = [Atoms(crystal) for _ in range(2)]
    del holes[0][3], holes[1][17]
    assert distance(likeness(holes[0]), likeness(holes[1])) < 1e-6
    assert distance(likeness(crystal), likeness(holes[0])) == np.inf
