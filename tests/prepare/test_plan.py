"""The structure plan: groups for every phase, held-out builds, and a sentence for what cannot be built."""

import pytest

from lang2mlip.contracts import Component, PotentialSpec, ReferenceSpec, Task
from lang2mlip.errors import BadInput
from lang2mlip.prepare.plan import estimate, plan


def task(*components, high=600.0, seed=0):
    return Task(
        prompt="test",
        goal="test",
        components=components,
        elements=("H",),
        temperature_K=(300.0, high),
        properties=("lattice",),
        reference=ReferenceSpec(name="emt"),
        potential=PotentialSpec(family="mtp"),
        seed=seed,
    )


def metal(*phases, **further):
    return Component(name="copper", formula="Cu", crystal="Cu", phases=phases, **further)


def solvent(name, formula, *phases):
    return Component(name=name, formula=formula, molecule=name, phases=phases)


def groups(made):
    return list(dict.fromkeys(request.group for request in made.requests))


def test_bulk_surfaces_and_melt_of_an_fcc_metal_get_the_low_index_facets_and_a_melt():
    made = plan(task(metal("crystal", "surface", "melt")))
    assert groups(made) == ["bulk", "surface-111", "surface-100", "surface-110", "melt"]


def test_every_group_has_two_to_four_builds_one_to_validate_and_one_for_the_frozen_test():
    made = plan(task(metal("crystal", "surface", "vacancy", "melt"), solvent("ethanol", "C2H6O", "gas", "liquid")))
    for group in groups(made):
        roles = [request.role for request in made.requests if request.group == group]
        assert 2 <= roles.count("train") <= 4
        assert roles.count("validation") == roles.count("test") == 1


def test_names_and_seeds_are_all_different_and_follow_the_task():
    wish = metal("crystal", "surface", "melt")
    made = plan(task(wish))
    assert len({request.name for request in made.requests}) == len(made.requests)
    assert len({request.seed for request in made.requests}) == len(made.requests)
    assert made == plan(task(wish))
    assert made != plan(task(wish, seed=1))


def test_adding_a_phase_moves_no_other_structure():
    few, more = (plan(task(metal(*phases))).requests for phases in (("crystal",), ("crystal", "melt")))
    assert set(request.name for request in few) < set(request.name for request in more)
    assert more[: len(few)] == few


def test_heat_near_the_melting_point_brings_vacancies_and_says_why():
    hot, mild = plan(task(metal("crystal"), high=1200.0)), plan(task(metal("crystal"), high=600.0))
    assert groups(mild) == ["bulk"]
    assert groups(hot) == ["bulk", "vacancy"]
    line = next(request.line for request in hot.requests if request.group == "vacancy")
    assert "1200 K is above 0.7 of the melting point, 1357.77 K" in line


def test_facets_asked_for_are_taken_and_hexagonal_ones_keep_four_indices():
    made = plan(task(metal("surface", facets=((2, 1, 1),))))
    assert groups(made) == ["bulk", "surface-211"], "below every surface lies its bulk"
    carbon = Component(name="graphite", formula="C", crystal="C-graphite", phases=("surface",), facets=((1, 0, -1, 0),))
    assert groups(plan(task(carbon))) == ["bulk", "surface-10-10"]


def test_default_facets_of_a_salt_have_no_dipole():
    salt = Component(name="salt", formula="NaCl", phases=("surface",))
    assert groups(plan(task(salt))) == ["bulk", "surface-100", "surface-110"]


def test_melts_say_that_they_need_heat():
    made = plan(task(metal("melt")))
    for request in made.requests:
        assert request.parameters["melt_at_K"] > 1357
        assert "needs MD above 1357.77 K" in request.line


def test_melts_surround_the_density_of_the_liquid():
    def volumes(key):
        made = plan(task(Component(name="x", formula="H", crystal=key, phases=("melt",))))
        return sorted(request.parameters["expansion"] for request in made.requests)

    assert volumes("Cu")[0] < 8.96 / 8.02 < volumes("Cu")[-1]
    assert volumes("NaCl")[0] > 1.3, "salts expand by a third on melting"
    assert volumes("Si")[-1] < 1.0, "tetrahedral semiconductors shrink"


