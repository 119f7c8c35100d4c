"""Stacks: layers in their order, touching, each as its own builder makes it; crystals held, molecules whole."""

import numpy as np
import pytest

from lang2mlip.contracts import check
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import closest_pair
from lang2mlip.science.structures.intact import examine
from lang2mlip.science.structures.layers import scaled
from lang2mlip.science.structures.stack import Stack, StackParameters


def crystal(key, miller, thickness_A=5.0, **more):
    return {"builder": "surface", "parameters": {"crystal": key, "miller": miller, **more}, "thickness_A": thickness_A}


def liquid(*names, thickness_A=12.0, **more):
    molecules = [{"name": name} for name in names]
    return {"builder": "molecule", "parameters": {"molecules": molecules, "state": "liquid", **more}} | {
        "thickness_A": thickness_A
    }


def stacked(*layers, **more):
    return Stack(StackParameters(**{"layers": layers, "lateral_A": 9.0, "equilibrate_ps": 0.0, **more}))


def per_atom_A2(atoms, symbol):
    """Area of the plane for each atom of a layer that is three atoms thick."""
    return 3 * np.linalg.norm(np.cross(*atoms.cell.array[:2])) / (atoms.symbols == symbol).sum()


METALS = (crystal("Cu", (1, 1, 1)), crystal("Ni", (1, 1, 1)))


def test_layers_lie_in_their_order_and_touch():
    builder = stacked(*METALS)
    assembly = builder.assemble(1)
    assert examine(assembly, builder.expectations()).passed
    z, layer = assembly.atoms.positions[:, 2], assembly.atoms.arrays["layer"]
    assert z[layer == 0].max() < z[layer == 1].min()
    assert (assembly.atoms.symbols[layer == 0] == "Cu").all() and (assembly.atoms.symbols[layer == 1] == "Ni").all()
    between = z[layer == 1].min() - z[layer == 0].max()
    through = assembly.atoms.cell[2, 2] - np.ptp(z)
    assert 1.5 < between < 2.6 and 1.5 < through < 2.6
    assert closest_pair(assembly.atoms)[0] > 0.9


def test_the_first_crystal_sets_the_cell_and_the_strain_of_the_second_is_told():
    atoms = stacked(*METALS).build(1)
    assert per_atom_A2(atoms, "Cu") == pytest.approx(3.6146**2 * np.sqrt(3) / 4, rel=1e-3)
    assert per_atom_A2(atoms, "Ni") == pytest.approx(3.524**2 * np.sqrt(3) / 4, rel=0.1)
    told = float(atoms.info["how"].split("strained by ")[1].split("%")[0])
    assert 0 < told < 5


def test_a_vacuum_is_above_the_stack_and_nowhere_else():
    builder = stacked(*METALS, vacuum_A=14.0)
    assembly = builder.assemble(1)
    assert examine(assembly, builder.expectations()).passed
    assert not assembly.atoms.pbc[2]
    assert assembly.atoms.cell[2, 2] - np.ptp(assembly.atoms.positions[:, 2]) == pytest.approx(14.0)


def test_a_wider_gap_is_kept_between_the_nearest_atoms():
    atoms = stacked(*METALS, gap_A=3.2).build(1)
    layer = atoms.arrays["layer"]
    pairs = atoms.get_all_distances(mic=True)[layer == 0][:, layer == 1]
    assert pairs.min() == pytest.approx(3.2, abs=1e-6)


def test_every_crystal_in_a_stack_takes_the_size_of_the_reference():
    wish = check(StackParameters, {"layers": METALS, "lateral_A": 9.0, "equilibrate_ps": 0.0}, "stack")
    grown = scaled(wish, lambda source: {"Cu": 1.02, "Ni": 1.01}[source.crystal])
    assert [layer.parameters["scale"] for layer in grown.layers] == [1.02, 1.01]
    before, after = Stack(wish).build(1), Stack(grown).build(1)
    assert per_atom_A2(after, "Cu") == pytest.approx(1.02**2 * per_atom_A2(before, "Cu"))


