"""The compiled kernels agree with physics and with motep's own engine."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list
from motep.calculator import MTP
from motep.io.mlip.mtp import read_mtp

from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.calculator import MTPCalculator
from lang2mlip.science.trainers.mtp.core import Core, no_core
from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.jacobian import frame_jacobian
from lang2mlip.science.trainers.mtp.neighbours import neighbours
from lang2mlip.science.trainers.mtp.potential import Potential, read_potential, write_potential
from lang2mlip.science.trainers.mtp.search import rough_atoms
from lang2mlip.science.trainers.mtp.tables import parameters

SPECIES = ("Cu", "Au")
CORE = Core(np.full((2, 2), 2.45), np.full((2, 2), 3.0), np.array([29.0, 79.0]))


def potential(level: int, n_species: int = 2, size: int = 8) -> Potential:
    rng = np.random.default_rng(level)
    basis = moment_basis(level)
    radial = rng.normal(size=(n_species, n_species, basis.n_radial, size)) * 0.02
    return Potential(basis, 1.5, 5.0, radial, rng.normal(size=len(basis.mapping)), rng.normal(size=n_species))


def alloy(rattle: float = 0.15) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 1)
    atoms.numbers[::3] = 79
    atoms.rattle(rattle, seed=1)
    atoms.set_cell(atoms.cell @ (np.eye(3) + [[0.02, 0.01, 0], [0, -0.03, 0.04], [0, 0, 0.01]]), scale_atoms=True)
    return atoms


def calculator(level: int = 10, core: Core = CORE) -> MTPCalculator:
    return MTPCalculator(Engine(potential(level), SPECIES, core))


@pytest.mark.parametrize("pbc", [True, False, (True, True, False), (False, True, False)])
@pytest.mark.parametrize("repeat", [(1, 1, 1), (3, 1, 4)])
def test_the_neighbour_list_is_that_of_ase(pbc: object, repeat: tuple[int, int, int]) -> None:
    atoms = bulk("Cu") * repeat
    atoms.rattle(0.1, seed=1)
    atoms.pbc = pbc
    atoms.positions += [7.0, -9.0, 3.0]
    atoms.positions[0] += 2 * atoms.cell[0] * atoms.pbc[0]
    found = neighbours(atoms, 5.0)
    ours = zip(np.repeat(np.arange(len(atoms)), np.diff(found.first)), found.partner, found.image.tolist(), strict=True)
    i, j, shift = neighbor_list("ijS", atoms, 5.0)
    theirs = zip(i, j, shift.tolist(), strict=True)
    assert sorted((int(a), int(b), c) for a, b, c in ours) == sorted((int(a), int(b), c) for a, b, c in theirs)


@pytest.mark.parametrize("level", [2, 8, 16])
def test_motep_gives_the_same_energy_forces_and_stress_for_our_file(level: int, tmp_path: Path) -> None:
    write_potential(potential(level), tmp_path / "potential.mtp", "test")
    data = read_mtp(tmp_path / "potential.mtp")
    data.species = [29, 79]
    ours, theirs = alloy(), alloy()
    ours.calc = MTPCalculator(Engine(potential(level), SPECIES, no_core(np.array([29, 79]))))
    theirs.calc = MTP(data)
    assert ours.get_potential_energy() == pytest.approx(theirs.get_potential_energy(), rel=1e-11)
    assert np.allclose(ours.get_forces(), theirs.get_forces(), rtol=1e-9, atol=1e-9)
    assert np.allclose(ours.get_stress(), theirs.get_stress(), rtol=1e-9, atol=1e-11)


def test_a_potential_read_back_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    before = potential(10)
    write_potential(before, tmp_path / "potential.mtp", "test")
    after = read_potential(tmp_path / "potential.mtp")
    assert (after.radial == before.radial).all() and (after.linear == before.linear).all()
    assert (after.shift == before.shift).all() and (after.basis.times == before.basis.times).all()
    assert after.basis.level == 10


def test_a_damaged_potential_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "potential.mtp").write_text("MTP\nspecies_count = 1\n")
    with pytest.raises(BadInput, match="potential.mtp is not a moment tensor potential"):
        read_potential(tmp_path / "potential.mtp")


def test_forces_are_minus_the_slope_of_the_energy_core_included() -> None:
    atoms, h = alloy(), 1e-4
    atoms.calc = calculator()
    assert atoms.get_all_distances(mic=True)[np.triu_indices(16, 1)].min() < 2.4  # the core is at work
    forces = atoms.get_forces()
    for i, axis in [(0, 0), (3, 1), (7, 2), (12, 0)]:
        energies = []
        for step in (h, -h):
            moved = atoms.copy()
            moved.positions[i, axis] += step
            moved.calc = atoms.calc
            energies.append(moved.get_potential_energy())
        assert forces[i, axis] == pytest.approx(-(energies[0] - energies[1]) / (2 * h), rel=1e-5, abs=1e-6)


def test_stress_is_the_strain_derivative_of_the_energy() -> None:
    atoms, h = alloy(), 1e-5
    atoms.calc = calculator()
    stress = atoms.get_stress(voigt=False)
    for a, b in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]:
        energies = []
        for step in (h, -h):
            strain = np.eye(3)
            strain[a, b] += 0.5 * step
            strain[b, a] += 0.5 * step
            moved = atoms.copy()
            moved.set_cell(atoms.cell @ strain, scale_atoms=True)
            moved.calc = calculator()
            energies.append(moved.get_potential_energy())
        slope = (energies[0] - energies[1]) / (2 * h * atoms.get_volume())
        assert stress[a, b] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_energy_does_not_depend_on_orientation_place_or_order() -> None:
    atoms = alloy()
    atoms.calc = calculator()
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    turned = atoms.copy()
    turned.rotate(37.0, (1, 2, 3), rotate_cell=True)
    turned.positions += [0.3, -8.0, 1.1]
    turned = turned[::-1]
    turned.calc = calculator()
    assert turned.get_potential_energy() == pytest.approx(energy, rel=1e-10)
    assert np.allclose(np.linalg.norm(turned.get_forces(), axis=1)[::-1], np.linalg.norm(forces, axis=1))


def test_a_supercell_has_a_multiple_of_the_energy_and_one_calculator_serves_both() -> None:
    atoms = alloy()
    atoms.calc = calculator()
    energy = atoms.get_potential_energy()
    large = atoms.repeat((2, 1, 3))
    large.calc = atoms.calc
    assert large.get_potential_energy() == pytest.approx(6 * energy, rel=1e-10)
    assert atoms.get_potential_energy() == pytest.approx(energy, rel=1e-12)


def test_a_kept_neighbour_list_gives_what_a_fresh_one_gives() -> None:
    atoms, rng = alloy(0.02), np.random.default_rng(0)
    atoms.calc = calculator()
    for _ in range(30):
        atoms.positions += rng.normal(size=(16, 3)) * 0.05
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(size=(3, 3)) * 0.003), scale_atoms=True)
        fresh = atoms.copy()
        fresh.calc = calculator()
        assert atoms.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), rel=1e-10)
        assert np.allclose(atoms.get_forces(), fresh.get_forces(), atol=1e-8)


def test_a_molecule_in_vacuum_needs_no_cell_and_has_no_net_force() -> None:
    atoms = molecule("C60")
    atoms.numbers[:] = 29
    atoms.positions *= 1.6
    atoms.calc = calculator()
    assert np.allclose(atoms.get_forces().sum(axis=0), 0.0, atol=1e-8)
    assert "stress" not in atoms.calc.results


@pytest.mark.parametrize(("level", "size"), [(8, 6), (14, 5)])
def test_the_jacobian_is_the_slope_of_energy_forces_and_virial_in_every_parameter(level: int, size: int) -> None:
    base, atoms, h = potential(level, size=size), alloy(), 1e-6
    none = no_core(np.array([29, 79]))
    engine = Engine(base, SPECIES, none)
    system = engine.system(atoms)
    jacobian = frame_jacobian(engine.tables, parameters(base), system, True)
    numbers = np.concatenate([base.linear, base.shift, base.radial.ravel()])
    assert len(jacobian) == len(numbers)
    for column in range(0, len(numbers), 7):
        rows = []
        for step in (h, -h):
            moved = numbers.copy()
            moved[column] += step
            linear, shift, radial = np.split(moved, [len(base.linear), len(base.linear) + 2])
            other = base.with_parameters(linear, shift, radial.reshape(base.radial.shape))
            values = Engine(other, SPECIES, none).values(system)
            virial = values.virial.ravel()[[0, 4, 8, 5, 2, 1]]
            rows.append(np.concatenate([[values.energies.sum()], values.forces.T.ravel(), virial]))
        slope = (rows[0] - rows[1]) / (2 * h)
        assert np.allclose(jacobian[column], slope, atol=1e-5 * np.abs(slope).max())


def test_an_element_the_potential_lacks_is_refused() -> None:
    atoms = bulk("Al")
    atoms.calc = calculator()
    with pytest.raises(UnsupportedElement, match="knows Cu, Au, not Al"):
        atoms.get_potential_energy()


def test_radial_functions_of_many_species_are_first_found_on_more_atoms() -> None:
    few, many = (rough_atoms(potential(12, species, 10)) for species in (1, 6))
    coefficients = potential(12, 6, 10).radial.size
    assert few == 5000 and 3 * many / coefficients >= 60  # three force components for each atom
