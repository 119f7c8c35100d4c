"""Open boundaries are filled with enough vacuum, and nothing physical changes."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111
from ase.calculators.lj import LennardJones

from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.atoms.padding import Padded, padded

CUTOFF_A = 6.0


def lj() -> LennardJones:
    return LennardJones(sigma=2.3, epsilon=0.1, rc=CUTOFF_A, smooth=True)


@pytest.mark.parametrize(
    "atoms",
    [
        Atoms("Cu3", [[0, 0, 0], [2.5, 0, 0.2], [0, 2.6, -40.0]]),
        Atoms("Cu2", [[0, 0, 0], [2.4, 0.3, 0]], cell=[3, 3, 3]),
        fcc111("Cu", (2, 2, 3), orthogonal=True),
        fcc111("Cu", (2, 2, 3)),
    ],
    ids=["cluster", "cluster in a small box", "slab", "slant slab"],
)
def test_energy_and_forces_are_those_of_the_open_system(atoms: Atoms) -> None:
    atoms.rattle(0.05, seed=1)
    box = padded(atoms, CUTOFF_A)
    assert box.pbc.all()
    atoms.calc, box.calc = lj(), lj()
    assert box.get_potential_energy() == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    assert box.get_forces() == pytest.approx(atoms.get_forces(), abs=1e-9)


def test_a_periodic_crystal_is_left_alone() -> None:
    atoms = Atoms("Cu", cell=[3, 3, 3], pbc=True)
    assert padded(atoms, CUTOFF_A) is atoms


def test_the_stress_of_a_slab_refers_to_its_own_volume() -> None:
    slab = fcc111("Cu", (3, 2, 3), orthogonal=True, vacuum=9.0)
    slab.calc = Padded(lj(), CUTOFF_A, ["Cu"])
    stress, step, energies = slab.get_stress(), 1e-4, []
    for x in (-step, step):
        moved = slab.copy()
        moved.set_cell(moved.cell @ np.diag([1 + x, 1, 1]), scale_atoms=True)
        moved.calc = lj()
        energies.append(moved.get_potential_energy())
    assert stress[0] == pytest.approx((energies[1] - energies[0]) / (2 * step) / slab.get_volume(), rel=1e-4)


def test_a_cluster_without_a_volume_has_no_stress() -> None:
    cluster = Atoms("Cu2", [[0, 0, 0], [2.4, 0, 0]])
    cluster.calc = Padded(lj(), CUTOFF_A, ["Cu"])
    assert np.isfinite(cluster.get_potential_energy())
    assert "stress" not in cluster.calc.results


def test_an_unknown_element_is_named() -> None:
    stranger = Atoms("CuXe", [[0, 0, 0], [2.4, 0, 0]])
    stranger.calc = Padded(lj(), CUTOFF_A, ["Cu"])
    with pytest.raises(UnsupportedElement, match=r"Xe.*knows Cu"):
        stranger.get_potential_energy()
