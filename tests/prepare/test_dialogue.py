"""A conversation without a model: guided questions, plain answers, corrections; left and taken up at any turn."""

import pytest

from lang2mlip.contracts import PotentialSpec, ReferenceSpec
from lang2mlip.errors import BadInput
from lang2mlip.prepare.dialogue import Dialogue
from lang2mlip.prepare.talk import CONFIRM, ROUNDS, agrees
from lang2mlip.prepare.task import Choosers, Options


def toy(elements, phases, properties, periodic):
    """A chooser that needs no table."""
    return ReferenceSpec(name="lj", reason="for tests"), ["a remark"]


def none(task):
    """No objection to a toy."""
    return None


CHOOSERS = Choosers(reference=toy)
QUICK = Options(reference=ReferenceSpec(name="emt"), potential=PotentialSpec(family="mtp"))


def begun(prompt, options=None):
    return Dialogue.start(prompt, options, objection=none, choosers=CHOOSERS)


def told(talk, *answers):
    """The dialogue after these answers; before each one it is saved and loaded, as if it had been left."""
    for answer in answers:
        talk = Dialogue.load(talk.state(), objection=none, choosers=CHOOSERS)
        talk.reply(answer)
    return talk


def agreed(prompt, *answers, options=QUICK):
    return told(begun(prompt, options), *answers, "yes").task


def component(task, name):
    return next(one for one in task.components if one.name == name)


def formulas(task):
    return [one.formula for one in task.components]


def test_nothing_said_takes_every_default_and_asks_topic_by_topic():
    talk, topics = begun("SEI of a sodium battery"), []
    while not talk.turn.done:
        topics.append({one.topic for one in talk.turn.questions})
        talk = told(talk, "you choose")
    assert topics == [{"substance"}, {"conditions"}, {"method"}, {""}]
    assert {one.field for one in talk.task.assumptions} >= {"system", "temperature_K", "simulations", "properties"}


def test_finishing_at_once_gives_the_task_that_the_defaults_give():
    by_turns = told(begun("copper: bulk and melt"), "", "", "", "").task
    assert begun("copper: bulk and melt").finish() == by_turns


@pytest.mark.parametrize("words", ["", "default", "whatever", "You choose!", "I don't know", "up to you", "OK."])
def test_many_words_leave_the_choice_to_the_program(words):
    assert told(begun("copper crystal", QUICK), words).turn.questions[0].field == CONFIRM


@pytest.mark.parametrize("words", ["yes", "Yes, it is correct", "That's right.", "ok, go ahead", "looks good", "はい"])
def test_agreement_is_understood(words):
    assert agrees(words)


@pytest.mark.parametrize("words", ["yes, but at 350 K", "no", "not correct", "silicon", "the ratio is wrong"])
def test_what_is_no_agreement_is_not_taken_for_one(words):
    assert not agrees(words)


@pytest.mark.parametrize(
    ("correction", "field", "value"),
    [
        ("no, make it 350 K", "temperature_K", (350, 350)),
        ("between 20 and 80 °C please", "temperature_K", (293.15, 353.15)),
        ("also at 2 GPa", "pressure_GPa", (2, 2)),
        ("melt-quench instead of equilibration", "simulations", ("melt_quench",)),
        ("tensile test as well", "simulations", ("equilibrate", "deform")),
        ("only the density", "properties", ("density",)),
    ],
)
def test_a_condition_is_corrected_in_plain_words(correction, field, value):
    task = agreed("SEI of a lithium battery", "you choose", "you choose", correction)
    got = getattr(task, field)
    assert got == (pytest.approx(value) if field.endswith(("_K", "_GPa")) else value)


