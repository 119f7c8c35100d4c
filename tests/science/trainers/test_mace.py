"""MACE does what every family must, and can go on from where it stopped."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from conformance import TrainerConformance, quiet, request, tiny

from lang2mlip.errors import PartFailed

pytest.importorskip("mace")
pytestmark = pytest.mark.torch


class TestMACE(TrainerConformance):
    family: ClassVar[str] = "mace"
    quick: ClassVar[dict[str, object]] = {
        "channels": 8,
        "epochs": 30,
        "batch_size": 4,
        "cutoff_A": 4.0,
        "learning_rate": 0.02,
        "threads": 1,
        "time_limit_s": None,
    }

    def test_the_curve_falls(self, fitted: Any) -> None:
        losses = [loss for _, loss in fitted[1].curve]
        assert len(losses) == 30
        assert losses[-1] < 0.2 * losses[0]

    def test_the_models_own_tools_can_read_the_file(self, folder: Path, crystal: Any) -> None:
        from mace.calculators import MACECalculator

        alone = crystal.copy()
        alone.calc = MACECalculator(model_paths=str(folder / "mace.model"), default_dtype="float64")
        assert alone.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-6)

    def test_a_second_training_goes_on_from_a_folder_and_from_a_file(
        self, trainer: Any, folder: Path, fitted: Any, tmp_path: Path
    ) -> None:
        few = {**self.quick, "epochs": 1, "learning_rate": 1e-4, "stage_two_at": 1.0}
        first = fitted[1].curve[0][1]
        onward = trainer.fit(tiny(), request(few, start=str(folder)), tmp_path / "a", quiet)
        assert onward.curve[-1][1] < 0.2 * first
        foreign = {**few, "start_file": str(folder / "mace.model")}
        onward = trainer.fit(tiny(), request(foreign), tmp_path / "b", quiet)
        assert onward.curve[-1][1] < 0.2 * first

    def test_when_the_time_is_up_the_best_so_far_is_kept(self, trainer: Any, tmp_path: Path) -> None:
        report = trainer.fit(tiny(), request({**self.quick, "epochs": 9999, "time_limit_s": 1.0}), tmp_path, quiet)
        assert 1 <= len(report.curve) < 9999
        atoms = tiny(1)[0].copy()
        atoms.calc = trainer.calculator(tmp_path)
        assert np.isfinite(atoms.get_potential_energy())

    def test_a_diverging_fit_says_what_to_change(self, trainer: Any, tmp_path: Path) -> None:
        with pytest.raises(PartFailed, match="learning_rate"):
            trainer.fit(tiny(4), request({**self.quick, "learning_rate": 1e9, "clip": 1e9}), tmp_path, quiet)


def test_torchs_protection_against_pickles_stays_on() -> None:
    code = (
        "import os; from lang2mlip.science.trainers.mace.library import library; library(); "
        "print(os.environ.get('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'))"
    )
    env = {key: value for key, value in os.environ.items() if key != "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert found.stdout.strip() == "None"
