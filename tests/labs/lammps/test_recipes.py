"""Recipes of what is done to a system, each against what must come of it; and potentials that the words name."""

from types import SimpleNamespace

import numpy as np
import pytest

from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.bench.checkers import judged
from lang2mlip.labs.lammps.bench.task import tasks
from lang2mlip.labs.lammps.potential import chosen, named
from lang2mlip.labs.lammps.recipes.melting import Melting
from lang2mlip.labs.lammps.recipes.metadynamics import PairFreeEnergy, _hills
from lang2mlip.labs.lammps.system import UNITS, System
from lang2mlip.labs.lammps.words import understood
from lang2mlip.labs.lammps.writer import RecipeWriter
from lang2mlip.units import BOLTZMANN_EV_PER_K

SMALL = {"width_A": 12, "thickness_A": 9, "rest_ps": 0.5}


def test_a_sphere_meets_more_and_more_resistance_and_the_checker_finds_the_same_hardness(tmp_path):
    words = "nanoindentation of copper (100) at 10 K with a sphere of radius 0.6 nm, 0.1 nm deep"
    made = simulate(words, Settings("Cu_u3.eam", tmp_path, rounds=1), speed_A_ps=1.0, **SMALL)
    task = tasks()["indent-cu"].model_copy(update={"given": {"radius_A": 6.0}})
    assert made.value("largest_load") > 0
    assert judged(task, made.folder).value == pytest.approx(made.value("hardness"), rel=0.1)


def test_a_large_sphere_does_not_come_up_under_the_slab(tmp_path):
    """Its top is 50 Å above the surface, and the box repeats along z."""
    words = "nanoindentation of copper (100) at 10 K with a sphere of radius 2.5 nm, 0.03 nm deep"
    made = simulate(words, Settings("Cu_u3.eam", tmp_path, rounds=1), speed_A_ps=1.0, **SMALL)
    assert 0 < made.value("largest_load") < 5.0  # Hertz: 4/3 130 GPa sqrt(25) 0.3^1.5 Å² = 1.4 nN


def test_a_surface_too_narrow_for_its_sphere_is_refused(tmp_path):
    words = "nanoindentation of copper (100) at 10 K with a sphere of radius 2.5 nm, 0.5 nm deep"
    with pytest.raises(BadInput, match="too narrow"):
        simulate(words, Settings("Cu_u3.eam", tmp_path, rounds=1), width_A=25)
    wide = understood(words, {}).recipe.extent()
    assert wide[0] == pytest.approx(4 * np.sqrt(2 * 25 * 5 - 25)) and wide[1] >= 25


def test_atoms_that_fall_on_their_own_crystal_stick_and_are_counted_from_the_trajectory(tmp_path):
    words = "deposit 3 Cu atoms with 0.5 eV on Cu(111) at 300 K"
    made = simulate(words, Settings("Cu_u3.eam", tmp_path, rounds=1), every_ps=1.2, **SMALL)
    assert made.value("sticking") == 1.0
    assert judged(tasks()["deposit-ni"], made.folder).value == 1.0
    area = 0.5 * np.sqrt(3) * (5 * 3.615 / np.sqrt(2)) ** 2
    assert made.value("film_thickness") == pytest.approx(3 * 11.8 / area, rel=0.2)


def test_the_bias_on_a_pair_is_handed_to_colvars_in_the_units_of_the_script(tmp_path):
    recipe = PairFreeEnergy(temperature_K=100, atoms=108)
    wish = understood("potential of mean force in liquid argon at 100 K", {"atoms": 108})
    atoms = recipe.structure(wish.component)
    assert atoms.get_distance(0, 1, mic=True) == pytest.approx(5.3109 / np.sqrt(2), rel=1e-3)
    text = recipe.files(System(atoms, named("lj", ["Ar"]), 4.0))["colvars.in"]
    assert "wellTempered on" in text
    assert "biasTemperature 200" in text


def test_the_well_of_a_pair_in_liquid_argon_lies_where_g_of_r_has_its_first_peak(tmp_path):
    words = "metadynamics of two atoms in liquid argon at 94.4 K and 1.374 g/cm3"
    quick = {"atoms": 108, "ps": 40, "rest_ps": 2, "melt_ps": 3, "timestep_fs": 5}
    made = simulate(words, Settings("lj", tmp_path, rounds=1), **quick)
    assert made.value("well_distance") == pytest.approx(3.7, abs=0.35)
    assert made.value("barrier") > 0
    assert judged(tasks()["pair-ar"], made.folder).value == pytest.approx(made.value("barrier"), abs=0.004)
    r, theirs = np.loadtxt(made.folder / "bias.metadynamics1.pmf")[20:36].T
    seen = SimpleNamespace(system=SimpleNamespace(units=UNITS["metal"]))
    recipe = PairFreeEnergy(temperature_K=94.4)
    mine = recipe._free_energy(_hills(made.folder)[0], r, seen) - 2 * BOLTZMANN_EV_PER_K * 94.4 * np.log(r)
    assert np.ptp(mine - theirs) < 1e-4 < np.ptp(theirs)  # as colvars itself adds its hills up


def test_where_one_phase_ate_the_other_the_coexistence_begins_elsewhere_by_itself():
    writer, rest = RecipeWriter(Melting(temperature_K=100.0)), "(97 % of the atoms diffuse), no melting point"
    lower, higher = (writer.corrected(f"The {gone} is gone {rest}", None) for gone in ("crystal", "melt"))
    assert lower.writer.recipe.temperature_K == 75.0 and lower.change == "a begin at 75 K"
    assert higher.writer.recipe.temperature_K == 125.0
    between = lower.writer.corrected(f"The melt is gone {rest}", None)
    assert between.writer.recipe.temperature_K == 87.5
    assert between.writer.corrected(f"The crystal is gone {rest}", None).writer.recipe.temperature_K == 81.2
    assert writer.corrected("The log ends after 2 of 5 runs", None) is None
    assert RecipeWriter(PairFreeEnergy()).corrected(f"The crystal is gone {rest}", None) is None


def test_a_heat_flux_is_refused_for_forces_of_many_bodies_and_another_way_is_named(tmp_path):
    with pytest.raises(BadInput, match="reverse"):
        simulate("thermal conductivity of silicon at 500 K by Green-Kubo", Settings("Si.sw", tmp_path))


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("surface energy of Cu(100) with the EAM of Foiles (u3)", "Cu_u3.eam"),
        ("elastic constants of silicon with Stillinger-Weber", "Si.sw"),
        ("lattice constant of silicon, SW potential", "Si.sw"),
        ("lattice constant of tungsten with SNAP", "W_2940_2017_2.snap"),
    ],
)
def test_a_potential_that_the_words_name_is_the_one_that_is_taken(words, file):
    wish = understood(words, {})
    assert chosen(wish.elements(), wish.phases(), wish.kinds()).name == file


def test_where_no_file_of_the_kind_is_there_no_other_takes_its_place():
    wish = understood("lattice constant of copper with Tersoff", {})
    with pytest.raises(UnsupportedElement, match="kind tersoff"):
        chosen(wish.elements(), wish.phases(), wish.kinds())


def test_the_variables_of_a_potential_s_own_script_are_written_out_so_that_nothing_is_hidden():
    assert "$" not in " ".join(named("Ta06A.snap", ["Ta"]).commands(["Ta"]))
