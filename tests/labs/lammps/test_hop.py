"""The hop of an atom into the vacancy beside it: its barrier against the static one, and the words that mean it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.potential import named
from lang2mlip.labs.lammps.recipe import Seen
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.recipes.mean_force import Profile
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.words import understood

COLD = "free energy barrier of a vacancy hop in copper at 50 K"
QUICK = {"atoms": 108, "ps": 40, "rest_ps": 3}


def static_barrier_eV(folder: Path) -> float:
    """The same potential at 0 K: the atom held half way, where by symmetry the saddle of an fcc crystal is."""
    atoms = understood(COLD, {"atoms": 108}).recipe.structure(understood(COLD, {}).component)
    system = System(atoms, named("Cu_u3.eam", ["Cu"]), 2.0, cubic=True)
    system.write(folder)
    system.potential.copy_to(folder)
    middle = [f"$(({one}lo+{one}hi)/2)" for one in "xyz"]
    far = int(np.argmax(np.linalg.norm(atoms.positions - atoms.positions.mean(axis=0), axis=1))) + 1
    lines = (
        *relax_box(system), "print 'WELL $(pe:%.10f)'",
        f"set atom 1 x {middle[0]} y {middle[1]} z {middle[2]}",
        f"group held id 1 {far}", "fix held held setforce 0 0 0", RELAX_ATOMS, "print 'SADDLE $(pe:%.10f)'",
    )  # fmt: skip
    (folder / "in.static").write_text(system.head("static", 1000) + "\n".join(lines) + "\n")
    program = str(Path(sys.executable).with_name("lmp"))
    said = subprocess.run([program, "-in", "in.static", "-nocite"], cwd=folder, capture_output=True, text=True).stdout
    told = {line.split()[0]: float(line.split()[1]) for line in said.splitlines() if line.startswith(("WELL", "SADD"))}
    return told["SADDLE"] - told["WELL"]


def test_in_the_cold_the_free_energy_barrier_is_the_static_one_and_both_wells_are_alike(tmp_path):
    made = simulate(COLD, Settings("Cu_u3.eam", tmp_path, rounds=1), **QUICK)
    assert made.sound
    assert not made.remarks or all("taken" in one for one in made.remarks)
    static = static_barrier_eV(tmp_path)
    assert static == pytest.approx(0.67, abs=0.01)
    assert made.value("barrier") == pytest.approx(static, abs=0.03)
    assert made.value("asymmetry") == pytest.approx(0.0, abs=0.05)
    assert made.value("hop_distance") == pytest.approx(3.615 / np.sqrt(2), abs=0.15)


def test_near_melting_the_crystal_keeps_its_place_and_no_other_atom_takes_the_hole(tmp_path):
    words = "free energy barrier of a vacancy hop in copper at 1150 K"
    made = simulate(words, Settings("Cu_u3.eam", tmp_path, rounds=1), **QUICK)
    assert made.sound
    assert 0.40 < made.value("barrier") < 0.66


def test_a_run_in_which_another_atom_left_its_site_has_no_barrier(tmp_path):
    wish = understood(COLD, {"atoms": 108})
    atoms = wish.recipe.structure(wish.component)
    system = System(atoms, named("Cu_u3.eam", ["Cu"]), 2.0, cubic=True)
    frames = [atoms, atoms.copy()]
    frames[1].positions[4] += atoms.cell.array.sum(axis=0) - 2 * atoms.positions[0]
    edge = atoms.cell.lengths()[0]
    bounds = "ITEM: BOX BOUNDS pp pp pp\n" + 3 * f"0 {edge}\n"
    (tmp_path / "trajectory.dump").write_text("".join(
        f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(one)}\n{bounds}ITEM: ATOMS id type element xu yu zu\n"
        + "".join(f"{n + 1} 1 Cu {x} {y} {z}\n" for n, (x, y, z) in enumerate(one.positions))
        for step, one in enumerate(frames)
    ))  # fmt: skip
    with pytest.raises(PartFailed, match="1 other atoms left"):
        wish.recipe.read(Seen(tmp_path, system, {}))


def test_a_hill_that_is_known_is_found_from_the_pull_of_a_spring_that_passes_over_it():
    rng, stiff, hill = np.random.default_rng(1), 20.0, 0.8
    centre = np.linspace(-1.4, 1.4, 20_000)
    place = centre
    for _ in range(60):  # where the spring and F = hill (1 + cos(2 pi s / 2.5)) / 2 balance
        place = centre + hill * np.pi / 2.5 * np.sin(2 * np.pi * place / 2.5) / stiff
    rows = np.column_stack([place + rng.normal(0, 0.03, len(place)), centre])
    profile = Profile.of(rows, 40, stiff)
    left, top, right = profile.ends()
    assert profile.s[[left, top, right]] == pytest.approx([-1.25, 0.0, 1.25], abs=0.03)
    assert profile.free[top] - profile.free[left] == pytest.approx(hill, abs=0.01)
    assert profile.free[right] - profile.free[left] == pytest.approx(0.0, abs=4 * profile.noise(-1.25, 1.25))


@pytest.mark.parametrize(
    ("words", "kelvin"),
    [
        ("free energy barrier of a vacancy hop in silver at 700 K", 700),
        ("vacancy migration free energy of nickel at 900 K", 900),
        ("What must a gold atom pay in free energy to swap places with a neighbouring vacancy at 800 K?", 800),
        ("umbrella sampling of a vacancy jump in tungsten at 1500 K", 1500),
        ("how high is the saddle when an iron atom slips into the empty site beside it at 600 K", 600),
        ("nn atom <-> vac exchange in Al, 500 K, 1 CV, dF in eV", 500),
        ("metadynamics of a vacancy hop in copper at 800 K", 800),
    ],
)
def test_words_for_a_hop_lead_to_it(words, kelvin):
    recipe = understood(words, {}).recipe
    assert (recipe.key, recipe.temperature_K) == ("hop", kelvin)


@pytest.mark.parametrize(
    "words",
    [
        "vacancy formation energy of copper",
        "what does it cost to make one empty site in aluminium",
        "formation energy of a vacancy in nickel, neighbours relaxed",
        "monovacancy in molybdenum, E_f in eV",
    ],
)
def test_words_for_the_formation_of_a_vacancy_stay_with_it(words):
    assert understood(words, {}).recipe.key == "vacancy"


@pytest.mark.parametrize(
    "words",
    [
        "how high a barrier must a platinum adatom climb to hop from the fcc hollow to the next hollow at 300 K",
        "free energy barrier of a surface vacancy hop on Cu(111) at 500 K",
        "barrier of a vacancy hop near a grain boundary in copper at 500 K",
        "nudged elastic band of a vacancy jump in copper",
        "umbrella sampling of two atoms in liquid argon at 90 K",
        "vacancy formation and migration energy of copper at 300 K",
    ],
)
def test_other_barriers_and_two_questions_at_once_are_refused(words):
    with pytest.raises(BadInput):
        understood(words, {})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("vacancy hop in NiAl at 800 K", "one element"),
        ("vacancy hop in graphite at 800 K", "alike"),
        ("vacancy hop in liquid copper at 1500 K", "liquid"),
        ("vacancy hop in copper at 800 K, 32 atoms", "more atoms"),
    ],
)
def test_where_hops_differ_or_there_is_no_room_one_sentence_says_so(words, why, tmp_path):
    with pytest.raises(BadInput, match=why):
        simulate(words, Settings(None, tmp_path, rounds=1))
