"""What an expert sees before a run: each fault is named with its line, and a sound script raises nothing."""

from dataclasses import replace

import pytest
from ase.build import bulk

from lang2mlip.labs.lammps.checks import faults, inspect
from lang2mlip.labs.lammps.engine import shortened
from lang2mlip.labs.lammps.potential import named
from lang2mlip.labs.lammps.recipes.equilibrate import Equilibrate
from lang2mlip.labs.lammps.recipes.motion import Motion
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.lammps.commands import commands

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
