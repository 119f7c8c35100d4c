"""Bonds broken and made in MD: counted once each, vibrations not at all, ions' neighbours never."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from lang2mlip.science.evaluation.bonds import BROKEN, MADE, WHOLE, Events, compare, covalent_bonds, events

BETWEEN = ("H", "C", "O", "F")
OH = 0.66 + 0.31


def water(*lengths):
    """Frames in which one O-H bond has these lengths over the covalent sum."""
    made = []
    for length in lengths:
        atoms = molecule("H2O")
        atoms.set_distance(0, 1, length * OH, fix=0)
        made.append(atoms)
    return made


@pytest.mark.parametrize(
    ("lengths", "broken", "open_"),
    [
        ((1.0, 1.3, 1.0, 1.5, 1.0), 0, 0),
        ((1.0, 1.7, 1.8, 1.7), 1, 1),
        ((1.7, 1.5, 1.7, 1.5, 1.7), 1, 1),
        ((1.7, 1.0, 1.7, 1.0), 2, 0),
    ],
)
def test_a_bond_breaks_once_until_it_is_whole_again(lengths, broken, open_):
    found = events(molecule("H2O"), water(*lengths), 2.0, BETWEEN)
    assert (found.bonds, found.broken, found.open) == (2, broken, open_)
    assert WHOLE < BROKEN and MADE < WHOLE
    assert found.rate(found.broken)[0] == broken / 2.0


def test_a_bond_between_two_molecules_is_made_once_and_again_after_it_is_gone():
    def pair(distance):
        return Atoms("H2O2", positions=[[-0.97, 0, 0], [3 + distance, 0, 0], [0, 0, 0], [2.03 + distance, 0, 0]])

    near, between, far = (pair(ratio * 2 * 0.66 - 2.03) for ratio in (1.05, 1.4, 2.5))
    assert events(far, [far, between, far], 1.0, BETWEEN).made == 0
    assert events(far, [far, near, between, near, far], 1.0, BETWEEN).made == 1
    assert events(far, [near, far, near], 1.0, BETWEEN).made == 2


def test_an_ion_and_its_neighbours_have_no_bond():
    salt = Atoms("LiOH", positions=[[0, 0, 0], [1.9, 0, 0], [2.87, 0, 0]])
    assert covalent_bonds(salt, BETWEEN) == ((1, 2),)
    far = salt.copy()
    far.positions[0, 0] -= 5.0
    assert events(salt, [far, salt], 1.0, BETWEEN) == Events(1, 0, 0, 0, 1.0)


def test_a_bond_through_the_wall_of_the_cell_is_as_good_as_any():
    atoms = molecule("H2O")
    atoms.set_cell([6.0] * 3)
    atoms.pbc = True
    inside = atoms.copy()
    inside.wrap()
    assert events(atoms, [inside], 1.0, BETWEEN).broken == 0


def test_molecules_that_only_shake_break_nothing():
    start, rng = molecule("CH3CH2OH"), np.random.default_rng(0)
    frames = []
    for _ in range(50):
        atoms = start.copy()
        atoms.positions += rng.normal(0, 0.05, atoms.positions.shape)
        frames.append(atoms)
    found = events(start, frames, 1.0, BETWEEN)
    assert (found.bonds, found.broken, found.made) == (8, 0, 0)


def test_more_broken_bonds_than_the_reference_are_a_fault_beyond_the_error_bar_only():
    def of(broken, time):
        return Events(10, broken, 0, broken, time)

    worse, few, none = of(20, 1.0), of(1, 1.0), of(0, 1.0)
    assert not compare("x", worse, of(1, 1.0))[0].passed
    assert compare("x", few, none)[0].passed and compare("x", none, worse)[0].passed
    (broken, made) = compare("x", worse, few)
    assert (broken.name, broken.value, broken.reference) == ("bonds_broken", 20.0, 1.0)
    assert broken.error_bar == pytest.approx(20**0.5) and made.value == 0.0 and made.error_bar == 1.0
    assert (few + worse).rate(21)[0] == pytest.approx(10.5)


def test_short_walks_prove_nothing_but_may_contradict():
    def of(broken, time):
        return Events(10, broken, 0, broken, time)

    assert compare("x", of(0, 0.05), of(0, 0.05))[0].limit is None
    assert compare("x", of(0, 10.0), of(0, 10.0))[0].limit == pytest.approx(2 * 2**0.5 / 10)
    assert not compare("x", of(9, 0.1), of(0, 0.1))[0].passed
