"""The neighbour search against ASE's, on every kind of cell."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.neighbours import bond_graph, closest, pairs


def sheared():
    atoms = bulk("Si", cubic=True)
    atoms.set_cell(atoms.cell @ np.array([[1, 0.6, 0.1], [0, 1, 0.4], [0, 0, 0.8]]), scale_atoms=True)
    return atoms


def mixed(periodic):
    atoms = fcc111("Cu", (3, 3, 4), vacuum=8)
    atoms.pbc = periodic
    return atoms


SYSTEMS = {
    "primitive cell": bulk("Cu"),
    "hexagonal": bulk("Ti") * (2, 1, 1),
    "sheared": sheared(),
    "large": bulk("Cu", cubic=True) * (4, 4, 4),
    "molecule": molecule("C6H6"),
    "flat molecule": Atoms("H3", positions=[[0, 0, 0], [1, 0, 0], [0, 1, 0]]),
    "slab": mixed([True, True, False]),
    "ribbon": mixed([False, True, False]),
    "free middle": mixed([True, False, True]),
    "outside the cell": Atoms("Cu2", positions=[[-7, 20, 3], [4.1, 1, 2]], cell=[5, 5, 5], pbc=True),
}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("cutoff", [2.9, 6.5])
def test_each_pair_is_found_once_with_its_vector(name, cutoff):
    atoms = SYSTEMS[name].copy()
    atoms.rattle(0.08, seed=1)
    found = pairs(atoms, cutoff)
    i, j, d, shift = neighbor_list("ijdS", atoms, cutoff)
    assert len(d) == 2 * len(found.i)
    assert np.allclose(np.sort(np.repeat(found.distance_A, 2)), np.sort(d))
    ours = np.sort(np.bincount(found.i, minlength=len(atoms)) + np.bincount(found.j, minlength=len(atoms)))
    assert np.array_equal(ours, np.sort(np.bincount(i, minlength=len(atoms))))
    inverse = np.linalg.pinv(atoms.cell.array)
    images = (found.vector_A - atoms.positions[found.j] + atoms.positions[found.i]) @ inverse
    assert np.allclose(images, np.round(images), atol=1e-6)


def test_the_shortest_distance_of_each_pair_is_known():
    crystal = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    shortest = closest(crystal, 4.5)
    expected = {"Cl-Na": 2.8, "Na-Na": 5.6 / np.sqrt(2), "Cl-Cl": 5.6 / np.sqrt(2)}
    assert shortest == pytest.approx(expected)
    assert closest(crystal, 2.0) == {}


def test_bonds_of_a_molecule_are_those_of_the_textbook():
    assert bond_graph(molecule("H2O")) == ((0, 1), (0, 2))
    assert len(bond_graph(molecule("C6H6"))) == 12
    assert bond_graph(Atoms()) == ()


def test_nonsense_is_refused_rather_than_searched_for_ever():
    with pytest.raises(BadInput, match="not finite"):
        pairs(Atoms("H", positions=[[np.nan, 0, 0]]), 3.0)
    with pytest.raises(BadInput, match="thick"):
        pairs(Atoms("H", cell=[1e-3, 5, 5], pbc=True), 3.0)
