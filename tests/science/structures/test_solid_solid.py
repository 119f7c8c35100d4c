"""Two crystals face to face: the fit is told, both keep their inside, boundaries are where they should be."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import inspect
from lang2mlip.science.structures.solid_solid import SolidSolid, SolidSolidParameters


def pair(seed=0, **parameters):
    builder = SolidSolid(SolidSolidParameters(**parameters))
    atoms = builder.build(seed)
    report = inspect(atoms, builder.expectations())
    assert report.passed, report.failures
    return atoms


COPPER = {"crystal": "Cu", "miller": (1, 1, 1)}
NICKEL = {"crystal": "Ni", "miller": (1, 1, 1)}


def test_metals_of_like_size_match_with_their_small_misfit_told():
    atoms = pair(lower=COPPER, upper=NICKEL)
    assert float(atoms.info["how"].rsplit(" ", 1)[-1].rstrip("%")) == pytest.approx(2.6, abs=0.3)
    low, high = (atoms.positions[atoms.arrays["layer"] == n, 2] for n in (0, 1))
    assert low.max() < high.min()
    assert set(atoms.symbols[atoms.arrays["layer"] == 1]) == {"Ni"}


def test_the_upper_side_keeps_its_coordination_inside():
    atoms = pair(lower=COPPER, upper=NICKEL, thickness_A=(10.0, 14.0))
    i = neighbor_list("i", atoms, 3.0)
    high = np.flatnonzero(atoms.arrays["layer"] == 1)
    z = atoms.positions[high, 2]
    middle = high[abs(z - z.mean()) < 2.0]
    assert (np.bincount(i, minlength=len(atoms))[middle] == 12).all()


def test_faces_that_do_not_fit_are_refused_with_the_best_that_was_found():
    with pytest.raises(BadInput, match=r"best cell strains one by \d"):
        pair(lower=COPPER, upper={"crystal": "NaCl", "miller": (1, 1, 0)}, max_strain=0.001, lateral_A=6.0)


def test_a_mirror_image_is_a_symmetric_tilt_boundary_without_strain():
    atoms = pair(lower={"crystal": "Al", "miller": (2, 1, 0)}, shift=(0.0, 0.0))
    counts = [int((atoms.arrays["layer"] == n).sum()) for n in (0, 1)]
    assert counts[0] == counts[1] and atoms.info["how"] == "a crystal and its mirror image"
    i = neighbor_list("i", atoms, 3.3)
    assert np.bincount(i, minlength=len(atoms)).max() <= 14


def test_the_seed_moves_the_upper_side_and_vacuum_opens_one_boundary():
    one, two = (pair(seed=seed, lower=COPPER, upper=NICKEL) for seed in (0, 1))
    assert not np.allclose(one.positions, two.positions)
    open_ = pair(lower=COPPER, upper=NICKEL, vacuum_A=12.0)
    assert list(open_.pbc) == [True, True, False]
    assert open_.cell.lengths()[2] - np.ptp(open_.positions[:, 2]) == pytest.approx(12.0)
