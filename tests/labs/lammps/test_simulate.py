"""Words to a simulation that really ran in LAMMPS; its numbers against the same potential asked from Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.evaluation.equation_of_state import EquationOfState
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy
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


def test_the_energy_volume_curve_gives_the_lattice_and_bulk_modulus_that_python_finds(tmp_path, calculator):
    made = simulate("energy volume curve of copper", Settings(FILE, tmp_path))
    truth = EquationOfState().curve(bulk("Cu", cubic=True), calculator)
    assert made.value("lattice_parameter") == pytest.approx(truth.lattice_parameter_A, abs=2e-4)
    assert made.value("bulk_modulus") == pytest.approx(truth.minimum.bulk_modulus_GPa, rel=0.01)


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
    assert {"in.lammps", "structure.data", "log.lammps", "results.json", "report.html", "plots"} <= names
    told = json.loads((made.folder / "results.json").read_text())
    assert all(one["unit"] is not None for one in told["numbers"])
    assert (made.folder / "plots" / "density.svg").read_text().startswith("<svg")
    page = (made.folder / "report.html").read_text()
    assert "src=" not in page
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
