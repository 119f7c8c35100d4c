"""Crystals that lie in their box as the words say, and what they then resist with."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.orientation import asked_orientation, box_along, shear_axes


@pytest.mark.parametrize("name", ["Cu", "W", "Si"])
@pytest.mark.parametrize(
    ("x", "y"),
    [((1, 0, 0), None), ((1, 1, 0), None), ((1, 1, 1), None), ((1, 1, -2), (1, 1, 1)), ((1, 2, 3), None)],
)
def test_a_turned_box_holds_the_same_crystal(name, x, y):
    cell = bulk(name, cubic=True)
    box = box_along(cell, x, y)
    assert len(box) / box.get_volume() == pytest.approx(len(cell) / cell.get_volume())
    assert np.allclose(box.cell.array, np.diag(box.cell.lengths()))
    mine, theirs = ((one * 3).get_distances(0, range(1, 27 * len(one)), mic=True) for one in (box, cell * 2))
    shells = [np.sort(one)[:12] for one in (mine, theirs)]
    assert np.allclose(*shells, atol=1e-6)
    repeat = np.linalg.norm(x) * cell.cell.lengths()[0] / box.cell.lengths()[0]
    assert repeat == pytest.approx(round(repeat))


def test_directions_and_planes_are_read_from_words():
    assert asked_orientation("Ni (111)[11-2], 10 K") == {"direction": (1, 1, -2), "plane": (1, 1, 1)}
    assert asked_orientation("along [1 -1 0] on {111}") == {"direction": (1, -1, 0), "plane": (1, 1, 1)}
    assert asked_orientation("pulled along 110 at 300 K") == {"direction": (1, 1, 0)}
    assert asked_orientation("the 111 axis") == {"direction": (1, 1, 1)}
    for nothing in ("along 100 K", "at (300) K", "along 100 °C", "a box of [3]"):
        assert asked_orientation(nothing) == {}


def test_what_was_not_said_of_a_shear_lies_at_right_angles():
    for direction, plane in ((None, (1, 1, 1)), ((1, 1, 0), None), (None, None), ((1, 1, -2), (1, 1, 1))):
        along, across = shear_axes(direction, plane)
        assert np.dot(along, across) == 0 and any(along) and any(across)
        assert direction in (None, along) and plane in (None, across)


def test_directions_that_are_not_at_right_angles_or_in_no_cubic_crystal_are_refused(tmp_path):
    how = Settings(out=tmp_path)
    with pytest.raises(BadInput, match=r"\[111\] does not lie in the plane \(111\); \[10-1\] does"):
        simulate("shear copper on (111) along [111] at 10 K", how)
    with pytest.raises(BadInput, match=r"\[000\] is no direction"):
        simulate("pull copper at 10 K", how, direction=(0, 0, 0))
    with pytest.raises(BadInput, match="not cubic"):
        simulate("pull magnesium along [111] at 10 K", how)


def test_youngs_modulus_along_a_direction_is_that_of_the_elastic_constants(tmp_path):
    how = Settings(out=tmp_path)
    still = simulate("elastic constants of copper", how)
    c11, c12, c44 = (still.value(name) for name in ("C11", "C12", "C44"))
    s11 = (c11 + c12) / ((c11 - c12) * (c11 + 2 * c12))
    s12, s44 = -c12 / ((c11 - c12) * (c11 + 2 * c12)), 1 / c44
    expected = 1 / (s11 - 2 / 3 * (s11 - s12 - s44 / 2))
    words = "Young's modulus of copper along [111] by pulling it at 1 K by 0.6 %"
    pulled = simulate(words, how, atoms=60, rest_ps=2, rate_per_ps=6e-4)
    assert "along [111]" in pulled.measures
    assert pulled.value("young_modulus") == pytest.approx(expected, rel=0.05)
    assert expected > 2.5 / s11
