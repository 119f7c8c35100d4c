"""Labels of other people survive the way in and out, and bad ones are caught at the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from vasp_files import outcar, vasprun

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.exchange import read_labelled, write_labelled
from lang2mlip.science.atoms.soundness import disagreements


def labelled(atoms: Atoms) -> Atoms:
    atoms = atoms.copy()
    atoms.calc = EMT()
    found = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    if atoms.pbc.all():
        found["stress"] = atoms.get_stress()
    atoms.calc = SinglePointCalculator(atoms, **found)
    return atoms


def crystals(n: int = 4, strain: float = 0.03, rattle: float = 0.05) -> list[Atoms]:
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.set_cell(atoms.cell * (1 + strain * (i / max(n - 1, 1) - 0.3)), scale_atoms=True)
        atoms.rattle(rattle, seed=i)
        frames.append(labelled(atoms))
    return frames


def trajectory() -> list[Atoms]:
    """Twelve small downhill steps from a rattled crystal."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.15, seed=4)
    frames = []
    for _ in range(12):
        frames.append(labelled(atoms))
        atoms.positions += 0.01 * frames[-1].get_forces()
    return frames


def same(one: Atoms, two: Atoms, tolerance: float = 1e-7) -> None:
    assert one.get_chemical_symbols() == two.get_chemical_symbols()
    assert one.positions == pytest.approx(two.positions, abs=tolerance)
    assert one.cell.array == pytest.approx(two.cell.array, abs=tolerance)
    assert (one.pbc == two.pbc).all()
    assert set(one.calc.results) == set(two.calc.results)
    for name, value in one.calc.results.items():
        assert value == pytest.approx(two.calc.results[name], abs=tolerance), name


class TestExtendedXYZ:
    def test_what_is_written_is_read_again(self, tmp_path: Path) -> None:
        molecule = labelled(Atoms("Cu2Au", [[0, 0, 0], [2.5, 0, 0], [0, 2.6, 0.1]]))
        frames = [*crystals(), molecule]
        write_labelled(frames, tmp_path / "new" / "set.extxyz")
        again, provenance = read_labelled(tmp_path / "new" / "set.extxyz")
        for one, two in zip(frames, again, strict=True):
            same(one, two)
        assert (provenance.kind, provenance.frames, provenance.left_out) == ("extxyz", 5, ())
        assert len(provenance.sha256) == 64

    @pytest.mark.parametrize(
        ("energy", "forces", "tensor"),
        [("REF_energy", "REF_forces", "REF_stress"), ("dft_energy", "dft_force", "dft_virial"), ("E", "f", "virials")],
    )
    def test_labels_are_found_under_other_names(self, tmp_path: Path, energy: str, forces: str, tensor: str) -> None:
        frame = crystals(1)[0]
        bare = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
        bare.info[energy] = frame.get_potential_energy()
        bare.arrays[forces] = frame.get_forces()
        sigma = frame.get_stress(voigt=False)
        bare.info[tensor] = sigma if "stress" in tensor else -sigma * frame.get_volume()
        write(tmp_path / "a.xyz", bare, format="extxyz")
        (again,), provenance = read_labelled(tmp_path / "a.xyz")
        same(frame, again)
        assert energy in provenance.remarks[0]

    def test_the_reference_goes_before_another_calculators_energy(self, tmp_path: Path) -> None:
        frame = crystals(1)[0]
        frame.info["REF_energy"] = -123.0
        write(tmp_path / "a.xyz", frame, format="extxyz")
        (again,), _ = read_labelled(tmp_path / "a.xyz")
        assert again.get_potential_energy() == -123.0

    def test_bad_frames_are_left_out_and_said(self, tmp_path: Path) -> None:
        frames = crystals(6)
        frames[1].calc.results["energy"] = float("nan")
        frames[2].calc.results["forces"][0] = (150.0, 0, 0)
        del frames[3].calc.results["forces"]
        write(tmp_path / "a.xyz", [*frames, frames[0]], format="extxyz")
        good, provenance = read_labelled(tmp_path / "a.xyz")
        assert len(good) == provenance.frames == 3
        assert [line.split(" ")[1] for line in provenance.left_out] == ["2", "3", "4", "7"]
        said = " ".join(provenance.left_out)
        for word in ("energy that is not finite", "150 eV/Å", "has no forces", "same structure as frame 1"):
            assert word in said

    def test_a_corrupt_file_is_named_with_the_place(self, tmp_path: Path) -> None:
        file = tmp_path / "cut.xyz"
        write(file, crystals(3), format="extxyz")
        lines = file.read_text().split("\n")
        lines[8] = "Cu not a number"
        file.write_text("\n".join(lines))
        with pytest.raises(BadInput, match=r"cut\.xyz: frame 2"):
            read_labelled(file)

    def test_a_truncated_file_is_an_error_too(self, tmp_path: Path) -> None:
        file = tmp_path / "cut.xyz"
        write(file, crystals(2), format="extxyz")
        file.write_text(file.read_text()[:-150])
        with pytest.raises(BadInput, match=r"cut\.xyz: frame"):
            read_labelled(file)

    @pytest.mark.parametrize("name", ["missing.xyz", "notes.txt", "empty.xyz"])
    def test_what_is_no_data_is_refused_by_name(self, tmp_path: Path, name: str) -> None:
        if name != "missing.xyz":
            (tmp_path / name).write_text("" if name == "empty.xyz" else "hello")
        with pytest.raises(BadInput, match=name):
            read_labelled(tmp_path / name)

    @pytest.mark.parametrize(
        ("factor", "word"),
        [(-1.0, "opposite sign"), (160.21766208, "in GPa"), (-1602.1766208, "kbar with the opposite")],
    )
    def test_a_stress_in_the_wrong_sign_or_unit_is_found_and_left_out(
        self, tmp_path: Path, factor: float, word: str
    ) -> None:
        frames = crystals(10, strain=0.1, rattle=0.0)
        for atoms in frames:
            atoms.calc.results["stress"] = atoms.calc.results["stress"] * factor
        write_labelled(frames, tmp_path / "a.xyz")
        again, provenance = read_labelled(tmp_path / "a.xyz")
        assert any(word in remark for remark in provenance.remarks)
        assert all("stress" not in atoms.calc.results for atoms in again)

    @pytest.mark.parametrize(("factor", "word"), [(-1.0, "opposite sign"), (1 / 51.422067, "Hartree/bohr")])
    def test_forces_in_the_wrong_sign_or_unit_are_refused(self, tmp_path: Path, factor: float, word: str) -> None:
        frames = trajectory()
        for atoms in frames:
            atoms.calc.results["forces"] = atoms.calc.results["forces"] * factor
        write_labelled(frames, tmp_path / "a.xyz")
        with pytest.raises(BadInput, match=word):
            read_labelled(tmp_path / "a.xyz")

    def test_right_forces_of_a_trajectory_pass(self, tmp_path: Path) -> None:
        write_labelled(trajectory(), tmp_path / "a.xyz")
        assert read_labelled(tmp_path / "a.xyz")[1].frames == 12

    def test_a_right_stress_is_kept(self, tmp_path: Path) -> None:
        write_labelled(crystals(10, strain=0.1, rattle=0.01), tmp_path / "a.xyz")
        again, _ = read_labelled(tmp_path / "a.xyz")
        assert all("stress" in atoms.calc.results for atoms in again)


