"""The published preparation dialogue, turn by turn: typed without a model, and led by a model at the wire."""

from __future__ import annotations

import pytest

from lang2mlip.contracts import Task
from lang2mlip.language.models import Limits
from lang2mlip.language.scripted import Call, ScriptedModel
from lang2mlip.language.speaker import Speaker
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.dialogue import Dialogue
from lang2mlip.prepare.talk import CONFIRM
from lang2mlip.science.reference.choice import require

# The person's turns of Lang2MLIP, appendix D, closely paraphrased, slips of the keyboard kept.
TURNS = (
    "SEI of lithum battery",
    "The electrolyte contains EC/DMC and LiPF6. I want the structure of the SEI interface.",
    "Anode is graphite. I want to build a known SEI, with an inorganic layer (amorphous Li2CO3) and an organic layer "
    "(LEDC). PFP version is v8.0.0 and calc mode is PBE",
    "The whole system contains graphite / inorganic SEI / organic SEI and electrolyte. I will get the structure from "
    "annealing, and simulate at round 300K.",
    "The molar ratio between EC/DMC is 1:1. The LiPF6 concentation is 1 mol/L. The surface of graphite I intrest is "
    "graphite(10-10)",
    "Yes, it is correct",
)


def resumed(talk: Dialogue, answer: str, speaker: Speaker | None = None) -> Dialogue:
    """The answer given to the conversation as it was saved."""
    again = Dialogue.load(talk.state(), speaker)
    again.reply(answer)
    return again


def is_the_interphase(task: Task) -> None:
    by_formula = {one.formula: one for one in task.components}
    assert list(by_formula) == ["C", "Li2CO3", "C4H4Li2O6", "C3H4O3", "C3H6O3", "LiPF6"]
    assert (by_formula["C"].phases, by_formula["C"].facets) == (("surface",), ((1, 0, -1, 0),))
    assert (by_formula["C"].crystal, by_formula["Li2CO3"].crystal) == ("C-graphite", "Li2CO3")
    assert by_formula["Li2CO3"].phases == ("amorphous",)
    assert by_formula["C4H4Li2O6"].molecule == "lithium-ethylene-dicarbonate"
    amounts = [parse_amount(by_formula[formula].amount) for formula in ("C3H4O3", "C3H6O3", "LiPF6")]
    assert [(one.value, one.unit) for one in amounts] == [(1, "parts by mole"), (1, "parts by mole"), (1, "mol/L")]
    assert all(by_formula[formula].phases == ("liquid",) for formula in ("C3H4O3", "C3H6O3", "LiPF6"))
    assert task.elements == ("C", "F", "H", "Li", "O", "P")
    names = [one.name for one in task.components]
    assert task.layers == (*names[:3], " + ".join(names[3:]))
    assert task.temperature_K == (300, 300) and task.simulations == ("anneal",)


def test_typed_without_a_model_it_gives_the_interphase():
    talk = Dialogue.start(TURNS[0])
    assert "'lithum' was read as 'lithium'" in talk.turn.message
    for answer in TURNS[1:3]:
        talk = resumed(talk, answer)
    asked = {one.field: one for one in talk.turn.questions}
    assert "PFP cannot be run here" in asked["reference"].text
    assert {"chgnet", "gfn2-xtb"} <= {name.split()[0] for name in asked["reference"].options}
    for answer in TURNS[3:5]:
        talk = resumed(talk, answer)
    assert [one.field for one in talk.turn.questions] == [CONFIRM]
    assert "graphite ((10-10) surface)" in talk.turn.message
    talk = resumed(talk, TURNS[5])
    is_the_interphase(talk.task)
    assert all(words in talk.dialogue for words in TURNS)
    assert "PFP was named as the reference, which cannot be run here" in talk.summary
    require(talk.task.reference, talk.task.elements)


def asked(*questions: tuple[str, str, str]) -> Call:
    return Call("ask", {"questions": [{"field": f, "text": text, "default": d} for f, text, d in questions]})


def component(name: str, formula: str, phase: str, **more: object) -> dict[str, object]:
    return {"name": name, "formula": formula, "phases": [phase], **more}


def drafted(*electrolyte: dict[str, object], facets: tuple[tuple[int, ...], ...] = ()) -> Call:
    return Call(
        "draft",
        {
            "goal": "The structure of the interphase of a lithium battery on a graphite edge.",
            "components": [
                component("graphite", "C", "surface", facets=facets, crystal="C-graphite"),
                component("lithium carbonate", "Li2CO3", "amorphous"),
                component("LEDC", "C4H4Li2O6", "amorphous"),
                *electrolyte,
            ],
            "elements": ["C", "F", "H", "Li", "O", "P"],
            "temperature_low_K": 300,
            "temperature_high_K": 300,
            "properties": ["density", "rdf"],
            "layers": ["graphite", "lithium carbonate", "LEDC", " + ".join(str(one["name"]) for one in electrolyte)],
            "simulations": ["anneal"],
            "reference": "chgnet",
            "reference_reason": "PFP is not to be had here; this one treats all six elements",
            "potential": "mtp",
            "potential_reason": "fast",
            "notes": ["PFP v8.0.0 with PBE was asked for and cannot be run here"],
        },
    )


SCRIPT = (
    asked(
        ("components", "Which electrolyte: carbonates, ethers, solid?", "EC/DMC with LiPF6"),
        ("goal", "Its formation, or properties of an interphase that is there?", "its structure"),
    ),
    asked(
        ("components", "Is the anode graphite?", "graphite"),
        ("reference", "Which reference and settings?", "chgnet"),
    ),
    asked(
        ("reference", "PFP cannot be run here. chgnet, gfn1-xtb or gpaw can; which one?", "chgnet"),
        ("layers", "Graphite, inorganic layer, organic layer, electrolyte, from the bottom?", "yes"),
        ("simulations", "Annealing, melt-quench, or equilibration?", "annealing"),
        ("temperature_K", "At which temperature?", "300 K"),
    ),
    drafted(
        component("EC", "C3H4O3", "liquid"), component("DMC", "C3H6O3", "liquid"), component("LiPF6", "LiPF6", "liquid")
    ),
    drafted(
        component("EC", "C3H4O3", "liquid", amount="1 part by mole"),
        component("DMC", "C3H6O3", "liquid", amount="1 part by mole"),
        component("LiPF6", "LiPF6", "liquid", amount="1 mol/L"),
        facets=((1, 0, -1, 0),),
    ),
)


@pytest.mark.parametrize("name", ["openai:gpt-scripted", "anthropic:claude-scripted"])
def test_led_by_a_model_at_the_wire_it_gives_the_same_interphase(monkeypatch, name):
    with ScriptedModel(SCRIPT) as model:
        for variable, value in model.environment().items():
            monkeypatch.setenv(variable, value)
        speaker = Speaker.live(name, limits=Limits(timeout_s=20, retries=1))
        talk = Dialogue.start(TURNS[0], speaker=speaker)
        for answer in TURNS[1:]:
            assert not talk.turn.done
            talk = resumed(talk, answer, speaker)
    assert talk.turn.done and not talk.trouble
    is_the_interphase(talk.task)
    assert len(model.requests) == len(SCRIPT)
    last = model.requests[-1].text
    assert all(words.replace('"', "") in last for words in TURNS[1:5]), "the model sees every turn"
    assert "- MD protocols: anneal" in last or "- simulations: anneal" in last
