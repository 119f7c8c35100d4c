"""Plane waves: one spacing of k-points for every cell; and, where GPAW is installed, spin, lone atoms and failures."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from lang2mlip.act.labels import Labeller
from lang2mlip.errors import BadInput, LabelFailed
from lang2mlip.science.reference.calculator import stands_free
from lang2mlip.science.reference.gpaw import k_points
from lang2mlip.science.reference.selftest import probe, self_test
from lang2mlip.science.reference.spec import open_reference, parse

COARSE = "gpaw:PBE,cutoff_eV=200,k_density_A=1.0,vacuum_A=3"


def test_every_cell_of_a_crystal_has_the_same_spacing_of_k_points_or_a_finer_one() -> None:
    cubic = bulk("Cu", cubic=True)
    assert k_points(cubic, 3.5) == [7, 7, 7]
    assert k_points(cubic * (2, 1, 3), 3.5) == [4, 7, 3]
    for cell in (bulk("Cu"), bulk("Mg"), bulk("Cu") * (3, 2, 1)):
        points = np.array(k_points(cell, 3.5))
        spacing = 2 * np.pi * cell.cell.reciprocal().lengths() / points
        assert np.all(spacing <= 1 / 3.5 + 1e-9)
        assert np.all((points == 1) | (spacing * points / np.maximum(points - 1, 1) > 1 / 3.5))  # one less is too few


def test_there_is_nothing_to_sample_across_a_slab_or_around_a_molecule() -> None:
    slab = fcc111("Al", (1, 1, 3), vacuum=8)
    assert k_points(slab, 3.0)[2] == 1 and k_points(slab, 3.0)[0] > 1
    assert k_points(molecule("H2O"), 3.0) == [1, 1, 1]
    boxed = molecule("H2O", vacuum=5)
    boxed.pbc = True
    assert k_points(boxed, 3.0) == [1, 1, 1]


def test_what_stands_free_is_far_from_its_images_on_every_side() -> None:
    assert stands_free(molecule("CH4"))
    assert not stands_free(bulk("Si"))
    assert not stands_free(fcc111("Al", (2, 2, 3), vacuum=20))
    assert stands_free(Atoms("H", cell=[9, 9, 9], pbc=True))
    assert not stands_free(Atoms("H", cell=[9, 9, 7], pbc=True))


def test_plane_waves_are_slopes_of_their_energy() -> None:
    pytest.importorskip("gpaw")
    reference = open_reference(parse("gpaw:PBE,cutoff_eV=300,k_density_A=0.8"))
    test = self_test(reference.calculator(), probe(["Al"]), reference.TOLERANCES)
    assert test.passed, test.summary


def test_a_field_of_plane_waves_that_does_not_converge_is_no_label() -> None:
    pytest.importorskip("gpaw")
    labeller = Labeller(parse(f"{COARSE},max_cycles=2"))
    assert labeller.label(bulk("Si")) is None
    assert labeller.cost.failed == 1 and "leave the frame out" in labeller.faults[0]
    clash = Atoms("Si2", positions=[[0, 0, 0], [0.1, 0, 0]], cell=[5] * 3, pbc=True)
    assert Labeller(parse(COARSE)).label(clash) is None


def test_functionals_and_setups_that_do_not_exist_are_named() -> None:
    pytest.importorskip("gpaw")
    with pytest.raises(BadInput, match="nofun"):
        open_reference(parse("gpaw:nofun")).calculator().get_potential_energy(bulk("Si"))
    with pytest.raises(LabelFailed, match="PAW setup"):
        open_reference(parse(COARSE)).calculator().get_potential_energy(bulk("U", "fcc", a=4.0))


def test_an_atom_alone_is_computed_with_the_spin_of_its_ground_state() -> None:
    """The setups' zero is the atom without spin, about 1.1 eV above hydrogen's doublet in PBE."""
    pytest.importorskip("gpaw")
    calculator = open_reference(parse("gpaw:PBE,cutoff_eV=350,vacuum_A=4")).calculator()
    alone = calculator.get_potential_energy(Atoms("H", positions=[[10] * 3], cell=[20] * 3, pbc=True))
    assert alone == pytest.approx(-1.08, abs=0.05)
    pair = calculator.get_potential_energy(molecule("H2"))
    assert 2 * alone - pair == pytest.approx(4.54, abs=0.1)  # PBE: J. Paier et al., J. Chem. Phys. 122, 234102 (2005)


def test_iron_with_a_moment_lies_below_iron_without_whatever_moments_the_structure_brings() -> None:
    pytest.importorskip("gpaw")
    iron = bulk("Fe")
    plain = f"{COARSE.replace('200', '300').replace('=1.0', '=2.0')}"
    assert iron.get_initial_magnetic_moments()[0] > 2  # of ASE's making: a label must not depend on them
    without = open_reference(parse(plain)).calculator().get_potential_energy(iron)
    spec = parse(f"{plain},spin_polarised=true")
    told = spec.model_copy(update={"settings": {**spec.settings, "magnetic_moment": {"Fe": 2.3}}})
    assert open_reference(told).calculator().get_potential_energy(iron) < without - 0.2
