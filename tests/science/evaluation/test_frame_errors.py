"""Errors are those of the definition, per group and element, and say when there is nothing to compare."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.frames import labelled
from lang2mlip.science.atoms.integrators import Forces
from lang2mlip.science.evaluation.errors import compare, frame_errors, predict
from lang2mlip.units import EV_PER_A3_IN_GPA


def frames(n=6):
    made = []
    for seed in range(n):
        atoms = bulk("Cu", cubic=True) * (1, 1, 1 + seed % 2)
        atoms.rattle(0.1, seed=seed)
        atoms.info["group"] = "bulk" if seed % 2 else "melt"
        said = single_point(atoms, EMT())
        made.append(labelled(atoms, energy=said.energy, forces=said.forces, stress=said.stress))
    return made


def shifted(known, energy_per_atom, force, stress):
    return [
        Forces(said.energy + energy_per_atom * len(said.forces), said.forces + force, said.stress + stress)
        for said in known
    ]


def test_a_perfect_potential_has_no_error():
    errors = frame_errors(frames(), EMT())
    assert errors.n_frames == 6 and errors.n_atoms == 36
    assert errors.energy_rmse_meV_atom < 1e-9 and errors.force_rmse_meV_A < 1e-9 and errors.stress_rmse_GPa < 1e-9


def test_a_known_shift_is_found_in_the_units_promised():
    known = frames()
    guess = shifted(predict(known, EMT()), 0.003, 0.02, 0.001)
    errors = frame_errors(known, guess)
    assert [errors.energy_rmse_meV_atom, errors.energy_mae_meV_atom] == pytest.approx([3, 3])
    assert [errors.force_rmse_meV_A, errors.force_mae_meV_A, errors.force_max_error_meV_A] == pytest.approx([20] * 3)
    assert errors.stress_rmse_GPa == pytest.approx(0.001 * EV_PER_A3_IN_GPA)
    rms = np.sqrt(np.mean(np.concatenate([frame.get_forces().ravel() for frame in known]) ** 2))
    assert errors.force_rms_meV_A == pytest.approx(1000 * rms)
    assert errors.force_relative == pytest.approx(0.02 / rms)


def test_forces_weigh_by_component_and_energies_by_frame():
    small, large = Atoms("Cu"), Atoms("Cu3", positions=np.eye(3) * 3)
    known = [labelled(a, energy=0.0, forces=np.zeros((len(a), 3))) for a in (small, large)]
    guess = [Forces(2.0, np.ones((1, 3)), None), Forces(0.0, np.zeros((3, 3)), None)]
    errors = frame_errors(known, guess)
    assert errors.force_rmse_meV_A == pytest.approx(1000 * np.sqrt(1 / 4))
    assert errors.energy_rmse_meV_atom == pytest.approx(1000 * np.sqrt(2))
    assert errors.stress_rmse_GPa is None and errors.force_relative == 0


def test_groups_elements_frames_and_parity_are_kept_apart():
    known = frames()
    guess = predict(known, EMT())
    guess[1] = Forces(guess[1].energy, guess[1].forces + 0.5, guess[1].stress)
    table = compare(known, guess)
    groups = table.by_group()
    assert set(groups) == {"bulk", "melt"} and groups["melt"].force_rmse_meV_A < 1e-9 < groups["bulk"].force_rmse_meV_A
    assert np.argmax(table.force_rmse_eV_A()) == 1 and set(table.by_element()) == {"Cu"}
    parity = table.parity(most=10)
    assert len(parity["bulk"]["energy_true_eV_atom"]) == 3 and 5 <= len(parity["bulk"]["force_true_eV_A"]) <= 10


def test_nothing_to_compare_is_said():
    with pytest.raises(BadInput, match="no frames"):
        frame_errors([], [])
    with pytest.raises(BadInput, match="no energy"):
        frame_errors([bulk("Cu")], EMT())
    with pytest.raises(BadInput, match="1 predictions"):
        frame_errors(frames(2), [Forces(0.0, np.zeros((4, 3)), None)])
