"""Lattice, elastic constants, vacancies and surfaces, against values found another way."""

import numpy as np
import pytest
from ase.build import bulk, fcc100, fcc111, molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.eos import EquationOfState as AseEquationOfState
from ase.units import GPa
from stretched import Scaled

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.evaluation.equation_of_state import EquationOfState, birch_murnaghan
from lang2mlip.science.evaluation.measured import conventional, relax
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy, _neighbourhood


def rotated(atoms):
    turned = atoms.copy()
    turned.rotate(40, (1, 2, 3), rotate_cell=True)
    return turned


def test_the_curve_through_exact_points_gives_back_what_made_them():
    from ase.eos import birchmurnaghan

    volumes = np.linspace(10, 13, 8)
    found = birch_murnaghan(volumes, birchmurnaghan(volumes, -3.5, 0.9, 4.7, 11.4))
    assert found.volume_A3_atom == pytest.approx(11.4, rel=1e-6)
    assert found.bulk_modulus_GPa == pytest.approx(0.9 / GPa, rel=1e-5)
    assert found.energy_eV_atom == pytest.approx(-3.5, abs=1e-8)


def test_lattice_and_bulk_modulus_agree_with_ases_own_fit():
    curve = EquationOfState().curve(bulk("Cu"), EMT())
    v0, _, b0 = AseEquationOfState(curve.volume_A3_atom, curve.energy_eV_atom, "birchmurnaghan").fit()
    assert curve.minimum.volume_A3_atom == pytest.approx(v0, rel=1e-5)
    assert curve.minimum.bulk_modulus_GPa == pytest.approx(b0 / GPa, rel=1e-4)
    assert curve.lattice_parameter_A == pytest.approx((4 * v0) ** (1 / 3), rel=1e-5)


def test_a_supercell_and_a_turned_cell_have_the_same_lattice_parameter():
    for atoms in (bulk("Cu", cubic=True) * (2, 2, 2), rotated(bulk("Cu"))):
        assert EquationOfState().curve(atoms, EMT()).lattice_parameter_A == pytest.approx(3.5898, abs=1e-3)


def test_the_deviation_of_a_potential_that_is_longer_and_softer_is_found_and_the_calls_are_told():
    reference = Counted(EMT())
    check = EquationOfState(lattice_percent=0.3, bulk_modulus_percent=3)
    found = check.measure("bulk", bulk("Cu"), Scaled(1.01, 0.9), reference)
    lattice, modulus = found.properties
    assert lattice.deviation == pytest.approx(1.0, abs=0.01) and not lattice.passed
    assert modulus.value / modulus.reference == pytest.approx(0.9 / 1.01**3, rel=1e-3)
    assert found.reference_calls == reference.calls == 9
    assert set(found.curves["eos"]["potential"]) == {"volume_A3_atom", "energy_eV_atom"}
    again = check.measure("bulk", bulk("Cu"), EMT(), check.curve(bulk("Cu"), EMT()))
    assert again.reference_calls == 0 and all(one.passed for one in again.properties)


def test_a_curve_without_a_minimum_is_refused():
    with pytest.raises(PartFailed, match="no minimum"):
        EquationOfState().curve(bulk("Cu", a=4.5), EMT())


def energy_of(atoms, tensor):
    strained = atoms.copy()
    strained.set_cell(atoms.cell @ (np.eye(3) + tensor), scale_atoms=True)
    return single_point(strained, EMT()).energy


def second_derivative(atoms, tensor, h=0.004):
    """d²E/dε² / V, GPa."""
    down, here, up = (energy_of(atoms, k * h * tensor) for k in (-1, 0, 1))
    return (up - 2 * here + down) / h**2 / atoms.cell.volume / GPa


def test_cubic_constants_from_stress_are_those_of_the_energy():
    found = Elastic().constants(rotated(bulk("Cu")), EMT())
    crystal = bulk("Cu", cubic=True, a=EquationOfState().curve(bulk("Cu"), EMT()).lattice_parameter_A)
    shear = np.array([[0, 0, 0], [0, 0, 0.5], [0, 0.5, 0]])
    assert found.GPa["C11"] == pytest.approx(second_derivative(crystal, np.diag([1.0, 0, 0])), rel=0.01)
    assert found.GPa["C44"] == pytest.approx(second_derivative(crystal, shear), rel=0.01)
    tetragonal = second_derivative(crystal, np.diag([1.0, -1.0, 0]))
    assert 2 * (found.GPa["C11"] - found.GPa["C12"]) == pytest.approx(tetragonal, rel=0.02)