def test_several_components_give_groups_with_their_names():
    made = plan(task(solvent("ethanol", "C2H6O", "gas"), solvent("acetone", "C3H6O", "gas")))
    assert groups(made) == ["ethanol-molecule", "acetone-molecule"]


def electrolyte(*amounts):
    names = ("ethylene-carbonate", "dimethyl-carbonate", "lithium-hexafluorophosphate")
    formulas = ("C3H4O3", "C3H6O3", "LiPF6")
    made = [solvent(name, formula, "liquid") for name, formula in zip(names, formulas, strict=True)]
    return [one.model_copy(update={"amount": amount}) for one, amount in zip(made, amounts, strict=True)]


def test_a_salt_and_its_solvents_are_a_solution_beside_the_pure_solvent():
    made = plan(task(*electrolyte("3 parts by volume", "7 parts by volume", "1.2 mol/L")))
    assert groups(made) == ["solvent", "solution"]
    first = {request.group: request.parameters["molecules"] for request in reversed(made.requests)}
    assert [(part["parts"], part["by"]) for part in first["solvent"]] == [(3.0, "volume"), (7.0, "volume")]
    assert first["solution"][2] == {"name": "lithium-hexafluorophosphate", "molarity_mol_L": 1.2}


def test_solutions_vary_in_strength_and_hold_a_whole_formula_unit():
    made = [request for request in plan(task(*electrolyte(None, None, "0.5 mol/L"))).requests]
    strengths = {one.parameters["molecules"][-1].get("molarity_mol_L") for one in made if one.group == "solution"}
    assert len(strengths) >= 3 and 0.5 in strengths
    for one in made:
        if one.group == "solution":
            volume_A3 = one.parameters["atoms"] / 0.1
            assert one.parameters["molecules"][-1]["molarity_mol_L"] * volume_A3 / 1660.5 > 0.95


def test_glasses_of_molecules_and_of_crystals_are_melted_and_quenched():
    glass = Component(name="salt", formula="C4H4Li2O6", molecule="lithium-ethylene-dicarbonate", phases=("amorphous",))
    made = plan(task(glass, Component(name="other salt", formula="Li2CO3", phases=("amorphous",))))
    assert groups(made) == ["salt-amorphous", "other-salt-amorphous"]
    assert {request.builder for request in made.requests} == {"amorphous"}


def layered(*layers):
    anode = Component(name="anode", formula="C", crystal="C-graphite", phases=("surface",), facets=((1, 0, -1, 0),))
    crust = Component(name="crust", formula="Li2CO3", phases=("amorphous",))
    return task(anode, crust, *electrolyte("1 part", "1 part", "1 mol/L")).model_copy(update={"layers": layers})


MIXED = "ethylene-carbonate + dimethyl-carbonate + lithium-hexafluorophosphate"


def test_layers_bring_every_pair_of_neighbours_and_the_whole():
    made = plan(layered("anode", "crust", MIXED))
    alone = ["anode-bulk", "anode-surface-10-10", "crust-amorphous", "solvent", "solution"]
    assert groups(made) == [*alone, "anode--crust", "crust--liquid", "whole"]
    whole = next(request for request in made.requests if request.group == "whole")
    assert [layer["builder"] for layer in whole.parameters["layers"]] == ["surface", "amorphous", "molecule"]


def test_two_layers_are_a_pair_and_no_other_whole():
    assert groups(plan(layered("anode", "crust")))[-1] == "anode--crust"


def test_builds_of_an_interface_differ_in_size_thickness_density_strength_and_separation():
    made = [one.parameters for one in plan(layered("crust", MIXED)).requests if one.group == "crust--liquid"]
    assert len(made) == 6
    assert len({one["lateral_A"] for one in made}) >= 3
    assert len({one["layers"][1]["thickness_A"] for one in made}) >= 3
    assert len({one["layers"][0]["parameters"].get("expansion") for one in made}) >= 3
    assert len({one["layers"][1]["parameters"]["molecules"][2]["molarity_mol_L"] for one in made}) >= 3
    assert any(one["equilibrate_ps"] == 0 and one["gap_A"] > 2.5 for one in made)