def test_a_builder_that_makes_no_layers_is_refused_by_name():
    with pytest.raises(BadInput, match="A layer cannot be made by the builder 'melt'"):
        stacked({"builder": "melt", "parameters": {"crystal": "Cu"}, "thickness_A": 5.0}, METALS[0]).build(1)
    with pytest.raises(BadInput, match="No structure is called 'surfacee'. Did you mean 'surface'"):
        check(StackParameters, {"layers": [METALS[0] | {"builder": "surfacee"}, METALS[1]]}, "stack")


def test_a_liquid_between_crystals_keeps_its_molecules_and_leaves_no_vacuum():
    builder = stacked(crystal("Cu", (1, 1, 1)), liquid("water"), lateral_A=10.0, equilibrate_ps=2.0)
    assembly = builder.assemble(3)
    assert examine(assembly, builder.expectations()).passed
    atoms = assembly.atoms
    water = assembly.layer == 1
    assert atoms.symbols[water].formula.reduce()[0].count() == {"H": 2, "O": 1}
    area = np.linalg.norm(np.cross(*atoms.cell.array[:2]))
    copper = 3 * 3.6146 / np.sqrt(3)
    density = atoms.get_masses()[water].sum() * 1.66054 / (area * (atoms.cell[2, 2] - copper))
    assert 0.75 < density < 1.25


def test_the_crystal_is_held_while_the_rest_moves():
    laid = stacked(crystal("Cu", (1, 1, 1)), liquid("water"), lateral_A=10.0).build(3)
    moved = stacked(crystal("Cu", (1, 1, 1)), liquid("water"), lateral_A=10.0, equilibrate_ps=2.0).build(3)
    solid = laid.arrays["layer"] == 0
    before, after = (atoms.positions[solid] - atoms.positions[solid][0] for atoms in (laid, moved))
    assert after == pytest.approx(before, abs=1e-6)
    assert np.linalg.norm(moved.cell[0]) == pytest.approx(np.linalg.norm(laid.cell[0]))


def glass(key, thickness_A=7.0):
    quick = {"crystal": key, "quench_ps": 0.5, "anneal_ps": 0.2}
    return {"builder": "amorphous", "parameters": quick, "thickness_A": thickness_A}


@pytest.fixture(scope="module")
def three():
    """Crystal, glass of molecular ions, electrolyte with a salt."""
    wet = liquid("ethylene-carbonate", "dimethyl-carbonate", thickness_A=11.0)
    salt = {"name": "lithium-hexafluorophosphate", "molarity_mol_L": 1.0}
    wet["parameters"]["molecules"].append(salt)
    builder = stacked(crystal("C-graphite", (1, 0, -1, 0)), glass("Li2CO3"), wet, lateral_A=11.0, equilibrate_ps=1.0)
    return builder, builder.assemble(2)


def test_crystal_glass_and_electrolyte_pass_the_gate_together(three):
    builder, assembly = three
    assert examine(assembly, builder.expectations()).failures == ()
    assert assembly.charge == 0 and assembly.atoms.pbc.all()


def test_each_layer_has_the_composition_that_was_asked_for(three):
    _, assembly = three
    symbols = [assembly.atoms.symbols[assembly.layer == number] for number in range(3)]
    assert set(symbols[0]) == {"C"}
    assert symbols[1].formula.reduce()[0].count() == {"Li": 2, "C": 1, "O": 3}
    wet = symbols[2].formula.count()
    assert wet["Li"] == wet["P"] == wet["F"] / 6 == 1
    kinds = [assembly.species[kind].smiles for kind in np.unique(assembly.kind[assembly.layer == 2])]
    assert len(kinds) == 4 and None not in kinds


def test_layers_follow_each_other_and_their_heights_hardly_overlap(three):
    _, assembly = three
    z = assembly.atoms.positions[:, 2]
    spans = [np.quantile(z[assembly.layer == number], [0.1, 0.9]) for number in range(3)]
    centres = [z[assembly.layer == number].mean() for number in range(3)]
    assert centres == sorted(centres)
    assert spans[0][1] < spans[1][0] < spans[1][1] < spans[2][0]
