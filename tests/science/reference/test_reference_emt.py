"""EMT and Lennard-Jones, computed here."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.neighborlist import neighbor_list

from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.reference.emt import EMTReference
from lang2mlip.science.reference.lj import LJReference, Pair
from lang2mlip.science.reference.pairs import PairList, search


def _alloy() -> Atoms:
    atoms = bulk("Cu", cubic=True) * (3, 2, 2)
    atoms.symbols[::3] = "Au"
    atoms.symbols[1::5] = "Al"
    return atoms


STRUCTURES = {
    "an alloy": _alloy(),
    "one atom in its primitive cell": bulk("Ag"),
    "a slab": fcc111("Pt", (2, 2, 4), vacuum=6),
    "a skewed cell": Atoms(
        "CuNi",
        positions=[[0, 0, 0], [1.5, 1.2, 1.4]],
        cell=[[2.6, 0.3, 0], [0.9, 2.7, 0.2], [-0.4, 0.8, 2.9]],
        pbc=True,
    ),
    "a cluster": Atoms("Pd4", positions=[[0, 0, 0], [2.6, 0, 0], [1.3, 2.2, 0], [1.2, 0.8, 2.1]]),
    "two atoms that do not see each other": Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 30.0]]),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_emt_gives_the_numbers_of_ase(name: str) -> None:
    atoms = STRUCTURES[name].copy()
    atoms.rattle(0.1, seed=2)
    atoms.positions += [100, -77, 13]
    theirs = atoms.copy()
    atoms.calc, theirs.calc = EMTReference(EMTReference.Settings()).calculator(), EMT()
    assert atoms.get_potential_energy() == pytest.approx(theirs.get_potential_energy(), abs=1e-10)
    assert np.allclose(atoms.get_forces(), theirs.get_forces(), atol=1e-10)
    if atoms.cell.rank == 3:
        assert np.allclose(atoms.get_stress(), theirs.get_stress(), atol=1e-12)


def test_emt_follows_a_trajectory_through_its_skin_and_a_change_of_cell() -> None:
    atoms = _alloy()
    calculator, generator = EMTReference(EMTReference.Settings()).calculator(), np.random.default_rng(1)
    for step in range(12):
        atoms.positions += generator.normal(0, 0.08, (len(atoms), 3))
        if step % 4 == 3:
            atoms.set_cell(atoms.cell.array * 1.01, scale_atoms=True)
        theirs = atoms.copy()
        theirs.calc = EMT()
        assert calculator.get_potential_energy(atoms) == pytest.approx(theirs.get_potential_energy(), abs=1e-9)


def test_emt_refuses_what_it_was_not_fitted_for() -> None:
    reference = EMTReference(EMTReference.Settings())
    assert "C" not in reference.elements()
    with pytest.raises(UnsupportedElement, match="cannot treat C"):
        reference.calculator().get_potential_energy(Atoms("CuC", positions=[[0, 0, 0], [0, 0, 2]]))


@pytest.mark.parametrize("cutoff", [3.0, 6.4])
@pytest.mark.parametrize("name", STRUCTURES)
def test_each_pair_is_found_once_images_included(name: str, cutoff: float) -> None:
    atoms = STRUCTURES[name]
    first, second, shift = search(atoms, cutoff)
    lengths = np.linalg.norm(atoms.positions[second] - atoms.positions[first] + shift @ atoms.cell.array, axis=1)
    assert np.allclose(np.sort(np.repeat(lengths, 2)), np.sort(neighbor_list("d", atoms, cutoff)))


def test_a_pair_list_is_not_searched_again_for_a_small_move() -> None:
    atoms, pairs = _alloy(), PairList(4.0)
    pairs.within(atoms)
    before = pairs._first
    atoms.positions += 0.01
    pairs.within(atoms)
    assert pairs._first is before


def test_lennard_jones_has_its_minimum_where_the_formula_says() -> None:
    reference = LJReference(LJReference.Settings(parameters={"Ar": Pair(epsilon_eV=0.0104, sigma_A=3.4)}))
    dimer = Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 3.4 * 2 ** (1 / 6)]])
    dimer.calc = reference.calculator()
    assert dimer.get_potential_energy() == pytest.approx(-0.0104, rel=1e-9)
    assert np.abs(dimer.get_forces()).max() < 1e-12


def test_lennard_jones_ends_smoothly_at_its_cutoff() -> None:
    calculator = LJReference(LJReference.Settings()).calculator()

    def at(distance: float) -> tuple[float, float]:
        dimer = Atoms("Ar2", positions=[[0, 0, 0], [0, 0, distance]])
        return calculator.get_potential_energy(dimer), calculator.get_forces(dimer)[1, 2]

    assert at(3 * 3.4 + 1e-6) == (0.0, 0.0)
    energy, force = at(3 * 3.4 - 1e-3)
    assert abs(energy) < 1e-12 and abs(force) < 1e-9
    for distance in (8.0, 8.2, 9.5):
        slope = (at(distance + 1e-5)[0] - at(distance - 1e-5)[0]) / 2e-5
        assert at(distance)[1] == pytest.approx(-slope, abs=1e-9)


def test_lennard_jones_mixes_by_lorentz_and_berthelot() -> None:
    own = {"Ar": Pair(epsilon_eV=0.01, sigma_A=3.0), "Xe": Pair(epsilon_eV=0.04, sigma_A=4.0)}
    calculator = LJReference(LJReference.Settings(parameters=own)).calculator()
    dimer = Atoms("ArXe", positions=[[0, 0, 0], [0, 0, 3.5 * 2 ** (1 / 6)]])
    assert calculator.get_potential_energy(dimer) == pytest.approx(-0.02, rel=1e-9)


def test_lennard_jones_refuses_an_element_without_parameters() -> None:
    with pytest.raises(UnsupportedElement, match="no parameters for Fe"):
        LJReference(LJReference.Settings()).calculator().get_potential_energy(bulk("Fe"))