@pytest.mark.parametrize(
    ("correction", "there", "gone"),
    [
        ("without LEDC", ["Li2CO3", "C3H4O3"], ["C4H4Li2O6"]),
        ("no, silicon anode with the (100) surface", ["Si"], ["C"]),
        ("replace DMC with DEC", ["C5H10O3", "C3H4O3"], ["C3H6O3"]),
        ("the salt is LiTFSI instead of LiPF6", ["C2F6LiNO4S2"], ["LiPF6"]),
        ("add FEC", ["C3H3FO3", "C3H4O3", "C3H6O3"], []),
        ("the inorganic layer is LiF and Li2O", ["LiF", "Li2O"], ["Li2CO3"]),
        ("the solvent is DME", ["C4H10O2"], ["C3H4O3", "C3H6O3"]),
    ],
)
def test_a_component_is_exchanged_added_or_left_out(correction, there, gone):
    task = agreed("SEI of a lithium battery", "you choose", "you choose", correction)
    assert set(there) <= set(formulas(task)) and not set(gone) & set(formulas(task))
    placed = {name for layer in task.layers for name in layer.split(" + ")}
    assert placed == {one.name for one in task.components}, "every component has its layer"


def test_a_newcomer_has_the_phase_and_place_of_what_it_replaces():
    task = agreed("SEI of a lithium battery", "you choose", "you choose", "the salt is LiTFSI")
    salt = task.components[-1]
    assert (salt.phases, salt.amount) == (("liquid",), "1 mol/L")
    assert task.layers[-1].split(" + ")[-1] == salt.name
    task = agreed("copper crystal at 300 K, elastic constants", "no, silver")
    assert (formulas(task), task.components[0].phases) == (["Ag"], ("crystal",))


@pytest.mark.parametrize(
    ("correction", "amounts"),
    [
        ("the ratio is 3:7 by weight", ["3 parts by weight", "7 parts by weight", "1 mol/L"]),
        ("EC:DMC 1:2 (v/v) and 1.2 M LiPF6", ["1 part by volume", "2 parts by volume", "1.2 M"]),
        ("0.5 mol/kg LiPF6", ["1 part by mole", "1 part by mole", "0.5 mol/kg"]),
        ("1.5 mol/L", ["1 part by mole", "1 part by mole", "1.5 mol/L"]),
    ],
)
def test_amounts_are_corrected_with_and_without_names(correction, amounts):
    task = agreed("SEI of a lithium battery", "you choose", "you choose", correction)
    assert [one.amount for one in task.components if one.amount] == amounts


def test_a_facet_alone_goes_to_the_one_surface_there_is():
    task = agreed("SEI of a lithium battery", "you choose", "you choose", "(0001) please")
    assert component(task, "graphite").facets == ((0, 0, 0, 1),)


def test_one_answer_may_settle_several_topics_at_once():
    talk = told(begun("titania"), "rutile, bulk and (110) surface, 300 to 900 K, elastic constants, learn from chgnet")
    (task,) = [told(talk, "mtp", "yes").task]
    (rutile,) = task.components
    assert (rutile.crystal, rutile.facets) == ("TiO2-rutile", ((1, 1, 0),))
    assert (task.temperature_K, task.properties, task.reference.name) == ((300, 900), ("elastic",), "chgnet")


def test_numbered_answers_go_to_the_questions_of_these_numbers():
    talk = told(begun("copper", QUICK), "crystal and vacancy")
    assert [one.field for one in talk.turn.questions] == ["temperature_K", "properties"]
    task = told(talk, "1. 400 2. vacancy", "yes").task
    assert (task.temperature_K, task.properties) == ((400, 400), ("vacancy",))


def test_a_bare_number_answers_the_question_of_the_temperature():
    assert told(begun("copper crystal", QUICK), "350", "yes").task.temperature_K == (350, 350)


def test_an_ambiguous_name_is_asked_about_and_the_answer_is_the_only_substance():
    talk = begun("cobalt oxide crystal at 300 K", QUICK)
    (question,) = [one for one in talk.turn.questions if one.field.startswith("formula")]
    assert {"CoO", "Co3O4"} <= set(question.options)
    assert formulas(told(talk, "Co3O4", "", "yes").task) == ["Co3O4"]


