"""Generators: what they change, what they leave, and that they never crush atoms."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.constraints import FixAtoms

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.neighbours import closest, covalent_sum
from lang2mlip.science.sampling.dimers import dimers
from lang2mlip.science.sampling.distort import rattled, strained
from lang2mlip.science.sampling.vacancies import with_vacancies


def test_a_rattle_has_the_width_asked_for_and_says_where_it_comes_from():
    atoms = bulk("Cu", cubic=True) * (4, 4, 4)
    atoms.info["group"] = "bulk"
    atoms.set_constraint(FixAtoms([0]))
    frames = rattled(atoms, 0.1, 3, seed=1)
    away = np.array([frame.positions - atoms.positions for frame in frames])
    assert away.std() == pytest.approx(0.1, rel=0.05)
    assert frames[0].info["source"] == "rattle" and frames[0].info["group"] == "bulk" and not frames[0].constraints
    assert not np.allclose(frames[0].positions, frames[1].positions)
    assert np.array_equal(frames[2].positions, rattled(atoms, 0.1, 3, seed=1)[2].positions)


def test_even_a_wild_rattle_keeps_atoms_apart():
    frames = rattled(bulk("Cu", cubic=True) * (2, 2, 2), 0.8, 10, seed=0)
    assert min(closest(frame, 3.0)["Cu-Cu"] for frame in frames) >= 0.7 * covalent_sum(29, 29) - 1e-9
    assert all(0 < frame.info["rattle_A"] < 0.8 for frame in frames)


def test_strains_stay_within_the_range_reach_both_ends_and_move_atoms_along():
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    frames = strained(atoms, 0.06, 8, seed=3)
    ratios = [frame.cell.volume / atoms.cell.volume for frame in frames]
    assert min(ratios) == pytest.approx(0.94**3) and max(ratios) == pytest.approx(1.06**3)
    for frame in frames:
        deform = np.linalg.solve(atoms.cell.array, frame.cell.array)
        assert np.abs(np.linalg.svd(deform)[1] - 1).max() <= 0.06 + 1e-9
        assert np.allclose(frame.get_scaled_positions(), atoms.get_scaled_positions(), atol=1e-9)
    assert any(abs(frame.cell.array[0, 1]) > 1e-3 for frame in frames)


def test_a_slab_is_strained_in_its_plane_only():
    slab = fcc111("Cu", (2, 2, 3), vacuum=7)
    for frame in strained(slab, 0.05, 5, seed=1):
        assert np.allclose(frame.positions[:, 2], slab.positions[:, 2])
        assert not np.allclose(frame.cell.array[:2], slab.cell.array[:2]) or frame.info["strain"] < 1e-9


def test_a_molecule_cannot_be_strained():
    with pytest.raises(BadInput, match="rattle it"):
        strained(molecule("H2O"), 0.05, 2, seed=0)


def test_vacancies_take_atoms_of_every_element():
    frames = with_vacancies(bulk("NaCl", "rocksalt", a=5.6, cubic=True) * (2, 1, 1), 20, 1, seed=0)
    formulas = {frame.get_chemical_formula() for frame in frames}
    assert formulas == {"Cl7Na8", "Cl8Na7"}
    with pytest.raises(BadInput, match="too few"):
        with_vacancies(Atoms("Cu2", positions=[[0, 0, 0], [2, 0, 0]]), 1)


def test_dimers_cover_each_pair_from_far_too_near_to_far_apart():
    frames = dimers(["O", "H"], points=5)
    assert [frame.info["pair"] for frame in frames[::5]] == ["H-H", "H-O", "O-O"]
    lengths = [frame.get_distance(0, 1) for frame in frames[5:10]]
    assert lengths == sorted(lengths)
    assert [lengths[0], lengths[-1]] == pytest.approx([0.55 * covalent_sum(1, 8), 2 * covalent_sum(1, 8)])
