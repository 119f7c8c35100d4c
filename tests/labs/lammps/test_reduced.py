"""The Lennard-Jones model in its own units: read from words, run in units lj, told in ε, σ and τ."""

import pytest
from ase.build import bulk

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.bench.checkers import judged
from lang2mlip.labs.lammps.bench.task import tasks
from lang2mlip.labs.lammps.potential import named
from lang2mlip.labs.lammps.reduced.units import DENSITY_g_cm3, PRESSURE_GPa, cell, text_in_reduced
from lang2mlip.labs.lammps.reduced.words import reduced_state
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.words import understood

STATES = [
    ("an LJ liquid at T*=0.85 and rho*=0.75", (0.85, 0.75, None)),
    ("a Lennard-Jones fluid at reduced temperature 1.0, density 0.7; its pressure", (1.0, 0.7, None)),
    ("the LJ fluid with kT/epsilon = 1.5 and rho sigma^3 = 0.5", (1.5, 0.5, None)),
    ("viscosity of the Lennard–Jones liquid at temperature 0.72 and density 0.84", (0.72, 0.84, None)),
    ("density of an LJ fluid in reduced units, T = 1.5, pressure of 1.2", (1.5, None, 1.2)),
    ("LJ, ρ* ≈ 0.8442, T^* = 0.722.", (0.722, 0.8442, None)),
]


@pytest.mark.parametrize(("words", "state"), STATES)
def test_a_state_in_reduced_units_is_read(words, state):
    found = reduced_state(words)
    assert (found.temperature, found.density, found.pressure) == state


@pytest.mark.parametrize("words", ["density of liquid argon at 90 K", "viscosity of a Lennard-Jones fluid at 120 K"])
def test_words_with_other_units_are_not_taken_for_reduced_ones(words):
    assert reduced_state(words) is None


def test_words_become_a_recipe_for_the_model_itself():
    wish = understood("self diffusion of an LJ fluid at T*=1.2, rho*=0.7 with 400 particles over 50 tau", {})
    assert (wish.recipe.key, wish.elements(), wish.recipe.atoms, wish.recipe.ps) == ("motion", ["X"], 400, 50)
    assert wish.recipe.temperature_K == 1.2 and wish.recipe.molten
    assert wish.recipe.density_g_cm3 == pytest.approx(0.7 * DENSITY_g_cm3)
    assert "1.2 ε/k_B" in wish.measures()


def test_an_element_with_parameters_is_simulated_as_itself_at_the_state_that_was_named():
    wish = understood("self diffusion of liquid argon at T*=0.722 and rho*=0.8442", {})
    assert wish.component.name == "argon"
    assert wish.recipe.temperature_K == pytest.approx(87.1, abs=0.1)
    assert wish.recipe.density_g_cm3 == pytest.approx(1.425, abs=0.001)


def test_half_a_state_another_substance_and_what_is_not_made_for_the_model_are_refused_in_words():
    for words, why in (
        ("viscosity of a Lennard-Jones liquid", "T\\* and rho\\*"),
        ("pressure of an LJ fluid at T* = 1.5", "T\\* and rho\\*"),
        ("diffusion of copper at T*=1", "copper has none"),
        ("diffusion of Cu as an LJ liquid at T*=1, rho*=0.8", "Cu has none"),
        ("surface energy of the LJ crystal", "name a substance"),
        ("g(r) of the LJ fluid at T*=1, rho*=0.8 cut off at 9 sigma", "cut-off"),
    ):
        with pytest.raises(BadInput, match=why):
            understood(words, {})


def test_a_cut_off_in_the_words_is_the_one_that_is_used():
    state = "of the LJ fluid at T*=1, rho*=0.8"
    assert understood(f"g(r) {state}", {}).potential == "lj"
    assert understood(f"g(r) {state}, cut-off 2.5 sigma", {}).potential == "lj 2.5"
    assert understood(f"g(r) {state}, truncated and shifted at 3 sigma", {}).potential == "lj 3 shifted"


def test_its_crystal_is_fcc_and_its_masses_make_one_density_one():
    assert sorted(cell().get_all_distances(mic=True)[0])[1] == pytest.approx(
        sorted(bulk("Cu", "fcc", a=cell().cell[0, 0], cubic=True).get_all_distances(mic=True)[0])[1]
    )
    mass = cell().get_masses().sum() / cell().get_volume() * 1.66053904
    assert mass == pytest.approx(4 / cell().get_volume() * DENSITY_g_cm3, rel=1e-6)


def test_amounts_in_a_text_are_told_in_the_model_s_units_and_other_numbers_stay():
    told = text_in_reduced("at 1.35 K, 3 neighbours within 1.5 Å of 4 K9")
    assert told == "at 1.35 ε/k_B, 3 neighbours within 1.5 σ of 4 K9"
    assert text_in_reduced(f"{2 * PRESSURE_GPa:.8f} GPa over 5 ps") == "2 ε/σ³ over 5 τ"


def test_pressure_and_energy_of_the_fluid_are_those_of_its_equation_of_state(tmp_path):
    # J. Kolafa and I. Nezbeda, Fluid Phase Equilib. 100, 1 (1994): P* = 1.074, U* = -3.150 at T* = 2, rho* = 0.5
    words = "pressure of the Lennard-Jones fluid at T* = 2 and rho* = 0.5, 108 particles, over 20 tau"
    made = simulate(words, Settings(None, tmp_path, rounds=1), rest_ps=2, melt_ps=2)
    found = {one.name: one for one in made.numbers}
    assert "units           lj" in (made.folder / "in.lammps").read_text()
    assert found["pressure"].unit == "ε/σ³" and found["density"].value == pytest.approx(0.5, rel=1e-6)
    assert found["pressure"].value == pytest.approx(1.074, abs=0.08)
    assert found["potential_energy"].value == pytest.approx(-3.150, abs=0.04)
    assert "Lennard-Jones model" in made.system and "σ" in made.system
    assert "steps of 0.004 τ" in (made.folder / "report.html").read_text(encoding="utf-8")
    for name, quantity in (("lj-pressure", "pressure"), ("lj-energy", "potential_energy")):
        assert judged(tasks()[name], made.folder).value == pytest.approx(found[quantity].value, abs=0.05)


def test_the_crystal_at_rest_has_the_energy_of_its_lattice_sums(tmp_path):
    # -8.610 ε at nearest neighbours 1.0902 σ: N. W. Ashcroft and N. D. Mermin, Solid State Physics (1976), chapter 20
    made = simulate("lattice constant of the LJ crystal", Settings(None, tmp_path, rounds=1))
    assert made.value("energy") == pytest.approx(-8.610, rel=2e-3)
    assert made.value("lattice_parameter") == pytest.approx(1.0902 * 2**0.5, rel=2e-3)


def test_the_wall_and_the_hills_of_a_bias_are_of_the_size_of_the_model(tmp_path):
    wish = understood("metadynamics on the distance of two atoms of the LJ fluid at T*=0.7, rho*=0.8", {})
    system = System(wish.recipe.structure(wish.component), named("lj", ["X"]), wish.recipe.timestep_fs)
    words = dict(line.split() for line in wish.recipe.files(system)["colvars.in"].splitlines() if line.count(" ") == 3)
    assert float(words["forceConstant"]) == pytest.approx(70, rel=1e-4)
    assert float(words["hillWeight"]) == pytest.approx(0.05 * 0.7, rel=1e-4)
    assert float(words["biasTemperature"]) == pytest.approx(1.4, rel=1e-4)
