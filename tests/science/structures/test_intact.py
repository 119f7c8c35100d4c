"""The gate for assemblies: what a molecule, a charge and a layer must look like, and what each fault is called."""

import numpy as np
from ase import Atoms
from ase.build import bulk, fcc111

from lang2mlip.science.structures.assembly import SOLID, Assembly, Species, joined
from lang2mlip.science.structures.conformer import conformer, signature
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.intact import examine

ALCOHOL = "CCO"


def boxed(*species, cell=(14, 14, 14)):
    """Bodies of (smiles, charge) side by side in a periodic box."""
    atoms, bodies = Atoms(cell=cell, pbc=True), []
    for number, (smiles, charge) in enumerate(species):
        part = conformer(smiles, 1)
        part.positions += [3 + 6 * (number % 2), 3 + 6 * (number // 2), 6]
        atoms += Atoms(part.numbers, part.positions)
        bodies.append((Species(smiles, charge), len(part)))
    return Assembly.of_bodies(atoms, bodies)


def layered(*heights, vacuum=0.0):
    """Metal slabs with the given empty length above each."""
    slab = fcc111("Cu", (2, 2, 3), vacuum=0.0)
    parts, z, atoms = [], 0.0, Atoms()
    for gap in heights:
        part = Atoms(slab.numbers, slab.positions - [0, 0, slab.positions[:, 2].min()] + [0, 0, z])
        z = part.positions[:, 2].max() + gap
        parts.append(Assembly.solid(part))
        atoms += part
    cell = slab.cell.array.copy()
    cell[2] = [0, 0, z + vacuum]
    atoms.set_cell(cell)
    atoms.pbc = (True, True, vacuum == 0)
    return joined(parts, atoms)


def only(report):
    assert len(report.failures) == 1, report.failures
    return report.failures[0]


def test_whole_molecules_pass_also_when_they_cross_the_boundary():
    assembly = boxed((ALCOHOL, 0), (ALCOHOL, 0))
    assert examine(assembly).passed
    moved = Atoms(assembly.atoms)
    moved.positions += 11.0
    moved.wrap()
    assert examine(assembly.with_atoms(moved)).passed


def test_a_torn_molecule_is_counted_once_by_its_smiles():
    assembly = boxed((ALCOHOL, 0), (ALCOHOL, 0))
    torn = Atoms(assembly.atoms)
    torn.positions[4:6] += [0, 0, 4.0]
    assert only(examine(assembly.with_atoms(torn))) == "molecules are not intact: 1 × CCO"


def test_molecules_that_grew_together_are_found_by_their_atoms():
    assembly = boxed((ALCOHOL, 0), (ALCOHOL, 0))
    oxygens = np.flatnonzero(assembly.atoms.symbols == "O")
    grown = Atoms(assembly.atoms)
    second = assembly.body == 1
    grown.positions[second] += grown.positions[oxygens[0]] + [0, 0, 1.35] - grown.positions[oxygens[1]]
    failures = examine(assembly.with_atoms(grown)).failures
    assert any("of different molecules are bonded" in sentence for sentence in failures)


def test_molecules_are_counted_against_what_was_asked_for():
    assembly = boxed((ALCOHOL, 0), ("[Na+]", 1), ("[Cl-]", -1))
    asked = {signature(smiles): 1 for smiles in (ALCOHOL, "[Na+]", "[Cl-]")}
    assert examine(assembly, Expectations(fragments=asked)).passed
    twice = Expectations(fragments=asked | {signature(ALCOHOL): 2})
    assert only(examine(assembly, twice)) == ("the molecules are not those asked for: missing 1 × C2H6O; too many none")


def test_a_charge_that_is_left_over_is_a_failure_only_in_a_periodic_cell():
    salt, lone = boxed(("[Na+]", 1), ("[Cl-]", -1)), boxed(("[Na+]", 1), (ALCOHOL, 0))
    assert examine(salt).passed
    assert only(examine(lone)) == "the formal charges add up to +1 e in a periodic cell"
    free = Atoms(lone.atoms)
    free.pbc = False
    assert examine(lone.with_atoms(free)).passed


def test_an_odd_number_of_electrons_is_remarked_and_passes():
    radical = boxed(("[CH3]", 0))
    report = examine(radical)
    assert report.passed and report.remarks == (
        "9 electrons are an odd number: a closed-shell calculation cannot treat it",
    )
    assert examine(boxed((ALCOHOL, 0))).remarks == ()
    assert examine(Assembly.solid(bulk("Cu"))).remarks == ()


def test_layers_in_their_order_pass_wherever_the_cell_begins():
    stack = layered(2.1, 2.1, 2.1)
    assert examine(stack).passed
    shifted = Atoms(stack.atoms)
    shifted.positions[:, 2] += 0.6 * stack.atoms.cell[2, 2]
    shifted.wrap()
    assert examine(stack.with_atoms(shifted)).passed


def test_layers_that_changed_places_are_found():
    stack = layered(2.1, 2.1, 2.1)
    swapped = Assembly(stack.atoms, (SOLID,), stack.kind, stack.body, np.array([0, 2, 1])[stack.layer])
    assert only(examine(swapped)) == "the layers lie in the order 0, 2, 1 instead of upwards"


def test_a_vacuum_that_nobody_asked_for_is_found_between_layers_and_through_the_top():
    assert only(examine(layered(5.0, 2.1))) == "between two layers 5.0 Å are empty, more than 3.6 Å"
    assert "6.0 Å are empty" in only(examine(layered(2.1, 6.0)))
    assert examine(layered(2.1, 0.0, vacuum=12.0)).passed