def test_a_reference_that_cannot_treat_the_elements_is_refused_in_the_conversation():
    talk = Dialogue.start("silicon crystal at 300 K, elastic constants, learn from EMT, mtp")
    (question,) = talk.turn.questions
    assert "emt cannot treat Si. These can: lammps:Si.sw" in question.text and question.needed
    talk.reply("Stillinger-Weber")
    talk.reply("yes")
    assert talk.task.reference.settings == {"file": "Si.sw"}


def test_what_is_put_on_top_later_is_the_topmost_layer():
    task = agreed("LLZO", "with lithium metal (100) on top", "")
    assert task.layers == ("Li7La3Zr2O12", "lithium") and component(task, "lithium").facets == ((1, 0, 0),)


def test_a_solution_is_liquid_and_nobody_is_asked():
    talk = begun("EC:DMC 3:7 with 1 M LiPF6 at 300 K", QUICK)
    assert [one.field for one in talk.turn.questions] == ["properties"]
    task = told(talk, "", "yes").task
    assert {one.phases for one in task.components} == {("liquid",)}
    assert {one.field for one in task.assumptions} >= {"phases.ethylene carbonate", "phases.LiPF6"}


def test_the_solvent_of_a_solution_is_asked_for():
    talk = begun("NaCl solution at 300 K", QUICK)
    assert any("dissolved, but in what" in one.text and one.needed for one in talk.turn.questions)
    assert formulas(told(talk, "in water", "", "yes").task) == ["NaCl", "H2O"]


def test_the_settings_of_a_calculation_are_agreed():
    talk = begun("ethanol molecules at 300 K, geometries, with PySCF", Options(potential=PotentialSpec(family="mtp")))
    assert [one.field for one in talk.turn.questions] == ["settings"]
    assert "basis def2-svp" in talk.turn.questions[0].text and "charge 0" in talk.turn.questions[0].text
    task = told(talk, "PBE0 and cc-pVDZ, charge +1", "yes").task
    assert task.reference.settings == {"method": "pbe0", "basis": "cc-pVDZ", "charge": 1}


def test_what_is_unsound_is_said_and_the_same_question_stands_again():
    talk = begun("copper crystal", QUICK)
    before = talk.turn.questions
    talk = told(talk, "at -500 °C")
    assert "below absolute zero" in talk.turn.message and talk.turn.questions == before
    talk = told(talk, "copper (11000) surface")
    assert "five" in talk.turn.message or "5 Miller indices" in talk.turn.message
    talk = told(talk, "hmm, tricky flurb")
    assert "not understood" in talk.turn.message and talk.turn.questions == before


def test_a_prompt_without_a_substance_can_be_mended():
    talk = begun("a good potential at 300 K", QUICK)
    (question,) = talk.turn.questions
    assert question.needed and "No substance was found" in question.text
    with pytest.raises(BadInput, match="No substance was found"):
        begun("a good potential at 300 K", QUICK).finish()
    task = told(talk, "copper crystal", "", "yes").task
    assert formulas(task) == ["Cu"] and task.temperature_K == (300, 300)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("1 mol/L AgCl in water at 300 K", "at most 1.3e-05 mol/L dissolve in water"),
        ("molten copper at 300 K", "melts at 1357.77 K"),
    ],
)
def test_what_cannot_be_is_asked_about_and_never_taken_by_default(prompt, words):
    talk = begun(prompt, QUICK)
    assert any(words in one.text and one.needed for one in talk.turn.questions)
    with pytest.raises(BadInput, match=words):
        begun(prompt, QUICK).finish()
    assert "no sensible default" in told(talk, "you choose").turn.message


def test_an_impossible_melt_is_mended_by_a_phase_or_a_temperature():
    assert told(begun("molten copper at 300 K", QUICK), "crystal", "", "yes").task.components[0].phases == ("crystal",)
    assert told(begun("molten copper at 300 K", QUICK), "at 1500 K", "", "yes").task.temperature_K == (1500, 1500)


