"""The gate: every kind of fault is found and named, and sound structures pass."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.structures.gate import Expectations, bonds, fragments, inspect


def only(report):
    assert len(report.failures) == 1, report.failures
    return report.failures[0]


def test_a_sound_crystal_passes_with_its_facts():
    report = inspect(bulk("Cu", cubic=True), Expectations(density_g_cm3=(8.5, 9.5), composition="Cu"))
    assert report.passed
    assert report.density_g_cm3 == pytest.approx(8.97, abs=0.05)
    assert report.closest_ratio == pytest.approx(2.55 / 2.64, abs=0.02)


def test_an_overlap_is_named_with_its_atoms_and_distance():
    atoms = bulk("Cu", cubic=True) * 2
    atoms.positions[1] = atoms.positions[0] + [1.2, 0, 0]
    assert only(inspect(atoms)).startswith("Cu 0 and Cu 1 are 1.20 Å apart, 0.45 of")


def test_an_overlap_through_the_boundary_is_found():
    atoms = Atoms("Cu2", [[0.2, 2, 2], [7.8, 2, 2]], cell=[8, 8, 8], pbc=True)
    assert "0.40 Å apart" in only(inspect(atoms))
    atoms.pbc = False
    assert inspect(atoms).passed


def test_density_composition_and_vacuum_are_checked():
    crystal, slab = bulk("NaCl", "rocksalt", a=5.64, cubic=True), fcc111("Cu", (2, 2, 4), vacuum=4.0)
    assert "the density 2.16" in only(inspect(crystal, Expectations(density_g_cm3=(3.0, 4.0))))
    assert "not a multiple of MgO" in only(inspect(crystal, Expectations(composition="MgO")))
    assert inspect(crystal, Expectations(composition="Na2Cl2")).passed
    assert "vacuum along axis 2 is 8.0 Å" in only(inspect(slab, Expectations(vacuum_A=10.0)))
    assert inspect(slab, Expectations(vacuum_A=7.9)).passed
    assert "periodic in three" in only(inspect(crystal, Expectations(vacuum_A=5.0)))


def test_broken_and_merged_molecules_are_found():
    whole = molecule("CH3CH2OH")
    expected = Expectations(fragments=dict(fragments(whole)))
    assert inspect(whole, expected).passed
    torn = whole.copy()
    hydrogen = int(np.flatnonzero(torn.symbols == "H")[0])
    torn.positions[hydrogen] += [0, 0, 5.0]
    assert only(inspect(torn, expected)).startswith("molecules are not intact: missing 1 × C2H6O")


def test_isomers_have_different_signatures_and_order_does_not_matter():
    alcohol, ether = molecule("CH3CH2OH"), molecule("CH3OCH3")
    assert alcohol.symbols.formula.count() == ether.symbols.formula.count()
    assert fragments(alcohol) != fragments(ether)
    assert fragments(alcohol) == fragments(alcohol[::-1])


def test_bonds_reach_through_the_boundary_but_metals_stand_alone():
    atoms = Atoms("HOH", [[0.5, 0, 0], [9.9, 0, 0], [9.3, 0.7, 0]], cell=[10] * 3, pbc=True)
    assert bonds(atoms) == [(0, 1), (1, 2)]
    assert bonds(bulk("Cu", cubic=True)) == []
    assert bonds(bulk("LiF", "rocksalt", a=4.03, cubic=True)) == []


def test_senseless_cells_and_numbers_are_refused():
    assert "no atoms" in only(inspect(Atoms()))
    assert "not a finite number" in only(inspect(Atoms("H", [[np.nan, 0, 0]])))
    assert "too small" in only(inspect(Atoms("Cu4", np.eye(4, 3), cell=[2, 2, 2], pbc=True)))
    skewed = Atoms("H", cell=[5, 5, 5, 15, 90, 90], pbc=True)
    assert "cell angle of 15°" in inspect(skewed).failures[0]


def test_identity_depends_on_content_alone():
    atoms = bulk("Cu", cubic=True)
    same = atoms.copy()
    same.info["note"] = "other"
    same.positions += 1e-9
    same.positions[0, 0] = -0.0
    assert structure_id(atoms) == structure_id(same)
    for change in (atoms * 2, atoms[[1, 0, 2, 3]], bulk("Ni", a=3.61, cubic=True)):
        assert structure_id(change) != structure_id(atoms)
    same.pbc = False
    assert structure_id(same) != structure_id(atoms)
