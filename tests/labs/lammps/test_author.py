"""A language model writes the script, over a real protocol and socket: checked, run, graded, told what was wrong."""

import json

import pytest

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.bench.arms import answered, arm
from lang2mlip.labs.lammps.bench.task import tasks
from lang2mlip.language.scripted import Call, Fault, ScriptedModel

THERMO = """thermo_style custom step time temp pe ke etotal press pxx pyy pzz pxy pxz pyz lx ly lz xy xz yz vol density
thermo_modify norm no lost error flush yes format float %.12g
thermo 10
"""
RELAXED = f"""units metal
atom_style atomic
boundary p p p
read_data structure.data
mass 1 107.8682
pair_style eam
pair_coeff * * Ag_u3.eam
{THERMO}min_style cg
fix box all box/relax iso 0.0 vmax 0.002
minimize 0 1e-8 1000 10000
unfix box
fix box all box/relax iso 0.0 vmax 0.002
minimize 0 1e-8 1000 10000
unfix box
minimize 0 1e-8 1000 10000
variable edge equal lx/v_cells
print "EDGE = $(v_edge)"
""".replace("v_cells", "4")
WORDS = "What is the equilibrium lattice constant of silver at 0 K?"


def answer(script, **number):
    asked = {"name": "lattice_parameter", "unit": "Å", "column": "Lx", "take": "last", "scale": 0.25} | number
    return Call("write_input", {"plan": "Relax and read the edge.", "script": script, "numbers": [asked]})


@pytest.fixture
def by_model(monkeypatch, tmp_path):
    """simulate() with a model that follows a script; (what it made, the model)."""

    def run(*replies, words=WORDS, **how):
        with ScriptedModel(replies) as model:
            for name, value in model.environment().items():
                monkeypatch.setenv(name, value)
            settings = Settings("Ag_u3.eam", tmp_path, model="openai:scripted", **how)
            return simulate(words, settings, atoms=256), model

    return run


def test_a_script_of_a_model_is_run_in_the_sandbox_graded_and_read(by_model):
    made, model = by_model(answer(RELAXED))
    assert made.recipe == "written"
    assert made.sound
    assert made.value("lattice_parameter") == pytest.approx(4.09, abs=1e-3)
    assert made.tokens == 120
    shown = model.requests[0].text
    assert "pair_coeff" in shown and "structure.data" in shown and "lattice constant of silver" in shown
    assert (made.folder / "transcript" / "exchanges.jsonl").is_file()


def test_a_number_may_be_printed_by_the_script(by_model):
    made, _ = by_model(answer(RELAXED, column=None, printed="EDGE"))
    assert made.value("lattice_parameter") == pytest.approx(4.09, abs=1e-3)


def test_what_the_checks_and_lammps_say_goes_back_to_the_model_and_every_round_is_kept(by_model):
    wrong_mass = RELAXED.replace("107.8682", "63.5")
    misspelt = RELAXED.replace("min_style cg", "min_style cgg")
    made, model = by_model(answer(wrong_mass), answer(misspelt), answer(RELAXED))
    assert made.sound
    assert [one.number for one in made.rounds] == [1, 2, 3]
    assert "mass" in model.requests[1].text and "63.5" in model.requests[1].text
    assert "cgg" in model.requests[2].text
    assert sorted(one.name for one in (made.folder / "rounds").iterdir()) == ["1", "2", "3"]


def test_a_script_that_starts_programs_never_reaches_lammps(by_model):
    made, model = by_model(answer(RELAXED + "shell touch here\n"), answer(RELAXED))
    assert made.sound
    assert "shell" in model.requests[1].text
    assert not list(made.folder.rglob("here"))


def test_a_person_may_say_in_words_what_is_wrong_and_the_model_hears_it(by_model):
    said = iter(["use more minimisation steps", True])
    made, model = by_model(answer(RELAXED), answer(RELAXED), manner=Manner(ask=lambda script, about: next(said)))
    assert made.sound
    assert "use more minimisation steps" in model.requests[1].text


def test_words_to_a_recipe_are_refused_with_a_sentence_for_it_cannot_hear_them(tmp_path):
    how = Settings("Ag_u3.eam", tmp_path, manner=Manner(ask=lambda script, about: "warmer please"))
    with pytest.raises(PartFailed, match="warmer please"):
        simulate(WORDS, how)


def test_a_model_that_fails_is_replaced_by_a_recipe_and_the_remarks_say_so(by_model):
    made, _ = by_model(Fault(400, "no such model"))
    assert made.recipe == "minimise"
    assert made.sound
    assert any("A recipe wrote the script" in one for one in made.remarks)


def test_numbers_that_are_not_in_the_log_are_asked_for_again(by_model):
    made, model = by_model(answer(RELAXED, column="Lax"), answer(RELAXED))
    assert made.sound
    assert "no column" in model.requests[1].text


def test_the_arms_of_the_benchmark_differ_in_the_checks_and_rounds(monkeypatch, tmp_path):
    task = tasks()["lattice-ag"]
    wrong_mass = RELAXED.replace("mass 1 107.8682", "mass 2 107.8682")
    found = {}
    for name, replies in (("direct", [answer(wrong_mass)]), ("loop", [answer(wrong_mass), answer(RELAXED)])):
        with ScriptedModel(replies) as model:
            for key, value in model.environment().items():
                monkeypatch.setenv(key, value)
            found[name] = answered(task, arm(name), tmp_path, name, "openai:scripted")
    assert not found["direct"].executed
    assert found["loop"].right
    assert found["loop"].rounds == 2
    assert json.loads((tmp_path / "loop" / "results.json").read_text())["recipe"] == "written"
