"""Polymers: chains whole, tacticity in space, ends in hydrogen, melts at their density."""

import numpy as np
import pytest
from ase.formula import Formula

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.chain import chain_smiles, has_stereo
from lang2mlip.science.structures.gate import density_g_cm3, fragments, inspect
from lang2mlip.science.structures.polymer import Polymer, PolymerParameters

pytest.importorskip("rdkit")


def polymer(seed=0, **parameters):
    builder = Polymer(PolymerParameters(**parameters))
    atoms = builder.build(seed)
    report = inspect(atoms, builder.expectations())
    assert report.passed, report.failures
    return atoms


@pytest.mark.parametrize("key", sorted(table("polymers")))
def test_every_polymer_of_the_table_has_the_formula_of_its_unit(key):
    entry = table("polymers")[key]
    longer, shorter = (Polymer(PolymerParameters(name=key, length=n, state="chain")).build(0) for n in (4, 3))
    unit = longer.symbols.formula.count()
    for symbol, count in shorter.symbols.formula.count().items():
        unit[symbol] -= count
    assert {symbol: count for symbol, count in unit.items() if count} == Formula(entry["formula"]).count()


def test_a_chain_is_one_molecule_that_ends_in_hydrogen():
    chain = polymer(smiles="*CC*", length=8, state="chain")
    assert chain.symbols.formula.count() == {"C": 16, "H": 34}
    assert len(fragments(chain)) == 1


def handedness(chain):
    """Sign of the triple product (before, after, side group) of every inner chiral carbon along the chain."""
    from ase.neighborlist import neighbor_list

    i, j = neighbor_list("ij", chain, 1.75)
    carbon = chain.symbols == "C"
    near = {n: [b for a, b in zip(i, j, strict=True) if a == n and carbon[b]] for n in np.flatnonzero(carbon)}
    methyl = {n for n, around in near.items() if len(around) == 1}
    signs = []
    for n in sorted(near):
        around = near[n]
        if len(around) == 3 and sum(m in methyl for m in around) == 1:
            side = next(m for m in around if m in methyl)
            before, after = sorted(m for m in around if m != side)
            vectors = chain.positions[[before, after, side]] - chain.positions[n]
            signs.append(int(np.sign(np.linalg.det(vectors))))
    return signs


def test_tacticity_is_seen_in_space():
    chains = {
        kind: handedness(polymer(smiles="*CC(*)C", length=8, tacticity=kind, state="chain"))
        for kind in ("isotactic", "syndiotactic")
    }
    assert len(chains["isotactic"]) >= 5
    assert len(set(chains["isotactic"])) == 1
    assert all(a == -b for a, b in zip(chains["syndiotactic"], chains["syndiotactic"][1:], strict=False))


def test_atactic_chains_differ_by_seed_and_units_without_centre_have_no_tacticity():
    assert chain_smiles("*CC(*)C", 8, "atactic", 1) != chain_smiles("*CC(*)C", 8, "atactic", 2)
    assert has_stereo("*CC(*)C") and not has_stereo("*CC*") and not has_stereo("*CC(*)(F)F")


def test_a_melt_finds_its_density_with_whole_chains():
    melt = polymer(name="PE", length=10, atoms=250, equilibrate_ps=5)
    assert melt.pbc.all()
    assert density_g_cm3(melt) == pytest.approx(0.80, abs=0.15)
    assert sum(fragments(melt).values()) == 4


def test_a_polymer_electrolyte_holds_its_salt_at_the_ratio_asked_for():
    salt = {"smiles": "[Li+].[N-](S(=O)(=O)C(F)(F)F)S(=O)(=O)C(F)(F)F", "per_unit": 0.1}
    made = polymer(name="PEO", length=10, atoms=300, dissolved=[salt], equilibrate_ps=2)
    assert made.symbols.count("Li") == made.symbols.count("N") == sum(fragments(made).values()) // 3
    assert made.get_initial_charges().sum() == pytest.approx(0)


def test_what_is_no_repeat_unit_or_no_name_is_one_sentence():
    with pytest.raises(BadInput, match=r"is no repeat unit: write it with two ends"):
        polymer(smiles="CC", state="chain")
    with pytest.raises(UnknownName, match="No polymer is called 'polyethilene'"):
        polymer(name="polyethilene", state="chain")
