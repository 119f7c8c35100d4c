"""Words to a simulation that really ran in LAMMPS; its numbers against the same potential asked from Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip import load_potential
from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.labs.lammps import Settings, simulate, simulation
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.potential import named
from lang2mlip.labs.lammps.recipes.equilibrate import Equilibrate
from lang2mlip.labs.lammps.recipes.minimise import Minimise
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.writer import Mended, RecipeWriter
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.evaluation.equation_of_state import EquationOfState
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy
from lang2mlip.science.lammps.grade import Defect, Grade, grade
from lang2mlip.science.lammps.thermo import thermo_of
from lang2mlip.science.reference.lammps_file import LammpsReference

FILE = "Cu_mishin1.eam.alloy"


@pytest.fixture(scope="module")
def calculator():
    return LammpsReference(LammpsReference.Settings(file=FILE)).calculator()


def test_elastic_constants_are_those_that_python_finds_with_the_same_file(tmp_path, calculator):
    made = simulate("elastic constants of copper", Settings(FILE, tmp_path))
    truth = Elastic(strain=0.002).constants(bulk("Cu", cubic=True), calculator).GPa
    for name, value in truth.items():
        assert made.value(name) == pytest.approx(value, rel=2e-3)
    assert made.sound
    assert made.grade.score == 100
    for one in made.numbers[:3]:  # what symmetry makes equal to the last digit is not shown as an error bar
        assert one.error is None or one.error > 1e-6 * one.value


def test_a_hexagonal_crystal_has_the_six_constants_of_its_symmetry(tmp_path):
    made = simulate("elastic constants of GaN", Settings(out=tmp_path))
    names = [one.name for one in made.numbers if one.name.startswith("C")]
    assert names == ["C11", "C12", "C13", "C33", "C44", "C66"]
    assert made.value("C66") == pytest.approx((made.value("C11") - made.value("C12")) / 2, rel=1e-3)


def test_the_energy_volume_curve_gives_the_lattice_and_bulk_modulus_that_python_finds(tmp_path, calculator):
    made = simulate("energy volume curve of copper", Settings(FILE, tmp_path))
    truth = EquationOfState().curve(bulk("Cu", cubic=True), calculator)
    assert made.value("lattice_parameter") == pytest.approx(truth.lattice_parameter_A, abs=2e-4)
    assert made.value("bulk_modulus") == pytest.approx(truth.minimum.bulk_modulus_GPa, rel=0.01)


def test_a_crystal_under_pressure_has_the_volume_that_its_equation_of_state_gives(tmp_path, calculator):
    made = simulate("lattice constant of copper at 10 GPa", Settings(FILE, tmp_path))
    atoms = bulk("Cu", a=made.value("lattice_parameter"))
    atoms.calc = calculator
    assert -atoms.get_stress()[:3].mean() * 160.21766 == pytest.approx(10.0, abs=0.02)
    assert made.value("pressure") == pytest.approx(10.0, abs=0.02)


def test_the_vacancy_energy_is_that_which_python_finds(tmp_path, calculator):
    made = simulate("vacancy formation energy of copper", Settings(FILE, tmp_path), atoms=108)
    truth = Vacancy(length_A=10.0).formation(bulk("Cu", cubic=True), calculator)
    assert made.value("vacancy_energy") == pytest.approx(truth.energy_eV, abs=2e-3)
    assert made.value("unrelaxed_vacancy_energy") > made.value("vacancy_energy")


def test_the_surface_energy_is_that_which_python_finds(tmp_path, calculator):
    from ase.build import fcc111

    made = simulate("surface energy of Cu(111)", Settings(FILE, tmp_path))
    slab = fcc111("Cu", (1, 1, 10), a=3.615, vacuum=10.0)
    truth = SurfaceEnergy(fmax_eV_A=1e-3).cleaved(slab, bulk("Cu", cubic=True, a=3.615), calculator)
    assert made.value("surface_energy") == pytest.approx(truth.energy_J_m2, rel=3e-3)


def test_an_equilibrium_run_holds_its_temperature_and_hands_over_all_that_a_person_needs(tmp_path):
    made = simulate("Equilibrate argon at 40 K and 0 GPa", Settings("lj", tmp_path), atoms=108, rest_ps=4, ps=6)
    kelvin = next(one for one in made.numbers if one.name == "temperature")
    assert kelvin.value == pytest.approx(40, abs=3 * kelvin.error + 2)
    names = {file.name for file in made.folder.iterdir()}
    assert {"in.lammps", "structure.data", "log.lammps", "trajectory.dump", "results.json", "report.html"} <= names
    told = json.loads((made.folder / "results.json").read_text())
    assert all(one["unit"] is not None for one in told["numbers"])
    assert (made.folder / "plots" / "density.svg").read_text().startswith("<svg")
    page = (made.folder / "report.html").read_text()
    assert page.count("src=") == page.count('src="data:image/png') == 2
    assert (made.folder / "plots" / "end.png").read_bytes().startswith(b"\x89PNG")
    assert 'href="http' not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("what is the capital of France", "No simulation"),
        ("elastic constants", "No substance"),
        ("elastic constants of a Cu crystal with 10^9 atoms", "GB of memory"),
        ("elastic constants of Cu and Ni", "Which substance first"),
        ("elastic constants and vacancy formation energy of copper", "Which one first"),
        ("diffusion in liquid copper", "At which temperature"),
    ],
)
def test_words_that_do_not_suffice_meet_one_sentence_and_nothing_is_written(tmp_path, words, said):
    with pytest.raises(BadInput, match=said):
        simulate(words, Settings(out=tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_potential_without_the_elements_is_refused_and_never_replaced(tmp_path):
    with pytest.raises(UnsupportedElement, match="--potential"):
        simulate("elastic constants of silicon", Settings(FILE, tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_choice_of_a_potential_carries_its_reason_and_its_checksum(tmp_path):
    made = simulate("lattice constant of nickel", Settings(out=tmp_path))
    assert made.potential.source
    assert made.potential.source in made.potential.reason
    assert all(len(one) == 64 for one in made.potential.sha256.values())
    assert Path(made.folder / next(iter(made.potential.sha256))).is_file()
    assert np.isclose(made.value("lattice_parameter"), 3.52, atol=0.02)


def test_liquid_argon_diffuses_as_in_the_first_simulation_of_it(tmp_path):
    """A. Rahman, Phys. Rev. 136, A405 (1964): 94.4 K, 1.374 g/cm³: D = 2.43e-5 cm²/s, first peak of g(r) at 3.7 Å."""
    words = "Diffusion coefficient of liquid argon at 94.4 K and 1.374 g/cm3"
    made = simulate(words, Settings("lj", tmp_path), atoms=256, rest_ps=5, ps=24, timestep_fs=4, melt_ps=6)
    found = {one.name: one for one in made.numbers}
    diffusion = found["diffusion_Ar"]
    assert diffusion.value == pytest.approx(2.43e-5, abs=3 * diffusion.error + 0.2e-5)
    assert diffusion.error < 0.5e-5
    assert found["rdf_peak_Ar-Ar"].value == pytest.approx(3.7, abs=0.11)
    assert 11 < found["coordination_Ar-Ar"].value < 14
    assert found["density"].value == pytest.approx(1.374, abs=1e-3)


def test_what_did_not_melt_is_given_no_numbers_of_a_liquid(tmp_path):
    words = "Diffusion in liquid argon at 30 K"
    made = simulate(words, Settings("lj", tmp_path, rounds=1), atoms=108, melt_K=31, melt_ps=1, rest_ps=2, ps=3)
    assert not made.numbers
    assert not made.sound
    assert any("not liquid" in one for one in made.remarks)


def test_a_person_may_change_the_script_before_it_runs_and_is_told_what_is_wrong_with_it(tmp_path):
    met = []

    def person(script, about):
        met.append(about)
        text = script.read_text()
        if len(met) == 1:
            script.write_text(text.replace("thermo          10", "shell           ls"))
        elif len(met) == 2:
            script.write_text(text.replace("shell           ls", "thermo          5"))
        return True

    made = simulate("lattice constant of copper", Settings(FILE, tmp_path, manner=Manner(ask=person)))
    assert len(met) == 2
    assert "shell" in met[1]
    assert made.sound
    assert "thermo          5" in (made.folder / "in.lammps").read_text()


def test_a_person_may_stop_before_anything_runs(tmp_path):
    with pytest.raises(BadInput, match="Stopped before the run"):
        simulate("lattice constant of copper", Settings(FILE, tmp_path, manner=Manner(ask=lambda script, about: False)))
    assert not list(tmp_path.rglob("results.json"))


def test_lost_atoms_call_for_half_the_time_step_and_unrest_for_more_time():
    writer = RecipeWriter(Equilibrate(rest_ps=3, ps=5))
    system = System(bulk("Cu", cubic=True), named(FILE, ["Cu"]), 2.0)
    lost = thermo_of(LOG + "ERROR: Lost atoms: original 4 current 3 (src/thermo.cpp:494)\n")
    finer = writer.mended(grade(lost, "fix move all nve\nrun 100\n"), system)
    assert finer.writer.step_fs(["Cu"]) == 1.0
    restless = Grade(score=90, passed=True, parts=(), defects=(Defect(part="stationary", what="", fatal=False),))
    longer = writer.mended(restless, system)
    assert (longer.writer.recipe.rest_ps, longer.writer.recipe.ps) == (6, 10)
    assert RecipeWriter(Minimise()).mended(restless, system) is None


LOG = """run 100
Per MPI rank memory allocation (min/avg/max) = 4.2 | 4.2 | 4.2 Mbytes
   Step          Temp          PotEng
         0   300            -14.0
