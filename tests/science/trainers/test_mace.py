"""MACE does what every family must, and can go on from where it stopped."""

import importlib.util
import os
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest
from conformance import TrainerConformance, quiet, request, tiny

from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.labels import base_energies, checked
from lang2mlip.science.trainers.mace.data import prepare
from lang2mlip.science.trainers.mace.fit import Training
from lang2mlip.science.trainers.mace.kept import Kept
from lang2mlip.science.trainers.mace.library import GUARD, library
from lang2mlip.science.trainers.mace.model import build, design
from lang2mlip.science.trainers.mace.settings import MACESettings

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("mace") is None, reason="needs the mace extra"),
]


class TestMACE(TrainerConformance):
    family: ClassVar[str] = "mace"
    quick: ClassVar[dict[str, object]] = {
        "channels": 4,
        "epochs": 30,
        "batch_size": 6,
        "cutoff_A": 4.0,
        "learning_rate": 0.02,
        "threads": 1,
        "time_limit_s": None,
    }

    def test_the_curve_falls(self, fitted: Any) -> None:
        losses = [loss for _, loss in fitted[1].curve]
        assert len(losses) == 30
        assert losses[-1] < 0.2 * losses[0]

    def test_maces_own_tools_can_read_the_file(self, folder: Path, crystal: Any) -> None:
        torch, mace = library()
        model = torch.load(folder / "mace.model", weights_only=False)
        alone = crystal.copy()
        alone.calc = mace.calculators.MACECalculator(models=[model], default_dtype="float64")
        assert alone.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-6)

    def test_the_model_file_alone_is_enough(self, trainer: Any, folder: Path, crystal: Any) -> None:
        alone = crystal.copy()
        alone.calc = trainer.calculator(folder / "mace.model")
        assert alone.get_potential_energy() == pytest.approx(crystal.get_potential_energy(), abs=1e-6)

    def test_a_second_training_goes_on_where_the_first_ended(
        self, trainer: Any, folder: Path, fitted: Any, tmp_path: Path
    ) -> None:
        gentle = {**self.quick, "epochs": 1, "learning_rate": 1e-4, "stage_two_at": 1.0}
        report = trainer.fit(tiny(), request(gentle, start=str(folder)), tmp_path, quiet)
        assert report.curve[-1][1] < 0.2 * fitted[1].curve[0][1]

    def test_a_file_of_mace_is_a_start_too_and_the_best_is_kept_when_the_time_is_up(
        self, trainer: Any, folder: Path, fitted: Any, tmp_path: Path
    ) -> None:
        short = {"epochs": 9999, "learning_rate": 1e-4, "stage_two_at": 1.0, "time_limit_s": 0.5}
        foreign = {**self.quick, **short, "start_file": str(folder / "mace.model")}
        moved = tiny()
        for frame in moved:
            frame.calc.results["energy"] += 7.0 * len(frame)
        report = trainer.fit(moved, request(foreign), tmp_path, quiet)
        assert 1 <= len(report.curve) < 9999
        assert report.curve[-1][1] < 0.2 * fitted[1].curve[0][1]
        atoms = moved[0].copy()
        atoms.calc = trainer.calculator(tmp_path)
        assert atoms.get_potential_energy() == pytest.approx(moved[0].get_potential_energy(), abs=1.0)


def test_a_diverging_fit_says_what_to_change(tmp_path: Path) -> None:
    settings = MACESettings.model_validate(TestMACE.quick | {"learning_rate": 1e9, "clip": 1e9})
    labels = checked(tiny(4))
    data = prepare(labels, base_energies(labels, ["Cu", "Au"]), settings.cutoff_A, settings, 0)
    model = build(design(settings, ["Cu", "Au"], data.rms_force, data.neighbours), settings.precision)
    (tmp_path / "train.extxyz").touch()
    kept = Kept(tmp_path, {"settings": settings.model_dump()}, settings.save_s)
    with pytest.raises(PartFailed, match="learning_rate"):
        Training(model, data, settings, time.monotonic(), kept).run()


def test_torchs_protection_against_pickles_is_as_it_was() -> None:
    before = os.environ.get(GUARD)
    library()
    assert os.environ.get(GUARD) == before
