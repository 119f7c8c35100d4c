"""Models of OpenKIM: portable ones through fix external, LAMMPS' own as they are; ids, citations, what is refused."""

import re
import sys

import numpy as np
import pytest
from ase.build import bulk, fcc111

from lang2mlip.errors import BadInput, LabelFailed, NotInstalled, PartFailed, UnsupportedElement
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.potential import named
from lang2mlip.science.reference import openkim
from lang2mlip.science.reference.lammps_file import LammpsReference
from lang2mlip.science.reference.selftest import self_test

PORTABLE = "EAM_Dynamo_MishinMehlPapaconstantopoulos_2001_Cu__MO_346334655118_005"
SIMULATOR = "Sim_LAMMPS_ADP_ApostolMishin_2011_AlCu__SM_667696763561_000"
REACTIVE = "Sim_LAMMPS_ReaxFF_ChenowethVanDuinGoddard_2008_CHO__SM_584143153761_001"
CHARGED = "SM_853967355976"


@pytest.fixture
def api():
    """The API with the models of Debian; the tests that need it are skipped without (`make kim` installs it)."""
    pytest.importorskip("kimpy")
    try:
        return openkim.find_model(PORTABLE)
    except BadInput:
        pytest.skip("the models of Debian's openkim-models are not here")


@pytest.fixture
def afresh():
    """A process that has not asked for the API yet."""
    for one in (openkim._api, openkim._collections):
        one.cache_clear()
    yield
    for one in (openkim._api, openkim._collections):
        one.cache_clear()


def test_without_the_api_it_says_how_to_get_it(monkeypatch, afresh):
    monkeypatch.setitem(sys.modules, "kimpy", None)
    with pytest.raises(NotInstalled, match=r"apt install libkim-api-dev.*lang2mlip\[kim\]"):
        named(f"kim:{PORTABLE}", ["Cu"])


def test_a_model_is_found_by_its_short_id_and_cited(api):
    for text in (PORTABLE, "MO_346334655118_005", "MO_346334655118"):
        assert openkim.find_model(text) == api
    assert api.elements == ("Cu",) and api.form == "eam"
    assert "10.1103/PhysRevB.63.224106" in api.source and "10.25950/bbcadadf" in api.source


def test_a_portable_model_agrees_with_the_file_it_was_made_from_and_with_its_own_energies(api):
    atoms = bulk("Cu", cubic=True).repeat(2)
    atoms.rattle(0.1, seed=3)
    ours, file = openkim.portable(PORTABLE), LammpsReference(LammpsReference.Settings(file="Cu_mishin1.eam.alloy"))
    assert self_test(ours, atoms).passed
    forces = ours.get_forces(atoms)
    atoms.calc = file.calculator()
    np.testing.assert_allclose(forces, atoms.get_forces(), atol=2e-3)
    assert ours.get_potential_energy(atoms) == pytest.approx(atoms.get_potential_energy(), abs=1e-3 * len(atoms))


def test_a_slab_without_a_third_vector_is_treated_and_a_foreign_element_is_not(api):
    ours, slab = openkim.portable(PORTABLE), fcc111("Cu", (2, 2, 3), vacuum=8.0)
    slab.rattle(0.05, seed=1)
    flat = slab.copy()
    flat.cell[2], flat.pbc = 0.0, (True, True, False)
    np.testing.assert_allclose(ours.get_forces(flat), ours.get_forces(slab), atol=1e-9)
    with pytest.raises(LabelFailed, match="cannot treat Si2"):
        ours.get_potential_energy(bulk("Si"))


def test_a_portable_model_drives_lammps_in_the_sandbox(api, tmp_path):
    made = simulate("lattice constant of copper", Settings("kim:MO_346334655118", tmp_path / "out"))
    assert made.value("lattice_parameter") == pytest.approx(3.615, abs=1e-3)
    assert made.potential.name == PORTABLE and "libkim-api-portable-model.so" in made.potential.sha256
    assert not list(tmp_path.rglob("kim.log"))


def test_a_simulator_model_runs_natively(api, tmp_path):
    made = simulate("lattice constant of aluminium", Settings(f"kim:{SIMULATOR}", tmp_path / "out"))
    assert made.value("lattice_parameter") == pytest.approx(4.05, abs=0.01)
    assert set(made.potential.sha256) == {"AlCu.adp"}


def test_a_reactive_model_has_the_names_of_today_and_its_charges_from_the_lab(api):
    found = named(f"kim:{REACTIVE}", ["C", "H"])
    assert found.charged and found.units == "real"
    assert "pair_style reaxff lmp_control safezone 2.0 mincap 100" in found.lines
    assert sum("qeq" in line for line in found.commands(["C", "H"])) == 1


def test_what_the_recipes_cannot_run_is_refused(api):
    with pytest.raises(BadInput, match="atom_style charge"):
        named(f"kim:{CHARGED}", ["Al"])
    with pytest.raises(BadInput, match="simulator model"):
        openkim.KIMReference(openkim.KIMReference.Settings(model=SIMULATOR))
    with pytest.raises(UnsupportedElement, match="no Si"):
        named(f"kim:{PORTABLE}", ["Si"])


def test_an_unknown_id_names_those_that_would_do(api):
    with pytest.raises(BadInput, match=r"For Al, Cu there are EAM_Dynamo_CaiYe_1996_AlCu.* more\."):
        named("kim:MO_999999999999", ["Al", "Cu"])


def test_a_model_that_is_not_installed_is_asked_for_where_the_api_fetches_it(api, tmp_path, monkeypatch):
    program = tmp_path / "kim-api-collections-management"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\necho "no way to openkim.org" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    wanted = re.sub(r"_\d{3}$", "_999", PORTABLE)
    with pytest.raises(PartFailed, match="could not fetch it: no way to openkim.org"):
        named(f"kim:{wanted}", ["Cu"])
    assert (tmp_path / "kim-api-collections-management.asked").read_text().split() == ["install", "user", wanted]