"""


def test_a_potential_of_our_own_drives_a_recipe_through_fix_external(finished, tmp_path):
    made = simulate("lattice constant of argon", Settings(str(finished.run.folder), tmp_path), atoms=32)
    truth = EquationOfState().curve(bulk("Ar", cubic=True, a=5.3), load_potential(finished.run.folder))
    assert made.sound
    assert "fix external" in made.potential.reason
    assert made.value("lattice_parameter") == pytest.approx(truth.lattice_parameter_A, rel=2e-3)


def test_where_the_remedy_may_not_take_so_long_the_round_before_is_handed_over(tmp_path, monkeypatch):
    real = simulation.attempt
    asked = []

    def limited(writer, system, folder, manner):
        asked.append(folder.name)
        if len(asked) > 1:
            raise BadInput("108 atoms for 10 steps would take about 9.0 h, more than the 1.0 h allowed")
        return real(writer, system, folder, manner)

    monkeypatch.setattr(simulation, "attempt", limited)
    monkeypatch.setattr(simulation, "_remedy", lambda writer, one, system: Mended(writer, "twice the time"))
    made = simulate("density of copper at 300 K", Settings(FILE, tmp_path, rounds=3), ps=2, atoms=108)
    assert asked == ["1", "2"] and made.value("density") == pytest.approx(8.8, abs=0.3)
    assert made.rounds[1].verdict.startswith("Not run: 108 atoms") and made.rounds[1].change == "twice the time"
    asked.append("more")
    with pytest.raises(BadInput, match="would take"):
        simulate("density of copper at 300 K", Settings(FILE, tmp_path, rounds=3), ps=2, atoms=108)