def test_a_liquid_of_a_named_crystal_form_is_asked_about():
    talk = begun("liquid graphite surface at 300 K", QUICK)
    assert any("a liquid has none" in one.text for one in talk.turn.questions)


def test_strange_words_are_asked_about_once_and_told():
    talk = begun("copper with some flurb at 300 K", QUICK)
    assert any("'flurb'" in one.text for one in talk.turn.questions)
    task = told(talk, "", "", "yes").task
    assert any("flurb" in note for note in task.notes)


def test_a_strange_word_in_a_substances_place_must_be_explained():
    talk = begun("0.1 M solution of flurbanol in ethanol at 300 K", QUICK)
    assert any(one.needed and "'flurbanol'" in one.text for one in talk.turn.questions)
    with pytest.raises(BadInput, match="flurbanol"):
        talk.finish()
    explained = told(talk, "SMILES CC(C)O")
    solute = next(one for one in explained.finish().components if one.formula != "C2H6O")
    assert solute.formula == "C3H8O" and solute.amount == "0.1 M"
    assert formulas(told(talk, "leave it out").finish()) == ["C2H6O"]


def test_other_languages_are_understood_by_formulas_units_and_international_names():
    talk = begun("Eine Grenzfläche zwischen Cu(111) und H2O bei 300 K, bitte", QUICK)
    task = talk.finish()
    assert formulas(task) == ["Cu", "H2O"] and task.temperature_K == (300, 300)
    assert all("interface" in one.phases for one in task.components)


def test_an_endless_conversation_is_ended_with_what_it_has():
    talk = begun("copper crystal", QUICK)
    for number in range(ROUNDS):
        assert not talk.turn.done
        talk = told(talk, f"make it {300 + number} K")
    assert talk.turn.done and "taken as it stands" in talk.turn.message
    assert talk.task.temperature_K == (300 + ROUNDS - 1,) * 2


def test_an_endless_conversation_about_nothing_ends_without_a_task():
    talk = begun("flurb")
    for _ in range(ROUNDS):
        talk = told(talk, "flurb gnarl")
    assert talk.turn.done
    with pytest.raises(BadInput):
        _ = talk.task


def test_a_damaged_state_is_said():
    with pytest.raises(BadInput, match="cannot be read"):
        Dialogue.load("{")
    with pytest.raises(BadInput, match="is not known"):
        Dialogue.load('{"prompt": "copper", "stagee": "done"}')


def test_an_unknown_molecule_is_explained_by_its_smiles():
    talk = begun("liquid flurbanol at 300 K", QUICK)
    assert "Not understood: 'flurbanol'" in talk.turn.questions[0].text
    (one,) = told(talk, "its SMILES is CC(C)O", "", "yes").task.components
    assert (one.name, one.formula, one.smiles, one.phases) == ("flurbanol", "C3H8O", "CC(C)O", ("liquid",))


def test_what_is_no_smiles_is_said():
    talk = told(begun("liquid flurbanol at 300 K", QUICK), "SMILES C1CC")
    assert "'C1CC' is not a SMILES string" in talk.turn.questions[0].text


def test_shares_that_are_mended_in_the_conversation_make_one_alloy():
    talk = begun("Fe 70 at%, Cr 25 at%, Ni 15 at% at 300 K", QUICK)
    assert any(one.needed and one.field == "amount.Ni" for one in talk.turn.questions)
    (alloy,) = told(talk, "5 at%").finish().components
    assert alloy.formula == "Fe70Cr25Ni5"


def test_impossible_conditions_are_asked_for_again_and_mended():
    talk = begun("water at 300 K and -5 GPa", QUICK)
    assert any(one.needed and one.field == "pressure_GPa" for one in talk.turn.questions)
    assert told(talk, "1 bar").finish().pressure_GPa == pytest.approx((1e-4, 1e-4))
