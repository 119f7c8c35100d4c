"""Clusters: closed shells, right faces, whole formulas, whole ions."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list
from pydantic import ValidationError

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.cluster import Cluster, ClusterParameters
from lang2mlip.science.structures.gate import bonds, inspect


def cluster(seed=0, **parameters):
    builder = Cluster(ClusterParameters(**parameters))
    atoms = builder.build(seed)
    report = inspect(atoms, builder.expectations())
    assert report.passed, report.failures
    assert not atoms.pbc.any()
    return atoms


def neighbours(atoms, reach_A):
    return np.bincount(neighbor_list("i", atoms, reach_A), minlength=len(atoms))


@pytest.mark.parametrize("atoms, magic", [(50, 55), (150, 147), (300, 309)])
def test_icosahedra_have_magic_numbers(atoms, magic):
    assert len(cluster(crystal="Cu", shape="icosahedron", atoms=atoms)) == magic


def test_a_sphere_is_round_and_its_inside_is_the_crystal():
    made = cluster(crystal="Cu", shape="sphere", atoms=200)
    assert 180 <= len(made) <= 220
    radius = np.linalg.norm(made.positions - made.positions.mean(axis=0), axis=1)
    assert (neighbours(made, 3.0)[radius < 0.5 * radius.max()] == 12).all()
    gyration = np.linalg.eigvalsh(np.cov(made.positions.T))
    assert gyration.max() < 1.25 * gyration.min()


@pytest.mark.parametrize("shape", ["cube", "octahedron", "truncated_octahedron"])
def test_polyhedra_are_convex_with_the_faces_they_are_named_for(shape):
    made = cluster(crystal="Cu", shape=shape, atoms=300)
    spread = made.positions - made.positions.mean(axis=0)
    corner, face = np.abs(spread).sum(axis=1).max() / 3**0.5, np.abs(spread).max()
    if shape == "cube":
        assert corner > 1.4 * face
    else:
        assert corner < 1.1 * face


def test_a_wulff_shape_shows_more_of_the_cheaper_face():
    def reach(e100, e111):
        faces = [{"miller": (1, 0, 0), "energy_J_m2": e100}, {"miller": (1, 1, 1), "energy_J_m2": e111}]
        made = cluster(crystal="Cu", shape="wulff", faces=faces, atoms=400)
        spread = np.abs(made.positions - made.positions.mean(axis=0))
        return spread.max() / (spread.sum(axis=1).max() / 3**0.5)

    assert reach(0.7, 1.0) < reach(1.3, 1.0)


def test_compounds_keep_whole_formulas_and_ions_stay_whole():
    salt = cluster(crystal="NaCl", shape="cube", atoms=64)
    assert salt.symbols.count("Na") == salt.symbols.count("Cl")
    carbonate = cluster(crystal="Li2CO3", shape="sphere", atoms=120)
    graph = np.bincount(np.array(bonds(carbonate)).ravel(), minlength=len(carbonate))
    assert (graph[carbonate.symbols == "C"] == 3).all() and (graph[carbonate.symbols == "O"] == 1).all()


def test_hexagonal_crystals_take_four_indices():
    faces = [{"miller": (0, 0, 0, 1), "energy_J_m2": 1.0}, {"miller": (1, 0, -1, 0), "energy_J_m2": 1.0}]
    made = cluster(crystal="ZnO", shape="wulff", faces=faces, atoms=150)
    assert made.symbols.count("Zn") == made.symbols.count("O")


def test_the_same_seed_gives_the_same_cluster_and_another_may_not():
    one, two = (cluster(seed=3, crystal="Cu", atoms=90, rattle_A=0.05) for _ in range(2))
    assert (one.positions == two.positions).all()


def test_shapes_that_cannot_be_are_refused():
    with pytest.raises(BadInput, match="grows from an fcc metal"):
        cluster(crystal="NaCl", shape="icosahedron")
    with pytest.raises(BadInput, match="do not close"):
        cluster(crystal="ZnO", shape="wulff", faces=[{"miller": (0, 0, 0, 1), "energy_J_m2": 1.0}])
    with pytest.raises(BadInput, match="no formula unit"):
        cluster(crystal="Li2CO3", atoms=2)
    with pytest.raises(ValidationError, match="needs faces"):
        ClusterParameters(crystal="Cu", shape="wulff")
