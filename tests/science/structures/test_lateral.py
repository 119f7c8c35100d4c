"""The common cell in the plane: round, near the size asked for, and shared by crystals at a strain that is told."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.lateral import common_cell, round_cells, spread
from lang2mlip.science.structures.surface import Surface, SurfaceParameters

HEXAGONAL = np.array([[2.556, 0], [-1.278, 2.2136]])
SQUARE = np.eye(2) * 2.98


def slab(**more):
    return Surface(SurfaceParameters(layers=4, lateral=(1, 1), vacuum_A=10, **more)).build(0)


@pytest.mark.parametrize("unit", [HEXAGONAL, SQUARE, np.array([[2.46, 0], [0.4, 6.71]])])
@pytest.mark.parametrize("length_A", [8.0, 15.0, 24.0])
def test_the_cell_is_a_multiple_of_the_crystal_near_the_length_asked_for(unit, length_A):
    cell, (fit,) = common_cell([unit], length_A, 0.05)
    assert fit.strain == 0
    assert np.linalg.norm(cell, axis=1) == pytest.approx(np.linalg.norm(fit.matrix @ unit, axis=1))
    assert np.linalg.norm(cell, axis=1) == pytest.approx([length_A] * 2, rel=0.35)
    assert np.linalg.det(cell) > 0 and cell[0, 1] == 0


def test_right_angles_are_preferred_where_a_crystal_offers_them():
    cell, _ = common_cell([HEXAGONAL], 15.0, 0.05)
    assert abs(cell[0] @ cell[1]) < 1e-9


def test_a_crystal_larger_than_the_size_asked_for_still_gives_a_cell():
    matrix, _ = round_cells(np.array([[11.0, 0], [0, 19.0]]), 5.0)[0]
    assert abs(np.linalg.det(matrix)) == pytest.approx(1)


def test_a_second_crystal_is_strained_by_as_much_as_is_told():
    cell, fits = common_cell([HEXAGONAL, SQUARE], 18.0, 0.05)
    change = np.linalg.inv(fits[1].matrix @ SQUARE) @ cell
    stretches = np.linalg.svd(change, compute_uv=False)
    assert abs(stretches - 1).max() == pytest.approx(fits[1].strain)
    assert 0 < fits[1].strain < 0.05


def test_crystals_that_do_not_fit_are_refused_with_the_best_strain():
    with pytest.raises(BadInput, match=r"within 0.0% near 8 Å: the best cell strains one by [0-9.]+%"):
        common_cell([HEXAGONAL, SQUARE], 8.0, 1e-6)


def test_a_spread_slab_keeps_every_distance_of_the_crystal():
    unit = slab(crystal="Cu", miller=(1, 1, 1))
    cell, (fit,) = common_cell([unit.cell.array[:2, :2]], 12.0, 0.05)
    wide = spread(unit, fit, cell)
    assert len(wide) == len(unit) * round(abs(np.linalg.det(fit.matrix)))
    assert len(wide) / np.linalg.det(cell) == pytest.approx(len(unit) / unit.cell.areas()[2])
    nearest = wide.get_all_distances(mic=True) + 99 * np.eye(len(wide))
    assert nearest.min(axis=1) == pytest.approx(np.full(len(wide), 3.6146 / np.sqrt(2)), abs=1e-3)
