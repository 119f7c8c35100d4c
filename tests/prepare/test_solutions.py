"""An alloy that no table names becomes a random solid solution, where its elements would mix."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.prepare.solutions import described, solid_solution
from lang2mlip.prepare.variants import crystals, leaning
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.melt import Melt, MeltParameters
from lang2mlip.science.structures.source import CrystalSource
from lang2mlip.science.structures.surface import Surface, SurfaceParameters


def test_two_close_packed_metals_of_like_size_mix_on_the_lattice_of_the_main_one():
    made = solid_solution("Al3Cu")
    assert made["crystal"] == "Al"
    assert made["occupation"] == {"Al": 0.75, "Cu": 0.25}
    assert 0.95 < made["scale"] < 1.0  # copper is the smaller
    assert "75 % Al" in described("Al3Cu")


@pytest.mark.parametrize("formula", ["LiSi", "FeC", "Cu", "NaCl", "KLi"])
def test_what_does_not_mix_is_no_solution(formula):
    assert solid_solution(formula) is None
    assert described(formula) is None


def test_semiconductors_of_one_lattice_mix():
    assert solid_solution("SiGe")["occupation"] == {"Si": 0.5, "Ge": 0.5}


def test_every_builder_occupies_its_sites_by_the_shares_and_by_the_seed():
    source = solid_solution("Cu3Au") | {"atoms": 32}
    first, second = (Bulk(BulkParameters(**source)).build(seed) for seed in (1, 2))
    assert first.symbols.formula.count() == second.symbols.formula.count() == {"Cu": 24, "Au": 8}
    assert (first.numbers != second.numbers).any()
    np.testing.assert_allclose(first.positions, second.positions)
    slab = Surface(SurfaceParameters(**source, miller=(1, 1, 1))).build(3)
    assert slab.symbols.formula.count()["Au"] == round(len(slab) / 4)
    melt = Melt(MeltParameters(**source, expansion=1.1)).build(1)
    assert melt.symbols.formula.count() == {"Cu": 24, "Au": 8}
    assert neighbor_list("d", melt, 3.0).min() > 1.5


def test_training_structures_of_an_alloy_differ_in_composition_and_others_do_not():
    group = crystals(solid_solution("CuAu"))
    shares = [variant.parameters["occupation"]["Cu"] for variant in group.variants if variant.role == "train"]
    assert min(shares) < 0.45 and max(shares) > 0.55
    assert all(sum(variant.parameters["occupation"].values()) == pytest.approx(1) for variant in group.variants)
    assert leaning({"crystal": "Cu"}, 0.1) == {}
    assert leaning({"occupation": {"Cu": 0.98, "Au": 0.02}}, 0.1)["occupation"]["Au"] == pytest.approx(0.05)


def test_shares_that_do_not_make_one_are_refused():
    with pytest.raises(ValueError, match="make 1"):
        CrystalSource(crystal="Cu", occupation={"Cu": 0.5, "Au": 0.2})


def test_counts_are_the_nearest_whole_atoms():
    atoms = Bulk(BulkParameters(crystal="Cu", occupation={"Cu": 1 / 3, "Au": 2 / 3}, repeat=(2, 2, 2))).build(0)
    assert atoms.symbols.formula.count() == {"Au": 21, "Cu": 11}


def test_an_unknown_host_is_named():
    with pytest.raises(BadInput):
        Bulk(BulkParameters(crystal="Xx", occupation={"Cu": 1.0})).build(0)


def test_elements_of_unlike_size_do_not_share_the_sites_of_a_compound():
    assert solid_solution("Li7La3Zr2O12") is None
    assert solid_solution("Cs2PbI5Br") is None
