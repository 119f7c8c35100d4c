"""Crystals: counts, coordination, strain, defects, and the same atoms for the same seed."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.gate import density_g_cm3, inspect
from lang2mlip.science.structures.supercell import heights


def build(seed=0, **parameters):
    return Bulk(BulkParameters(**parameters)).build(seed)


def coordination(atoms, reach):
    return np.bincount(neighbor_list("i", atoms, reach), minlength=len(atoms))


@pytest.mark.parametrize(
    ("key", "neighbours", "reach"), [("Cu", 12, 3.0), ("Fe", 8, 2.7), ("Mg", 12, 3.4), ("Si", 4, 2.8)]
)
@pytest.mark.parametrize("orientation", ["aligned", "rotated"])
def test_every_atom_of_a_crystal_has_its_neighbours_in_any_cell(key, neighbours, reach, orientation):
    atoms = build(crystal=key, atoms=48, orientation=orientation)
    assert (coordination(atoms, reach) == neighbours).all()
    assert min(heights(atoms.cell.array)) > 5.0


def test_the_target_count_gives_the_roundest_cell_near_it():
    assert len(build(crystal="Cu", atoms=32)) == 32
    assert np.ptp(build(crystal="Cu", atoms=108).cell.lengths()) == pytest.approx(0)
    assert len(build(crystal="Cu", repeat=(1, 2, 3))) == 24
    assert len(build(crystal="Cu", repeat=(2, 2, 2), cell="primitive")) == 8


def test_a_rotated_cell_has_other_vectors_but_the_same_crystal():
    plain, turned = (build(crystal="Al", atoms=48, orientation=o) for o in ("aligned", "rotated"))
    assert density_g_cm3(turned) == pytest.approx(density_g_cm3(plain))
    assert abs(turned.cell.angles() - 90).max() > 1 or np.ptp(turned.cell.lengths()) > 0.1


def test_strain_changes_lengths_angles_and_volume_as_it_says():
    plain, strained = build(crystal="Cu"), build(crystal="Cu", strain=(0.03, -0.01, 0, 0, 0, 0.02))
    ratio = strained.cell.lengths() / plain.cell.lengths()
    assert ratio == pytest.approx([1.03, 0.99, 1.0], abs=2e-4)
    assert strained.cell.angles()[2] == pytest.approx(90 - np.degrees(0.02), abs=0.05)
    assert strained.get_volume() / plain.get_volume() == pytest.approx(1.02, abs=1e-3)


def test_vacancies_and_substitutions_change_as_many_atoms_as_asked():
    atoms = build(
        crystal="NaCl",
        atoms=64,
        vacancies=2,
        vacancy_element="Cl",
        substitutions=[{"element": "Na", "by": "K", "count": 3}],
    )
    assert atoms.symbols.formula.count() == {"Na": 29, "K": 3, "Cl": 30}


def test_the_same_seed_gives_the_same_atoms_and_another_seed_others():
    wish = {"crystal": "Si", "atoms": 64, "vacancies": 1, "rattle_A": 0.05, "orientation": "rotated"}
    assert (build(1, **wish).positions == build(1, **wish).positions).all()
    assert not np.array_equal(build(1, **wish).positions, build(2, **wish).positions)


def test_perfect_strained_and_defective_crystals_pass_the_gate():
    for extra in ({}, {"strain": (0.06,) * 3 + (0,) * 3}, {"vacancies": 1}, {"rattle_A": 0.1}):
        builder = Bulk(BulkParameters(crystal="LiFePO4", atoms=56, **extra))
        assert inspect(builder.build(0), builder.expectations()).failures == ()


def test_impossible_defects_are_refused():
    with pytest.raises(BadInput, match="make the cell larger"):
        build(crystal="Cu", repeat=(1, 1, 1), vacancies=4)
    with pytest.raises(BadInput, match="Cannot replace 1 Ag"):
        build(crystal="Cu", substitutions=[{"element": "Ag", "by": "Au", "count": 1}])


def test_groups_leave_together_so_that_no_charge_is_left():
    atoms = build(crystal="Li2O", atoms=96, vacancies=2, vacancy_group={"Li": 2, "O": 1})
    full = build(crystal="Li2O", atoms=96)
    assert len(full) - len(atoms) == 6
    assert atoms.symbols.formula.count()["Li"] == 2 * atoms.symbols.formula.count()["O"]
    with pytest.raises(BadInput, match="No Na left to take out"):
        build(crystal="Li2O", vacancies=1, vacancy_group={"Na": 1})


@pytest.mark.parametrize(("key", "symbol", "neighbours"), [("Si", "Li", 4), ("Cu", "Cu", 6), ("Fe", "C", 2)])
def test_an_interstitial_sits_in_a_hole_and_pushes_its_neighbours_as_far_as_the_gate_asks(key, symbol, neighbours):
    builder = Bulk(BulkParameters(crystal=key, atoms=54, interstitials={symbol: 1}))
    atoms, perfect = builder.build(3), build(crystal=key, atoms=54)
    assert len(atoms) == len(perfect) + 1
    assert inspect(atoms, builder.expectations()).failures == ()
    distances = np.sort(atoms.get_distances(-1, range(len(perfect)), mic=True))
    assert distances[neighbours - 1] < distances[neighbours] + 0.1
    assert np.ptp(distances[:neighbours]) < 0.6


def test_a_share_of_an_element_is_replaced():
    atoms = build(crystal="MgO", atoms=64, substitutions=[{"element": "Mg", "by": "Ca", "share": 0.25}])
    assert atoms.symbols.formula.count() == {"Mg": 24, "Ca": 8, "O": 32}
    with pytest.raises(ValueError, match="either count or share"):
        build(crystal="MgO", substitutions=[{"element": "Mg", "by": "Ca"}])