def test_a_component_without_phases_takes_the_natural_one():
    assert groups(plan(task(metal()))) == ["bulk"]
    assert groups(plan(task(solvent("water", "H2O")))) == ["molecule"]
    assert groups(plan(task(Component(name="steam", formula="H2O", phases=())))) == ["molecule"]


def test_a_phase_without_a_builder_is_left_out_with_a_remark():
    made = plan(task(metal("crystal", "polymer")))
    assert groups(made) == ["bulk"]
    assert "no builder makes the phase 'polymer'" in made.remarks[0]


def test_clusters_boundaries_and_adsorbates_have_their_own_classes():
    assert groups(plan(task(metal("cluster")))) == ["cluster"]
    alone = plan(task(metal("interface")))
    assert groups(alone) == ["bulk", "boundary"]
    assert {request.builder for request in alone.requests} == {"bulk", "solid_solid"}
    gas = plan(task(metal("surface", facets=((1, 1, 1),)), solvent("carbon-monoxide", "CO", "gas")))
    sites = [request.parameters["site"] for request in gas.requests if request.builder == "solid_molecule"]
    assert set(sites) == {"top", "bridge", "hollow"}
    assert "because no layers are named: copper | carbon-monoxide" in gas.remarks[0]


def test_two_liquids_or_two_crystals_that_share_an_interface_get_it():
    wet = plan(task(solvent("hexane", "C6H14", "interface"), solvent("water", "H2O", "interface")))
    assert groups(wet)[-1] == "hexane--water"
    dry = plan(task(metal("interface"), Component(name="lid", formula="Ni", phases=("interface",))))
    assert [request.builder for request in dry.requests if request.group == "copper--lid"] == ["solid_solid"] * 6


def test_a_salt_beside_a_polymer_is_in_it():
    chain = Component(name="chain", formula="C2H4O", smiles="*CCO*", phases=("melt",), amount="20 parts")
    salt = solvent("lithium-hexafluorophosphate", "LiPF6", "liquid").model_copy(update={"amount": "1 part"})
    made = plan(task(chain, salt))
    assert groups(made) == ["polymer"]
    assert made.requests[0].parameters["dissolved"][0]["per_unit"] == 0.05


def test_every_request_of_every_class_passes_its_builder_s_own_check():
    from lang2mlip.catalogue import load

    wishes = [
        task(metal("crystal", "surface", "melt", "cluster", "vacancy", "amorphous")),
        task(metal("interface")),
        layered("anode", "crust", MIXED),
        task(metal("surface"), solvent("carbon-monoxide", "CO", "gas")),
        task(metal("interface"), Component(name="lid", formula="Ni", phases=("interface",))),
        task(Component(name="chain", formula="C2H4O", smiles="*CCO*", phases=("polymer",))),
    ]
    for wish in wishes:
        for request in plan(wish).requests:
            kind = load("structure", request.builder).Parameters
            kind.model_validate(request.parameters)


def test_what_cannot_be_built_is_said():
    with pytest.raises(BadInput, match="no builder makes the phase 'polymer' of a crystal"):
        plan(task(metal("polymer")))
    with pytest.raises(BadInput, match="ethanol: how its molecules pack in the crystal is not in the crystal table"):
        plan(task(solvent("ethanol", "C2H6O", "crystal")))
    with pytest.raises(BadInput, match="neither the crystal nor the molecule table"):
        plan(task(Component(name="unobtainium", formula="Xe7C", phases=("crystal",))))


def test_the_estimate_counts_calls_and_atoms_of_every_structure():
    made = plan(task(metal("crystal"), solvent("ethanol", "C2H6O", "gas")))
    rough = {one.name: one for one in estimate(made)}
    assert set(rough) == {request.name for request in made.requests}
    assert rough["ethanol-molecule-1"].atoms == 9
    assert all(one.atoms > 0 and one.calls > 0 for one in rough.values())


def test_an_ion_that_a_salt_brings_is_no_further_part_of_the_solution():
    cation = Component(name="Li+", formula="Li", smiles="[Li+]", phases=("liquid",))
    made = plan(task(*electrolyte("3 parts", "7 parts", "1 mol/L"), cation))
    solution = next(request for request in made.requests if request.group == "solution")
    assert len(solution.parameters["molecules"]) == 3
