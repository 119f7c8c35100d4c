"""Frames come back from disk as they went."""

import os

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.io import read

from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.extxyz import read_plain
from lang2mlip.science.atoms.frames import labelled, read_frames, write_frames
from lang2mlip.science.atoms.identity import structure_id

INFO = {
    "id": "0123456789012345", "group": "bulk 300 K", "source": "reference-md", "step": 40, "temperature_K": 300.0,
    "weight": 1e-30, "fine": True, "empty": "", "truth": "T", "number": "1e5", "list": [1.5, 2.0],
    "words": 'a "b" = {c}, ümläut: \\n', "phase_of_run": "pre-failure",
}  # fmt: skip


def copper():
    atoms = bulk("Cu", cubic=True) * (2, 1, 1)
    atoms.rattle(0.1, seed=3)
    atoms.info = dict(INFO)
    atoms.set_tags([1] * 8)
    atoms.calc = EMT()
    return labelled(atoms, energy=atoms.get_potential_energy(), forces=atoms.get_forces(), stress=atoms.get_stress())


def test_a_frame_survives_to_the_last_bit(tmp_path):
    frame = copper()
    assert write_frames(tmp_path / "deep" / "a.extxyz", [frame, frame]) == 2
    back = read_frames(tmp_path / "deep" / "a.extxyz")[1]
    assert np.array_equal(back.positions, frame.positions) and np.array_equal(back.cell, frame.cell)
    assert back.get_potential_energy() == frame.get_potential_energy()
    assert np.array_equal(back.get_forces(), frame.get_forces())
    assert np.array_equal(back.get_stress(), frame.get_stress())
    assert back.info == INFO and {type(v) for v in back.info.values()} == {type(v) for v in INFO.values()}
    assert np.array_equal(back.get_tags(), frame.get_tags()) and back.pbc.all()
    assert structure_id(back) == structure_id(frame)


def test_molecules_unlabelled_frames_and_no_frames_are_fine(tmp_path):
    path = tmp_path / "a.extxyz"
    water = molecule("H2O")
    mixed = [water, labelled(water, energy=-1.0, forces=np.ones((3, 3))), Atoms("H", cell=[5, 5, 5], pbc=[1, 1, 0])]
    write_frames(path, mixed)
    back = read_frames(path)
    assert back[0].calc is None and back[0].cell.rank == 0 and not back[0].pbc.any()
    assert "stress" not in back[1].calc.results and back[1].get_forces().sum() == 9
    assert back[2].pbc.tolist() == [True, True, False]
    write_frames(path, [])
    assert read_frames(path) == []


def test_constraints_never_hide_forces_and_other_programs_can_read_the_file(tmp_path):
    frame = copper()
    frame.set_constraint(FixAtoms([0]))
    frame.info["strange"] = {"not": "kept"}
    write_frames(tmp_path / "a.extxyz", [frame])
    other = read(tmp_path / "a.extxyz")
    assert np.array_equal(other.get_forces(), frame.get_forces(apply_constraint=False))
    assert "strange" not in other.info


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.extxyz"
    write_frames(path, [molecule("H2O")])

    def broken():
        yield molecule("H2")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunFault, match="No space left"):
        write_frames(path, broken())
    assert len(read_frames(path)[0]) == 3 and os.listdir(tmp_path) == ["a.extxyz"]


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(RunFault, match="nowhere"):
        read_frames(tmp_path / "nowhere.extxyz")
    path = tmp_path / "cut.extxyz"
    write_frames(path, [copper()])
    path.write_text(path.read_text()[:-300])
    with pytest.raises(RunFault, match="not a whole extxyz"):
        read_frames(path)


PLAIN = {key: value for key, value in INFO.items() if key != "words"}


def test_the_quick_reader_reads_what_ase_reads(tmp_path):
    path = tmp_path / "a.extxyz"
    tilted = labelled(bulk("Cu"), energy=-3, forces=np.full((1, 3), 1e-17), stress=np.arange(6) / 3)
    tilted.info, tilted.pbc = dict(PLAIN), [True, False, True]
    write_frames(path, [molecule("H2O"), tilted])
    quick = read_plain(path.read_text())
    for ours, theirs in zip(quick, read(path, ":", format="extxyz"), strict=True):
        assert ours.get_chemical_symbols() == theirs.get_chemical_symbols()
        assert np.array_equal(ours.positions, theirs.positions) and np.array_equal(ours.cell, theirs.cell)
        assert ours.pbc.tolist() == theirs.pbc.tolist() and ours.info.keys() == theirs.info.keys()
        assert all(np.array_equal(ours.info[key], theirs.info[key]) for key in ours.info)
        mine, known = getattr(ours.calc, "results", {}), getattr(theirs.calc, "results", {})
        assert mine.keys() == known.keys() and all(np.array_equal(mine[key], known[key]) for key in mine)


ROW = "Cu 0 0 0\n"


@pytest.mark.parametrize(
    "text",
    [
        f"1\nProperties=species:S:1:pos:R:3:tags:I:1\n{ROW}",
        f'1\nProperties=species:S:1:pos:R:3 virial="1 0 0 0 1 0 0 0 1"\n{ROW}',
        f'1\nProperties=species:S:1:pos:R:3 dipole="1 0 0"\n{ROW}',
        f"1\nProperties=species:S:1:pos:R:3 words='a b'\n{ROW}",
        f"1\nProperties=species:S:1:pos:R:3 alone\n{ROW}",
        f'1\nLattice="1 0 0" Properties=species:S:1:pos:R:3\n{ROW}',
        f"2\nProperties=species:S:1:pos:R:3\n{ROW}",
        "1\nProperties=species:S:1:pos:R:3\nCu 0 0\n",
        "1\nProperties=species:S:1:pos:R:3\nQq 0 0 0\n",
        "1\n\nCu 0 0 0\n",
    ],
)
def test_what_is_not_plain_or_not_whole_is_left_to_ase(text):
    assert read_plain(text) is None
