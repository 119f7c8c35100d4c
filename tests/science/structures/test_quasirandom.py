"""Small cells of random alloys are as little ordered as they can be; sublattices keep to themselves."""

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip.errors import BadInput
from lang2mlip.prepare.solutions import described, solid_solution
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.quasirandom import pair_excess, quasirandom


def by_chance(seed):
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.symbols[np.random.default_rng(seed).permutation(32)[:16]] = "Au"
    return atoms


def test_a_quasirandom_cell_is_nearer_to_chance_than_chance_itself():
    made, luck = [], []
    for seed in range(6):
        atoms = by_chance(seed)
        luck.append(np.abs(pair_excess(atoms)).max())
        atoms.symbols = quasirandom(atoms, np.random.default_rng(seed))
        assert atoms.symbols.count("Au") == 16
        made.append(np.abs(pair_excess(atoms)).max())
    assert max(made) < 0.05
    assert np.mean(made) < 0.3 * np.mean(luck)


def test_order_is_seen():
    ordered = bulk("Cu", cubic=True) * (2, 2, 2)
    ordered.symbols[np.isclose(ordered.positions[:, 2] % 3.6, 0.0, atol=0.5)] = "Au"
    assert pair_excess(ordered)[0] > 0.3


def test_another_seed_is_another_arrangement():
    first, second = (quasirandom(by_chance(0), np.random.default_rng(seed)) for seed in (1, 2))
    assert first != second


def test_a_layered_oxide_shares_the_sites_of_one_metal_alone():
    source = solid_solution("LiNi0.8Mn0.1Co0.1O2")
    assert source["sublattice"] == "Co" and source["occupation"]["Ni"] == pytest.approx(0.8)
    made = Bulk(BulkParameters(**source, repeat=(3, 3, 1))).build(0)
    counts = made.symbols.formula.count()
    assert counts["Li"] == counts["Ni"] + counts["Mn"] + counts["Co"] == counts["O"] / 2 == 27
    assert (counts["Ni"], counts["Mn"] + counts["Co"]) in ((21, 6), (22, 5))
    assert "the Co sites of" in described("LiNi0.8Mn0.1Co0.1O2")


def test_a_perovskite_mixes_its_halides():
    source = solid_solution("CsPbI2Br")
    assert source is not None and source["sublattice"] in ("I", "Br")


def test_a_sublattice_that_is_not_there_is_one_sentence():
    with pytest.raises(BadInput, match="no Ni whose sites could be shared"):
        Bulk(BulkParameters(crystal="NaCl", sublattice="Ni", occupation={"Ni": 0.5, "Co": 0.5})).build(0)
