"""Slabs: spacing, coordination, composition, vacuum, and cuts that leave no dipole where one can be avoided."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.facets import Facet, low_index, named_plane
from lang2mlip.science.structures.gate import inspect
from lang2mlip.science.structures.source import CrystalSource, conventional, primitive
from lang2mlip.science.structures.supercell import heights as face_heights
from lang2mlip.science.structures.surface import Surface, SurfaceParameters, is_mirrored, terminations


def build(**parameters):
    return Surface(SurfaceParameters(**parameters)).build(0)


def unit(key):
    return conventional(CrystalSource(crystal=key))


def heights(atoms):
    return np.unique(atoms.positions[:, 2].round(3))


@pytest.mark.parametrize(
    ("indices", "spacing", "missing"), [((1, 1, 1), 1 / 3**0.5, 3), ((1, 0, 0), 0.5, 4), ((1, 1, 0), 0.5**1.5, 5)]
)
def test_an_fcc_slab_has_the_known_layer_spacing_and_surface_coordination(indices, spacing, missing):
    atoms = build(crystal="Cu", miller=indices, layers=6)
    assert np.diff(heights(atoms)) == pytest.approx([3.6146 * spacing] * 5, abs=1e-3)
    neighbours = np.bincount(neighbor_list("i", atoms, 3.0), minlength=len(atoms))
    top = atoms.positions[:, 2] > atoms.positions[:, 2].max() - 0.1
    assert set(neighbours[top]) == {12 - missing}
    assert neighbours.max() == 12


@pytest.mark.parametrize(
    ("key", "indices"),
    [("Cu", (2, 1, 1)), ("Fe", (3, 1, 0)), ("Mg", (1, 0, -1, 1)), ("Al2O3", (0, 0, 0, 1)), ("Li2CO3", (1, -1, 0))],
)
def test_any_facet_keeps_composition_vacuum_and_distances(key, indices):
    builder = Surface(SurfaceParameters(crystal=key, miller=indices, vacuum_A=11.0))
    atoms = builder.build(0)
    assert inspect(atoms, builder.expectations()).failures == ()
    assert tuple(atoms.pbc) == (True, True, False)
    assert np.ptp(atoms.positions[:, 2]) + 11.0 == pytest.approx(atoms.cell.lengths()[2])
    assert atoms.cell.array[2, :2] == pytest.approx(0)


def test_density_inside_a_thick_slab_is_that_of_the_crystal():
    atoms = build(crystal="Li2CO3", miller=(0, 0, 1), layers=60, lateral=(1, 1), vacuum_A=0)
    area = atoms.get_volume() / atoms.cell.lengths()[2]
    facet = Facet.of(unit("Li2CO3"), primitive(unit("Li2CO3")), (0, 0, 1))
    steps = len(atoms) / len(facet.step)
    volume = facet.spacing_A * area
    assert steps == int(steps)
    assert volume / len(facet.step) == pytest.approx(unit("Li2CO3").get_volume() / len(unit("Li2CO3")))


def test_four_indices_are_the_three_without_the_redundant_one():
    assert (
        build(crystal="Mg", miller=(1, 0, -1, 0)).symbols.formula
        == build(crystal="Mg", miller=(1, 0, 0)).symbols.formula
    )
    assert build(crystal="Mg", miller=(1, 0, -1, 0)).positions == pytest.approx(
        build(crystal="Mg", miller=(1, 0, 0)).positions
    )


def test_polar_and_non_polar_facets_are_told_apart():
    assert is_mirrored(unit("NaCl"), (1, 0, 0)) and not is_mirrored(unit("NaCl"), (1, 1, 1))
    assert is_mirrored(unit("CaF2"), (1, 1, 1)) and not is_mirrored(unit("CaF2"), (1, 0, 0))
    assert is_mirrored(unit("ZnO"), (1, 0, 0)) and not is_mirrored(unit("ZnO"), (0, 0, 1))


def test_the_cut_breaks_the_long_bonds_and_leaves_both_faces_alike():
    fluorite, corundum = build(crystal="CaF2", miller=(1, 1, 1)), build(crystal="Al2O3", miller=(0, 0, 1))
    for atoms, outermost in ((fluorite, "F"), (corundum, "Al")):
        order = np.argsort(atoms.positions[:, 2])
        assert atoms.symbols[order[0]] == atoms.symbols[order[-1]] == outermost
    diamond_like = build(crystal="Si", miller=(1, 1, 1), layers=6)
    gaps = np.diff(heights(diamond_like))
    assert gaps[0] == pytest.approx(gaps[-1]) and gaps[0] < 1.0


def test_low_index_facets_follow_bravais_rule():
    def ranked(key):
        return [tuple(sorted(map(abs, f), reverse=True)) for f in low_index(unit(key), primitive(unit(key)), 3)]

    assert ranked("Cu") == [(1, 1, 1), (1, 0, 0), (1, 1, 0)]
    assert ranked("Fe") == [(1, 1, 0), (1, 0, 0), (1, 1, 1)]
    assert low_index(unit("Mg"), primitive(unit("Mg")), 1) == [(0, 0, 1)]


@pytest.mark.parametrize("indices", [(0, 0, 0), (1, 1), (1, 1, 1, 0), (1, 0, 0, 0, 1)])
def test_what_is_no_plane_is_refused(indices):
    with pytest.raises(ValueError, match="plane"):
        SurfaceParameters(crystal="Mg", miller=indices)


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        ("(10-10)", (1, 0, -1, 0)),
        ("1 -1 0", (1, -1, 0)),
        ("[1,0,-1,0]", (1, 0, -1, 0)),
        ("{111}", (1, 1, 1)),
        ("(1\u0305 1 0)", (-1, 1, 0)),
        ("10\u221210", (1, 0, -1, 0)),
    ],
)
def test_planes_are_read_as_people_write_them(text, indices):
    assert named_plane(text) == indices
    assert SurfaceParameters(crystal="C-graphite", miller=text).miller == indices


def test_text_that_is_no_plane_and_four_indices_without_hexagonal_axes_are_refused():
    for text in ("edge", "", "(1a0)"):
        with pytest.raises(ValueError, match="no plane"):
            named_plane(text)
    with pytest.raises(BadInput, match="hexagonal axes, which Cu does not have"):
        build(crystal="Cu", miller=(1, 0, -1, 0))


def cuts(key, miller, faces="stoichiometric"):
    wish = SurfaceParameters(crystal=key, miller=miller, faces=faces)
    return {(one.bottom, one.top): one for one in terminations(wish)}


def test_terminations_are_listed_with_what_they_are():
    assert all(one.polar and not one.symmetric for one in cuts("NaCl", "111").values())
    rutile = cuts("TiO2-rutile", "110")
    assert rutile["O", "O"].symmetric and not rutile["O", "O"].polar and rutile["O", "O"].number == 0
    assert rutile["TiO", "O"].polar
    neutral_planes = cuts("SrTiO3", "001")["TiO2", "SrO"]
    assert not neutral_planes.polar and not neutral_planes.symmetric
    assert set(cuts("SrTiO3", "001", "symmetric")) == {("TiO2", "TiO2"), ("SrO", "SrO")}
    assert cuts("Cu", "111")["Cu", "Cu"].line() == "termination 0: Cu below, Cu above; stoichiometric, both faces alike"


def test_a_symmetric_slab_of_a_polar_plane_has_both_faces_alike_and_a_polar_one_says_so():
    wish = SurfaceParameters(crystal="NaCl", miller="111", faces="symmetric", termination=1, layers=6)
    atoms = Surface(wish).build(0)
    order = np.argsort(atoms.positions[:, 2])
    assert atoms.symbols[order[0]] == atoms.symbols[order[-1]] == "Cl"
    assert atoms.symbols.formula.count()["Cl"] > atoms.symbols.formula.count()["Na"]
    assert inspect(atoms, Surface(wish).expectations()).failures == ()
    assert "polar" in build(crystal="ZnO", miller="0001").info["how"]
    assert "how" not in build(crystal="ZnO", miller="10-10").info
    with pytest.raises(BadInput, match="no slab with both faces alike"):
        build(crystal="ZnO", miller="0001", faces="symmetric")


@pytest.mark.parametrize(("key", "miller"), [("C-graphite", "(10-10)"), ("Cu", "111"), ("Li2CO3", "001")])
def test_a_slab_is_at_least_as_wide_both_ways_as_asked(key, miller):
    assembly = Surface(SurfaceParameters(crystal=key, miller=miller, lateral_A=(14.0, 11.0))).assemble(0)
    wide, tall = face_heights(assembly.atoms.cell.array)[:2]
    assert wide >= 14.0 and tall >= 11.0
    assert assembly.held.all()
    with pytest.raises(ValueError, match="either lateral or lateral_A"):
        SurfaceParameters(crystal=key, miller=miller, lateral_A=(14.0, 11.0), lateral=(1, 1))
