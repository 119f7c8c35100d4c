"""GAP does what every family must, and what only a Gaussian process can."""

import shutil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from conformance import ELEMENTS, TrainerConformance, labelled, quiet, request, tiny

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.errors import PartFailed, RunFault

pytest.importorskip("quippy")


class TestGAP(TrainerConformance):
    family: ClassVar[str] = "gap"
    quick: ClassVar[dict[str, object]] = {
        "soap_sparse": 30,
        "soap_n_max": 5,
        "soap_l_max": 3,
        "pair_sparse": 12,
        "cutoff_A": 4.5,
    }

    def test_the_model_file_works_without_us(self, folder: Path, crystal: Any) -> None:
        from quippy.potential import Potential

        alone = crystal.copy()
        alone.calc = Potential(param_filename=str(folder / "gap.xml"))
        assert alone.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-9)

    def test_the_model_file_alone_is_enough(self, trainer: Any, folder: Path, crystal: Any, tmp_path: Path) -> None:
        shutil.copy(folder / "gap.xml", tmp_path / "elsewhere.xml")
        alone = crystal.copy()
        alone.calc = trainer.calculator(tmp_path / "elsewhere.xml")
        assert alone.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-9)
        assert alone.calc.elements == set(ELEMENTS)

    def test_a_time_limit_stops_the_program_and_says_so(self, trainer: Any, tmp_path: Path) -> None:
        with pytest.raises(PartFailed, match="not done after 0.01 s"):
            trainer.fit(tiny(4), request({**self.quick, "time_limit_s": 0.01}), tmp_path, quiet)

    def test_a_heavier_frame_is_fitted_more_closely(self, trainer: Any, tmp_path: Path) -> None:
        missed = []
        for weight in (1e-4, 100.0):
            frames = tiny(8)
            frames[3].info["weight"] = weight
            trainer.fit(frames, request(self.quick), tmp_path / str(weight), quiet)
            atoms = frames[3].copy()
            atoms.calc = trainer.calculator(tmp_path / str(weight))
            missed.append(np.abs(atoms.get_forces() - frames[3].get_forces()).max())
        assert missed[1] < 0.7 * missed[0]

    def test_isolated_atoms_give_the_base_energies(self, trainer: Any, tmp_path: Path) -> None:
        from ase import Atoms

        free = [labelled(Atoms(element, cell=[15, 15, 15])) for element in ELEMENTS]
        trainer.fit([*tiny(8), *free], request(self.quick), tmp_path, quiet)
        for atom in free:
            bare = atom.copy()
            bare.calc = trainer.calculator(tmp_path)
            assert bare.get_potential_energy() == pytest.approx(atom.get_potential_energy(), abs=0.02)


def test_an_empty_folder_is_not_a_model(tmp_path: Path) -> None:
    from lang2mlip.science.trainers.gap.trainer import GAPTrainer

    with pytest.raises(RunFault, match="no GAP model"):
        GAPTrainer().calculator(tmp_path)


def test_one_element_needs_no_other(tmp_path: Path) -> None:
    from lang2mlip.science.trainers.gap.trainer import GAPTrainer

    frames = tiny(8)[::2]
    wish = FitRequest(elements=("Cu",), effort="quick", seed=0, settings=TestGAP.quick)
    report = GAPTrainer().fit(frames, wish, tmp_path, quiet)
    assert report.n_parameters <= 12 + 16
