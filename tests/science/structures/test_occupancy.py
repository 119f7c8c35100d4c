"""Sites that several elements share, or that are partly empty: whole atoms, right composition, none on another."""

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.cluster import Cluster, ClusterParameters
from lang2mlip.science.structures.gate import inspect
from lang2mlip.science.structures.occupancy import EMPTY, SITE, filled, whole_counts
from lang2mlip.science.structures.surface import Surface, SurfaceParameters

CIF = """data_x
_cell_length_a 4.0
_cell_length_b 4.0
_cell_length_c 4.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
A1 Cu 0 0 0 0.75
A2 Au 0 0 0 0.25
B1 O 0.5 0.5 0.5 0.5
"""


@pytest.fixture
def mixed_file(tmp_path):
    (tmp_path / "mixed.cif").write_text(CIF)
    return str(tmp_path / "mixed.cif")


@pytest.mark.parametrize("how", [{}, {"cell": "primitive"}, {"orientation": "rotated"}])
def test_a_partly_occupied_file_becomes_an_ordered_supercell_of_its_composition(mixed_file, how):
    builder = Bulk(BulkParameters(file=mixed_file, atoms=64, **how))
    atoms = builder.build(1)
    found = atoms.symbols.formula.count()
    assert found["Cu"] == pytest.approx(3 * found["Au"], abs=2)
    assert found["O"] == pytest.approx((found["Cu"] + found["Au"]) / 2, abs=1)
    assert inspect(atoms, builder.expectations()).failures == ()
    assert set(atoms.arrays) == {"numbers", "positions"}
    assert "quasirandom" in atoms.info["how"]


def test_slabs_and_clusters_of_shared_sites_are_filled_too(mixed_file):
    slab = Surface(SurfaceParameters(file=mixed_file, miller=(1, 0, 0), atoms=64)).build(0)
    found = slab.symbols.formula.count()
    assert found["Cu"] == pytest.approx(3 * found["Au"], abs=2) and EMPTY not in found
    cluster = Cluster(ClusterParameters(file=mixed_file, atoms=60)).build(0)
    assert {"Cu", "Au", "O"} == set(cluster.symbols)


def test_the_same_seed_fills_the_same_way_and_another_otherwise(mixed_file):
    one, same, other = (Bulk(BulkParameters(file=mixed_file, atoms=64)).build(seed) for seed in (1, 1, 2))
    assert (one.numbers == same.numbers).all()
    assert len(one) != len(other) or (one.numbers != other.numbers).any()


def test_rounding_of_one_sublattice_is_made_up_for_by_the_next():
    owed = {}
    first = whole_counts({"Li": 0.94, EMPTY: 0.06}, 24, owed)
    second = whole_counts({"Li": 0.349, EMPTY: 0.651}, 96, owed)
    assert first["Li"] + second["Li"] == 56
    assert sum(first.values()) == 24 and sum(second.values()) == 96
    assert sum(whole_counts({"Ni": 1 / 3, "Mn": 1 / 3, "Co": 1 / 3}, 10).values()) == 10


def test_split_sites_are_never_both_occupied():
    places = np.array([[x, 0, 0] for n in range(8) for x in (4.0 * n, 4.0 * n + 0.7)])
    sites = Atoms("Li16", places, cell=[32, 6, 6], pbc=True)
    sites.set_array(SITE, np.ones(16, int))
    for seed in range(5):
        full = filled(sites, [{"Li": 0.5}], np.random.default_rng(seed))
        taken = (full.numbers > 0).reshape(8, 2).sum(axis=1)
        assert (taken == 1).all()
    with pytest.raises(BadInput, match="on top of each other"):
        filled(sites, [{"Li": 0.75}], np.random.default_rng(0))


def test_shares_that_are_no_shares_are_refused():
    sites = Atoms("Li2", [[0, 0, 0], [3, 0, 0]], cell=[6, 6, 6], pbc=True)
    sites.set_array(SITE, np.ones(2, int))
    with pytest.raises(BadInput, match="make 1 at most"):
        filled(sites, [{"Li": 0.7, "Na": 0.7}], np.random.default_rng(0))


@pytest.mark.parametrize("seed", [0, 1])
def test_half_empty_twin_sites_of_a_superionic_conductor_hold_one_ion_each_pair(seed):
    builder = Bulk(BulkParameters(crystal="Li6PS5Cl", repeat=(1, 1, 2)))
    atoms = builder.build(seed)
    assert atoms.symbols.formula.count() == {"Li": 48, "P": 8, "S": 40, "Cl": 8}
    assert inspect(atoms, builder.expectations()).failures == ()
    lithium = atoms[atoms.symbols == "Li"]
    assert lithium.get_all_distances(mic=True)[np.triu_indices(48, 1)].min() > 1.95


def test_two_metals_share_the_octahedra_of_a_spinel_so_that_the_formula_comes_out():
    builder = Bulk(BulkParameters(crystal="Li4Ti5O12", repeat=(1, 1, 3)))
    atoms = builder.build(0)
    assert atoms.symbols.formula.reduce()[0].count() == {"Li": 4, "Ti": 5, "O": 12}
    assert inspect(atoms, builder.expectations()).failures == ()