def test_the_bulk_modulus_of_the_two_roads_is_one():
    constants = Elastic().constants(bulk("Cu"), EMT()).GPa
    modulus = EquationOfState().curve(bulk("Cu"), EMT()).minimum.bulk_modulus_GPa
    assert (constants["C11"] + 2 * constants["C12"]) / 3 == pytest.approx(modulus, rel=0.01)


def test_a_hexagonal_crystal_has_five_constants_and_they_make_it_stable():
    c = Elastic().constants(bulk("Cu", "hcp", a=2.54, c=4.15), EMT()).GPa
    assert set(c) == {"C11", "C12", "C13", "C33", "C44"}
    assert c["C11"] > abs(c["C12"]) and c["C44"] > 0 and (c["C11"] + c["C12"]) * c["C33"] > 2 * c["C13"] ** 2


def test_elastic_deviations_and_calls_are_told():
    found = Elastic(limit_percent=8).measure("bulk", bulk("Cu"), Scaled(1.0, 0.95), EMT())
    assert [one.name for one in found.properties] == ["C11", "C12", "C44"]
    assert all(one.deviation == pytest.approx(5, abs=0.3) and one.passed for one in found.properties)
    assert 8 <= found.reference_calls <= 20


def test_a_calculator_without_stress_is_named():
    class NoStress(Calculator):
        implemented_properties = ["energy", "forces"]

    with pytest.raises(PartFailed, match="NoStress gives no stress"):
        Elastic().constants(bulk("Cu"), NoStress())


def test_a_vacancy_costs_what_removing_an_atom_and_relaxing_costs():
    found = Vacancy(length_A=7).measure("bulk", bulk("Cu"), Scaled(1.0, 1.1), EMT())
    assert found.properties[0].reference == pytest.approx(1.2, abs=0.1)
    assert found.properties[0].deviation == pytest.approx(10, abs=0.5)
    with pytest.raises(BadInput, match="no point defect"):
        Vacancy(largest_unit=1).formation(bulk("CuAu", "rocksalt", a=5.6), EMT())


def test_a_compound_loses_a_whole_formula_unit_and_needs_no_chemical_potential():
    alloy = bulk("Cu", cubic=True, a=3.75)
    alloy.symbols[:] = ["Au", "Cu", "Cu", "Cu"]
    part = Vacancy(length_A=5.0, fmax_eV_A=0.05, limit_percent=5.0)
    same, (other,) = part.measure("bulk", alloy, EMT(), EMT()), part.measure("b", alloy, Scaled(), EMT()).properties
    assert same.properties[0].deviation == pytest.approx(0.0) and same.properties[0].name == other.name
    perfect = conventional(relaxed := _relaxed(alloy)) * 2
    alone = perfect.copy()
    del alone[_neighbourhood(perfect, {"Au": 1, "Cu": 3})]
    unrelaxed = single_point(alone, EMT()).energy - 28 / 32 * single_point(perfect, EMT()).energy
    assert len(relaxed) == 4 and 0 < same.properties[0].value < unrelaxed


def _relaxed(atoms):
    return relax(atoms, Counted(EMT()), "volume", 1e-3)[0]


def test_a_crystal_of_molecules_loses_a_whole_molecule():
    dry_ice = molecule("CO2", cell=[6, 6, 6], pbc=True)
    dry_ice.center()
    crystal = dry_ice * 2
    taken = sorted(_neighbourhood(crystal, {"C": 1, "O": 2}))
    assert taken == [0, 1, 2] and crystal[taken].get_chemical_formula() == "CO2"


def test_the_close_packed_surface_is_the_cheaper_one_and_the_energy_does_not_depend_on_thickness():
    def energy(slab):
        return SurfaceEnergy().cleaved(slab, bulk("Cu"), EMT()).energy_J_m2

    dense, open_ = energy(fcc111("Cu", (1, 1, 6), vacuum=8)), fcc100("Cu", (1, 1, 6), vacuum=8)
    open_.pbc = True
    assert dense < energy(open_)
    assert dense == pytest.approx(energy(fcc111("Cu", (1, 1, 9), vacuum=8)), rel=0.01)
    with pytest.raises(BadInput, match="agree"):
        SurfaceEnergy().cleaved(fcc111("Au", (1, 1, 3), vacuum=8), bulk("Cu"), EMT())


def test_the_standard_cell_of_any_cell_of_a_crystal_is_the_same():
    for atoms in (bulk("Cu"), bulk("Cu", cubic=True) * (2, 1, 1), rotated(bulk("Cu"))):
        found = conventional(atoms)
        assert np.allclose(found.cell.array, 3.61 * np.eye(3), atol=1e-6) and len(found) == 4
