"""The trainer: a fit recovers what made the data, saves what it fitted, and knows what it has seen."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.trainers.maxvol import active_inverse, row_grades
from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.calculator import MTPCalculator
from lang2mlip.science.trainers.mtp.core import no_core
from lang2mlip.science.trainers.mtp.data import FitData
from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.fit import linear_fit
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer

TRAINER = MTPTrainer()


def labelled(atoms: Atoms, calculator: object) -> Atoms:
    atoms.calc = calculator
    values = {name: atoms.calc.get_property(name, atoms) for name in ("energy", "forces", "stress")}
    atoms.calc = SinglePointCalculator(atoms, **values)
    return atoms


def crystals(seed: int, count: int, elements: Sequence[str] = ("Cu",), rattle: float = 0.12) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 1, 1)
        atoms.symbols[:] = rng.permutation(np.resize(elements, len(atoms)))
        atoms.set_cell(atoms.cell @ (np.eye(3) * rng.uniform(0.97, 1.06) + rng.normal(size=(3, 3)) * 0.02), True)
        atoms.positions += rng.normal(size=(len(atoms), 3)) * rattle
        found.append(labelled(atoms, EMT()))
    return found


def fitted(frames: list[Atoms], folder: Path, elements: tuple[str, ...] = ("Cu",), **settings: object) -> Path:
    chosen = {"level": 8, "cutoff_A": 5.2, **settings}
    request = FitRequest(elements=elements, effort="quick", seed=0, settings=chosen)
    TRAINER.fit(frames, request, folder, lambda share, words: None)
    return folder


def force_error(folder: Path, frames: list[Atoms]) -> float:
    calculator = TRAINER.calculator(folder)
    found = []
    for atoms in frames:
        copy = atoms.copy()
        copy.calc = calculator
        found.append((copy.get_forces() - atoms.get_forces()).ravel())
    return float(np.sqrt(np.mean(np.concatenate(found) ** 2)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fitted(crystals(1, 25), tmp_path_factory.mktemp("mtp") / "model")


def test_a_linear_fit_recovers_the_potential_that_made_the_data() -> None:
    rng, basis = np.random.default_rng(3), moment_basis(8)
    radial = rng.normal(size=(1, 1, 2, 6)) * 0.01
    truth = Potential(basis, 1.8, 5.0, radial, rng.normal(size=9), np.array([-1.5]))
    maker = MTPCalculator(Engine(truth, ("Cu",), no_core(np.array([29]))))
    frames = [labelled(atoms.copy(), maker) for atoms in crystals(4, 12)]
    settings = MTPSettings(cutoff_A=5.0, ridge=0.0)
    data = FitData.of(frames, ("Cu",), settings)
    found = linear_fit(truth.with_parameters(np.zeros(9), np.zeros(1), radial), data, settings)
    assert found.loss < 1e-6 * sum(float((atoms.get_forces() ** 2).sum()) for atoms in frames)
    assert np.allclose(found.potential.linear[4:], truth.linear[4:], rtol=1e-2)


def test_moving_the_radial_functions_beats_the_linear_fit_on_unseen_frames(model: Path, tmp_path: Path) -> None:
    unseen = crystals(2, 10)
    linear = force_error(fitted(crystals(1, 25), tmp_path, max_iterations=0), unseen)
    moved = force_error(model, unseen)
    rms = float(np.sqrt(np.mean([np.mean(atoms.get_forces() ** 2) for atoms in unseen])))
    assert moved < 0.3 * linear
    assert moved < 0.03 * rms


def test_the_same_data_give_the_same_model_to_the_last_bit(model: Path, tmp_path: Path) -> None:
    again = fitted(crystals(1, 25), tmp_path)
    assert (again / "potential.mtp").read_bytes() == (model / "potential.mtp").read_bytes()


def test_a_saved_model_gives_the_numbers_it_was_saved_with(model: Path) -> None:
    atoms = crystals(5, 1)[0]
    energies = [TRAINER.calculator(model).get_potential_energy(atoms) for _ in range(2)]
    assert energies[0] == energies[1]
    assert {path.name for path in model.iterdir()} == {"potential.mtp", "extras.json", "active.npz"}


def test_going_on_from_a_model_needs_one_step_to_be_as_good(model: Path, tmp_path: Path) -> None:
    settings = {"max_iterations": 1, "radial_size": 14, "level": 8, "cutoff_A": 5.4}
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings=settings, start=str(model))
    report = TRAINER.fit(crystals(1, 25), request, tmp_path, lambda share, words: None)
    fresh = TRAINER.fit(
        crystals(1, 25), request.model_copy(update={"start": None}), tmp_path, lambda share, words: None
    )
    assert report.curve[-1][1] < 0.1 * fresh.curve[-1][1]


def test_cutoff_and_level_are_found_on_the_data_and_said(tmp_path: Path) -> None:
    frames = [labelled(atoms, LennardJones(sigma=2.3, epsilon=0.2, rc=3.9, smooth=True)) for atoms in crystals(1, 16)]
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings={"radial_size": 8})
    report = TRAINER.fit(frames, request, tmp_path, lambda share, words: None)
    extras = json.loads((tmp_path / "extras.json").read_text())
    assert extras["settings"]["cutoff_A"] == 4.0
    assert extras["level"] == 8
    assert any("cutoff 4 Å chosen by trial" in note for note in report.notes)


@pytest.mark.parametrize(("count", "levels"), [(2, ["level 8"]), (60, ["level 12"])])
def test_many_elements_begin_at_the_level_that_their_data_allow(count: int, levels: list[str], tmp_path: Path) -> None:
    elements = ("Ag", "Au", "Cu", "Ni")
    request = FitRequest(elements=elements, effort="quick", seed=0, settings={
        "cutoff_A": 4.0, "radial_size": 3, "max_iterations": 0, "robust": False})  # fmt: skip
    report = TRAINER.fit(crystals(1, count, elements), request, tmp_path, lambda share, words: None)
    assert [note.partition(":")[0] for note in report.notes if "residual" in note] == levels


def test_two_elements_are_told_apart(tmp_path: Path) -> None:
    folder = fitted(crystals(6, 40, ("Cu", "Cu", "Au")), tmp_path, ("Cu", "Au"))
    unseen = crystals(7, 10, ("Cu", "Cu", "Au"))
    rms = float(np.sqrt(np.mean([np.mean(atoms.get_forces() ** 2) for atoms in unseen])))
    assert force_error(folder, unseen) < 0.15 * rms
    swapped = unseen[0].copy()
    swapped.symbols[:] = ["Au" if symbol == "Cu" else "Cu" for symbol in swapped.symbols]
    calculator = TRAINER.calculator(folder)
    assert abs(calculator.get_potential_energy(unseen[0]) - calculator.get_potential_energy(swapped)) > 0.1


def test_a_dimer_repels_ever_more_below_the_smallest_trained_distance(model: Path) -> None:
    calculator = TRAINER.calculator(model)
    energies = []
    for distance in np.linspace(1.9, 0.8, 45):
        atoms = Atoms("Cu2", positions=[[0, 0, 0], [distance, 0, 0]])
        energies.append(calculator.get_potential_energy(atoms))
    assert (np.diff(energies) > 0).all()
    assert energies[-1] - energies[0] > 20.0


def test_an_isolated_atom_has_a_finite_energy_near_that_of_the_crystal(model: Path) -> None:
    energy = TRAINER.calculator(model).get_potential_energy(Atoms("Cu"))
    assert abs(energy) < 10.0


def test_a_labelled_atom_in_vacuum_is_met_without_bending_the_crystals(model: Path, tmp_path: Path) -> None:
    lonely = Atoms("Cu", calculator=EMT())
    energy = lonely.get_potential_energy()
    lonely.calc = SinglePointCalculator(lonely, energy=energy, forces=np.zeros((1, 3)))
    folder = fitted([*crystals(1, 25), lonely], tmp_path)
    without = TRAINER.calculator(model).get_potential_energy(Atoms("Cu"))
    assert abs(TRAINER.calculator(folder).get_potential_energy(Atoms("Cu")) - energy) < 0.2 * abs(without - energy)
    assert force_error(folder, crystals(2, 10)) < 4 * force_error(model, crystals(2, 10))


def test_training_frames_have_grade_one_and_a_strange_frame_has_more(model: Path) -> None:
    strange = bulk("Cu", "bcc", a=2.6, cubic=True) * (2, 2, 2)
    strange.rattle(0.3, seed=0)
    grades = TRAINER.grades(model, [*crystals(1, 25), strange])
    assert grades[:-1].max() <= 1.01
    assert grades[-1] > 1.5


def test_descriptors_of_like_frames_are_alike(model: Path) -> None:
    near = crystals(8, 2, rattle=0.01)
    far = bulk("Cu", "bcc", a=2.7, cubic=True) * (2, 2, 1)
    one, two, other = TRAINER.descriptors(model, [near[0], near[0].repeat((2, 1, 1)), far])
    assert np.allclose(one, two)
    assert np.linalg.norm(one - other) > 1e-3


def test_the_active_set_spans_its_rows_with_coefficients_of_at_most_one() -> None:
    rows = np.random.default_rng(0).normal(size=(9000, 12)) * np.logspace(0, 5, 12)
    grades = row_grades(rows, active_inverse(rows))
    assert grades.max() <= 1.01
    assert (np.abs(grades - 1.0) < 1e-6).sum() >= 12


def test_a_label_that_is_not_finite_is_named(tmp_path: Path) -> None:
    frames = crystals(1, 3)
    frames[1].calc.results["forces"][0, 0] = np.nan
    with pytest.raises(PartFailed, match=r"Frame 1 \(Cu8\) has a label that is not finite"):
        fitted(frames, tmp_path)


def test_no_frames_is_said(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match="no labelled frames"):
        fitted([], tmp_path)


def test_a_misspelt_setting_is_answered_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Did you mean 'level'"):
        fitted(crystals(1, 2), tmp_path, levle=8)


def test_a_model_folder_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="potential.mtp"):
        TRAINER.calculator(tmp_path)


def one_gold_atom_each(seed: int, count: int) -> list[Atoms]:
    """Crystals in which two gold atoms are only ever about a lattice constant apart."""
    frames = crystals(seed, count)
    for atoms in frames:
        atoms.symbols[0] = "Au"
        labelled(atoms, EMT())
    return frames


def test_a_prior_keeps_a_rare_pair_of_species_tame_and_costs_the_others_next_to_nothing(tmp_path: Path) -> None:
    frames, unseen = one_gold_atom_each(1, 25), one_gold_atom_each(2, 10)
    found = {}
    for prior in (0.0, 1.0):
        folder = fitted(frames, tmp_path / str(prior), ("Au", "Cu"), radial_prior=prior, max_iterations=10)
        atoms = bulk("Cu", cubic=True) * (2, 1, 1)
        atoms.symbols[:2] = "Au"  # nearest neighbours, which no frame has
        atoms.calc = TRAINER.calculator(folder)
        there = atoms.get_potential_energy()
        atoms.calc = EMT()
        found[prior] = (abs(there - atoms.get_potential_energy()), force_error(folder, unseen))
    assert found[1.0][0] < 0.5 * found[0.0][0]
    assert found[1.0][1] < 1.2 * found[0.0][1]
