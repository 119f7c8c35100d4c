"""A fit that is killed goes on from what it had saved, and comes to the very same model."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.trainers.saved import FILE, Saved

FIT = """
import sys
from pathlib import Path
from lang2mlip.catalogue import load
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.atoms.frames import read_frames

def tell(share, words):
    print(words, flush=True)

family, frames, folder, settings = sys.argv[1:]
request = FitRequest(elements=("Cu",), effort="quick", seed=3, settings=eval(settings))
load("potential", family)().fit(read_frames(Path(frames)), request, Path(folder), tell)
"""

SETTINGS = {
    "mtp": {"level": 8, "cutoff_A": 4.0, "max_iterations": 8, "tolerance": 1e-9, "time_limit_s": 1e5},
    "snap": {"max_twojmax": 6, "quadratic": False, "core": False},
    "mace": {"channels": 2, "epochs": 2, "batch_size": 2, "time_limit_s": None, "cutoff_A": 4.0, "precision": "float64",
             "max_ell": 1, "layers": 1, "radial_width": 4, "repulsion": False, "device": "cpu", "threads": 1},
}  # fmt: skip
HALFWAY = {"mtp": FILE, "snap": FILE, "mace": "halfway.pt"}
NATIVE = {"mtp": "*.mtp", "snap": "*.snapcoeff", "mace": "weights.pt"}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Twelve rattled cells with their labels, in a file."""
    made = []
    for seed in range(12):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.08, seed=seed)
        atoms.calc = EMT()
        found = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces(), "stress": atoms.get_stress()}
        atoms.calc = SinglePointCalculator(atoms, **found)
        made.append(atoms)
    file = tmp_path_factory.mktemp("frames") / "frames.extxyz"
    write_frames(file, made)
    return file


def command(family: str, frames: Path, folder: Path) -> list[str]:
    folder.mkdir(exist_ok=True)
    settings = repr(SETTINGS[family] | {"save_s": 0.0})
    return [sys.executable, "-c", FIT, family, str(frames), str(folder), settings]


def potential(family: str, folder: Path) -> bytes:
    return next(folder.glob(NATIVE[family])).read_bytes()


@pytest.mark.parametrize("family", SETTINGS)
def test_a_killed_fit_goes_on_to_the_same_potential_bit_for_bit(family, frames, tmp_path):
    subprocess.run(command(family, frames, tmp_path / "whole"), check=True, capture_output=True)
    cut = tmp_path / "cut"
    fit = subprocess.Popen(command(family, frames, cut), stdout=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 120
    while not (cut / HALFWAY[family]).exists() and fit.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    os.killpg(fit.pid, signal.SIGKILL)  # with the program that it may have started
    fit.wait()
    left = (cut / HALFWAY[family]).stat().st_mtime_ns
    said = subprocess.run(command(family, frames, cut), check=True, capture_output=True, text=True).stdout
    assert left and potential(family, cut) == potential(family, tmp_path / "whole"), said
    assert not (cut / HALFWAY[family]).exists()


def test_what_another_fit_had_saved_is_not_used(tmp_path):
    Saved(tmp_path, "mine", 0.0).put("level 8", radial=[1.0])
    assert Saved(tmp_path, "mine").get("level 8")["radial"] == [1.0]
    assert Saved(tmp_path, "theirs").get("level 8") is None
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-40])
    assert Saved(tmp_path, "mine").get("level 8") is None


def test_a_disk_that_refuses_is_said(tmp_path):
    (tmp_path / f".{FILE}.tmp").mkdir()
    with pytest.raises(RunFault, match=r"Cannot write .*halfway"):
        Saved(tmp_path, "mine", 0.0).put("level 8", radial=[1.0])
