"""What every potential family must do, whatever it is made of. A family inherits the class and names itself.

The data are tiny and come from effective medium theory: pure and mixed cells of four atoms, so a fit takes seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import covalent_radii

from lang2mlip import catalogue
from lang2mlip.contracts.parts import FitReport, FitRequest
from lang2mlip.errors import PartFailed, UnsupportedElement

ELEMENTS = ("Au", "Cu")


def labelled(atoms: Atoms) -> Atoms:
    """The same atoms with labels of effective medium theory."""
    atoms = atoms.copy()
    atoms.calc = EMT()
    labels: dict[str, Any] = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    if atoms.pbc.all():
        labels["stress"] = atoms.get_stress()
    atoms.calc = SinglePointCalculator(atoms, **labels)
    return atoms


def tiny(n: int = 16, seed: int = 0) -> list[Atoms]:
    """Cells of four atoms, every second one mixed, strained by 3 % and rattled by 0.1 Å."""
    rng = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        if i % 2:
            atoms.symbols[rng.integers(4)] = "Au"
            atoms.set_cell(atoms.cell * 1.02, scale_atoms=True)
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0, 0.03, (3, 3))), scale_atoms=True)
        atoms.rattle(0.1, seed=seed + i)
        frames.append(labelled(atoms))
    return frames


def request(settings: dict[str, object], seed: int = 1, start: str | None = None) -> FitRequest:
    """A quick fit of both elements."""
    return FitRequest(elements=ELEMENTS, effort="quick", seed=seed, settings=settings, start=start)


def quiet(fraction: float, words: str) -> None:
    """A progress that nobody watches, but that must be sane."""
    assert 0.0 <= fraction <= 1.0
    assert isinstance(words, str)


class TrainerConformance:
    """Inherit, name the family, and give settings that make its fit quick."""

    family: ClassVar[str]
    quick: ClassVar[dict[str, object]]
    smooth_eV: ClassVar[float] = 1e-5
    """Noise of a total energy of four atoms, eV."""

    @pytest.fixture(scope="class")
    @classmethod
    def trainer(cls) -> Any:
        return catalogue.load("potential", cls.family)()

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls, trainer: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FitReport]:
        folder = tmp_path_factory.mktemp(cls.family)
        return folder, trainer.fit(tiny(), request(cls.quick), folder, quiet)

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, fitted: tuple[Path, FitReport]) -> Path:
        return fitted[0]

    @pytest.fixture(scope="class")
    @classmethod
    def calculator(cls, trainer: Any, folder: Path) -> Any:
        return trainer.calculator(folder)

    @pytest.fixture
    def crystal(self, calculator: Any) -> Atoms:
        atoms = tiny(2, seed=40)[1]
        atoms.calc = calculator
        return atoms

    def test_the_fit_explains_most_of_the_labels(self, trainer: Any, folder: Path) -> None:
        calculator = trainer.calculator(folder)
        scale, missed = [], []
        for frame in tiny():
            atoms = frame.copy()
            atoms.calc = calculator
            scale.append(frame.get_forces().ravel())
            missed.append(atoms.get_forces().ravel() - scale[-1])
        assert np.std(np.concatenate(missed)) < 0.5 * np.std(np.concatenate(scale))

    def test_stress_entered_the_fit(self, trainer: Any, folder: Path) -> None:
        calculator = trainer.calculator(folder)
        scale, missed = [], []
        for frame in tiny():
            atoms = frame.copy()
            atoms.calc = calculator
            scale.append(frame.get_stress())
            missed.append(atoms.get_stress() - scale[-1])
        assert np.sqrt(np.mean(np.square(missed))) < 0.3 * np.sqrt(np.mean(np.square(scale)))

    def test_the_report_counts_parameters(self, fitted: tuple[Path, FitReport]) -> None:
        assert fitted[1].n_parameters > 0

    def test_the_folder_is_a_model_and_no_copy_of_the_data(self, folder: Path) -> None:
        assert list(folder.iterdir())
        assert not [file for file in folder.rglob("*") if file.suffix in (".xyz", ".extxyz", ".cfg", ".traj")]

    def test_forces_are_minus_the_slope_of_the_energy(self, crystal: Atoms) -> None:
        step = 1e-3
        forces = crystal.get_forces()
        for i, axis in ((0, 0), (1, 2), (3, 1)):
            slope = _slope(crystal, lambda atoms, x, i=i, axis=axis: _shift(atoms, i, axis, x), step)
            assert forces[i, axis] == pytest.approx(-slope, abs=2 * self.smooth_eV / step + 1e-4, rel=2e-3)

    def test_stress_is_the_slope_of_the_energy_with_strain(self, crystal: Atoms) -> None:
        step = 1e-3
        stress, volume = crystal.get_stress(voigt=False), crystal.get_volume()
        for i, j in ((0, 0), (2, 2), (0, 1), (1, 2)):
            slope = _slope(crystal, lambda atoms, x, i=i, j=j: _strain(atoms, i, j, x), step)
            assert stress[i, j] == pytest.approx(
                slope / volume, abs=(2 * self.smooth_eV / step + 1e-3) / volume, rel=5e-3
            )

    def test_a_rotated_crystal_has_the_same_energy_and_turned_forces(self, crystal: Atoms) -> None:
        turned = crystal.copy()
        turned.rotate(37, (1, 2, 3), rotate_cell=True)
        turned.calc = crystal.calc
        energy, forces = crystal.get_potential_energy(), crystal.get_forces()
        assert turned.get_potential_energy() == pytest.approx(energy, abs=self.smooth_eV)
        assert np.linalg.norm(turned.get_forces(), axis=1) == pytest.approx(np.linalg.norm(forces, axis=1), abs=1e-4)

    def test_translation_and_the_order_of_atoms_do_not_matter(self, crystal: Atoms) -> None:
        energy, forces = crystal.get_potential_energy(), crystal.get_forces()
        order = [2, 0, 3, 1]
        other = crystal[order]
        other.positions += (0.3, -1.7, 9.1)
        other.calc = crystal.calc
        assert other.get_potential_energy() == pytest.approx(energy, abs=self.smooth_eV)
        assert other.get_forces() == pytest.approx(forces[order], abs=1e-4)

    def test_energy_is_extensive_and_one_calculator_serves_any_number_of_atoms(self, crystal: Atoms) -> None:
        energy = crystal.get_potential_energy()
        double = crystal.repeat((2, 1, 1))
        double.calc = crystal.calc
        assert double.get_potential_energy() == pytest.approx(2 * energy, abs=4 * self.smooth_eV)
        assert crystal.get_potential_energy() == pytest.approx(energy, abs=self.smooth_eV)

    def test_a_model_loaded_again_gives_the_same_numbers(self, trainer: Any, folder: Path, crystal: Atoms) -> None:
        again = crystal.copy()
        again.calc = trainer.calculator(folder)
        assert again.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-9)
        assert again.get_forces() == pytest.approx(crystal.get_forces(), abs=1e-9)

    def test_a_free_atom_has_a_finite_energy_and_no_force(self, calculator: Any) -> None:
        energies = []
        for atoms in (Atoms("Cu"), Atoms("Cu", cell=[15, 15, 15], pbc=True)):
            atoms.calc = calculator
            energies.append(atoms.get_potential_energy())
            assert np.abs(atoms.get_forces()).max() < 1e-6
        assert abs(energies[0]) < 20
        assert energies[0] == pytest.approx(energies[1], abs=self.smooth_eV)

    @pytest.mark.parametrize("pair", ["CuCu", "AuCu", "AuAu"])
    def test_a_dimer_repels_at_short_range(self, calculator: Any, pair: str) -> None:
        dimer = Atoms(pair, [[0, 0, 0], [0, 0, 1]])
        reach = covalent_radii[dimer.numbers].sum()
        dimer.calc = calculator
        energies = []
        for distance in reach * np.linspace(0.7, 0.4, 13):
            dimer.positions[1, 2] = distance
            energies.append(dimer.get_potential_energy())
            assert dimer.get_forces()[1, 2] > 0, f"{pair} attracts at {distance:.2f} Å"
        assert (np.diff(energies) > 0).all()

    def test_a_cluster_and_a_slab_are_served(self, calculator: Any) -> None:
        cluster = Atoms("Cu2Au", [[0, 0, 0], [2.5, 0, 0], [0, 2.6, 0]])
        boxed = cluster.copy()
        boxed.center(12)
        boxed.pbc = True
        slab = bulk("Cu", cubic=True).repeat((1, 1, 2))
        slab.pbc = (True, True, False)
        for atoms in (cluster, boxed, slab):
            atoms.calc = calculator
            assert np.isfinite(atoms.get_forces()).all()
        assert cluster.get_potential_energy() == pytest.approx(boxed.get_potential_energy(), abs=self.smooth_eV)

    def test_an_element_it_never_saw_is_refused(self, calculator: Any) -> None:
        stranger = Atoms("Ag", cell=[10, 10, 10], pbc=True)
        stranger.calc = calculator
        with pytest.raises(UnsupportedElement, match="Ag"):
            stranger.get_potential_energy()

    def test_the_same_seed_gives_the_same_model(self, trainer: Any, folder: Path, tmp_path: Path) -> None:
        trainer.fit(tiny(), request(self.quick), tmp_path, quiet)
        energies = []
        for where in (folder, tmp_path):
            atoms = tiny(2, seed=40)[1]
            atoms.calc = trainer.calculator(where)
            energies.append(atoms.get_potential_energy())
        assert energies[0] == pytest.approx(energies[1], abs=self.smooth_eV)

    def test_a_label_that_is_not_finite_stops_the_fit_with_its_place(self, trainer: Any, tmp_path: Path) -> None:
        frames = tiny(6)
        frames[2].calc.results["forces"] = np.full((4, 3), np.nan)
        with pytest.raises(PartFailed, match=r"(?i)frame [23]\b.*not finite"):
            trainer.fit(frames, request(self.quick), tmp_path, quiet)

    def test_a_misspelt_setting_is_named(self, trainer: Any, tmp_path: Path) -> None:
        from lang2mlip.errors import BadInput

        with pytest.raises(BadInput, match="no_such_setting"):
            trainer.fit(tiny(4), request({**self.quick, "no_such_setting": 1}), tmp_path, quiet)

    def test_suggested_settings_are_valid(self, trainer: Any) -> None:
        for effort in ("quick", "accurate"):
            for elements in (("Cu",), ELEMENTS, ("C", "F", "H", "Li", "O", "P")):
                trainer.Settings(**trainer.suggest(elements, 100, effort))

    def test_grades_rise_away_from_the_data_where_the_family_has_them(self, trainer: Any, folder: Path) -> None:
        near = trainer.grades(folder, tiny())
        if near is None:
            return
        far = tiny(2, seed=40)[1]
        far.set_cell(far.cell * 0.85, scale_atoms=True)
        assert near.shape == (16,)
        assert near.max() <= 1.5
        assert trainer.grades(folder, [far])[0] > near.max()

    def test_descriptors_are_near_for_alike_frames(self, trainer: Any, folder: Path) -> None:
        frames = tiny(2, seed=40)
        close = frames[0].copy()
        close.rattle(0.005, seed=3)
        vectors = trainer.descriptors(folder, [frames[0], close, frames[1]])
        if vectors is None:
            return
        assert vectors.shape[0] == 3
        assert np.isfinite(vectors).all()
        assert np.linalg.norm(vectors[0] - vectors[1]) < 0.3 * np.linalg.norm(vectors[0] - vectors[2])


def _slope(atoms: Atoms, change: Any, step: float) -> float:
    """dE/dx by central differences of fourth order."""
    energies = []
    for x in (-2 * step, -step, step, 2 * step):
        moved = atoms.copy()
        change(moved, x)
        moved.calc = atoms.calc
        energies.append(moved.get_potential_energy())
    return float((energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * step))


def _shift(atoms: Atoms, i: int, axis: int, x: float) -> None:
    atoms.positions[i, axis] += x


def _strain(atoms: Atoms, i: int, j: int, x: float) -> None:
    strain = np.eye(3)
    strain[i, j] += x / 2
    strain[j, i] += x / 2
    atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