class TestDeePMD:
    def test_what_is_written_is_read_again(self, tmp_path: Path) -> None:
        mixed = bulk("Cu", cubic=True)
        mixed.symbols[0] = "Au"
        mixed.rattle(0.05, seed=9)
        frames = [*crystals(3), labelled(mixed), labelled(Atoms("Cu2", [[0, 0, 0], [0.1, 0, 2.4]]))]
        write_labelled(frames, tmp_path / "dp", "deepmd")
        again, provenance = read_labelled(tmp_path / "dp")
        assert provenance.kind == "deepmd"
        assert sorted(a.get_potential_energy() for a in again) == pytest.approx(
            sorted(a.get_potential_energy() for a in frames), abs=1e-9
        )
        energies = {round(a.get_potential_energy(), 6): a for a in again}
        for frame in frames:
            order = np.argsort(frame.numbers, kind="stable")
            there = energies[round(frame.get_potential_energy(), 6)]
            assert there.get_forces() == pytest.approx(frame.get_forces()[order], abs=1e-9)
            if frame.pbc.all():
                assert there.get_stress() == pytest.approx(frame.get_stress(), abs=1e-9)

    def test_its_virial_is_positive_under_compression(self, tmp_path: Path) -> None:
        atoms = bulk("Cu", "fcc", 3.4, cubic=True)
        write_labelled([labelled(atoms)], tmp_path / "dp", "deepmd")
        virial = np.load(next((tmp_path / "dp").rglob("virial.npy")))
        assert virial[0, 0] > 0

    @pytest.mark.parametrize("name", ["force.npy", "type_map.raw", "set.000"])
    def test_a_missing_piece_is_named(self, tmp_path: Path, name: str) -> None:
        write_labelled(crystals(2), tmp_path / "dp", "deepmd")
        piece = next((tmp_path / "dp").rglob(name))
        piece.rename(tmp_path / "aside")
        with pytest.raises(BadInput, match=name):
            read_labelled(tmp_path / "dp")

    def test_an_array_that_does_not_fit_is_named(self, tmp_path: Path) -> None:
        write_labelled(crystals(2), tmp_path / "dp", "deepmd")
        np.save(next((tmp_path / "dp").rglob("force.npy")), np.zeros((2, 7)))
        with pytest.raises(BadInput, match=r"force\.npy"):
            read_labelled(tmp_path / "dp")

    def test_a_pickle_is_never_executed(self, tmp_path: Path) -> None:
        write_labelled(crystals(2), tmp_path / "dp", "deepmd")
        np.save(next((tmp_path / "dp").rglob("energy.npy")), np.array([{"a": 1}, None], dtype=object))
        with pytest.raises(BadInput, match=r"energy\.npy"):
            read_labelled(tmp_path / "dp")

    def test_a_slab_cannot_be_said_in_it(self, tmp_path: Path) -> None:
        slab = crystals(1)[0]
        slab.pbc = (True, True, False)
        with pytest.raises(BadInput, match="some directions"):
            write_labelled([slab], tmp_path / "dp", "deepmd")


class TestVASP:
    def test_an_outcar_gives_its_steps_and_settings(self, tmp_path: Path) -> None:
        frames = crystals(3)
        (tmp_path / "OUTCAR").write_text(outcar(frames, encut=450))
        again, provenance = read_labelled(tmp_path / "OUTCAR")
        for one, two in zip(frames, again, strict=True):
            same(one, two, 1e-6)
        assert provenance.settings["ENCUT"] == 450
        assert provenance.settings["GGA"] == "PE"
        assert provenance.settings["potentials"] == ["PAW_PBE Cu 22Jun2005"]

    def test_a_vasprun_gives_its_steps_and_settings(self, tmp_path: Path) -> None:
        frames = crystals(3)
        (tmp_path / "vasprun.xml").write_text(vasprun(frames))
        again, provenance = read_labelled(tmp_path / "vasprun.xml")
        for one, two in zip(frames, again, strict=True):
            same(one, two, 1e-6)
        assert provenance.settings == {
            "ENCUT": 400.0,
            "GGA": "PE",
            "ISPIN": 1.0,
            "potentials": ["PAW_PBE Cu 22Jun2005"],
        }
        assert any("free energy" in remark for remark in provenance.remarks)

    def test_a_step_whose_electrons_did_not_converge_is_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "vasprun.xml").write_text(vasprun(crystals(3), stuck=1))
        again, provenance = read_labelled(tmp_path / "vasprun.xml")
        assert len(again) == 2
        assert any("step 2" in remark for remark in provenance.remarks)

    def test_a_vasprun_that_was_cut_off_gives_its_whole_steps(self, tmp_path: Path) -> None:
        text = vasprun(crystals(3))
        (tmp_path / "vasprun.xml").write_text(text[: text.rindex('<varray name="stress">')])
        again, provenance = read_labelled(tmp_path / "vasprun.xml")
        assert len(again) == 2
        assert any("ends early" in remark for remark in provenance.remarks)

    @pytest.mark.parametrize("name", ["OUTCAR", "vasprun.xml"])
    def test_rubbish_is_refused_by_name(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("<nothing of the kind")
        with pytest.raises(BadInput, match=name):
            read_labelled(tmp_path / name)


class TestSources:
    def test_other_settings_are_named(self) -> None:
        mine, theirs = crystals(4), crystals(4, strain=0.05)
        said = disagreements({"a": (mine, {"ENCUT": 400.0, "GGA": "PE"}), "b": (theirs, {"ENCUT": 520.0})})
        assert said == ["ENCUT is 400.0 in a and 520.0 in b"]

    def test_another_base_energy_is_found(self) -> None:
        mine, theirs = crystals(4), crystals(4, strain=0.05)
        assert disagreements({"a": (mine, {}), "b": (theirs, {})}) == []
        for atoms in theirs:
            atoms.calc.results["energy"] -= 3.5 * len(atoms)
        (said,) = disagreements({"a": (mine, {}), "b": (theirs, {})})
        assert float(said.split()[2]) == pytest.approx(-3.5, abs=0.05)

    def test_sources_without_a_common_element_are_not_compared(self) -> None:
        other = [labelled(bulk("Al", cubic=True))]
        assert disagreements({"a": (crystals(3), {}), "b": (other, {})}) == []
