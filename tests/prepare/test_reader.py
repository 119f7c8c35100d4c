"""What a person types is read field by field; what is not said is not invented."""

from pathlib import Path

import pytest
import yaml

from lang2mlip.errors import BadInput
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read

PROMPTS = yaml.safe_load((Path(__file__).parent / "prompts.yaml").read_text(encoding="utf-8"))
SOUND = [case for case in PROMPTS if "error" not in case]
FAULTY = [case for case in PROMPTS if "error" in case]


def by_formula(components, field):
    """Formula → the field of every component of that formula, joined."""
    found = {}
    for component in components:
        found.setdefault(component.formula, []).extend(getattr(component, field))
    return found


def same_range(got, expected):
    if expected is None or got is None:
        return got is None and expected is None
    pairs = zip(got, expected, strict=True)
    return all(a is None and b is None or a is not None and b == pytest.approx(a, abs=1e-4) for a, b in pairs)


def test_there_are_enough_prompts():
    assert len(PROMPTS) >= 60


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case["prompt"])
def test_substances_phases_and_facets_are_as_said(case):
    reading = read(case["prompt"])
    if "formulas" in case:
        assert [c.formula for c in reading.components] == case["formulas"]
    if "crystals" in case:
        assert [c.crystal for c in reading.components] == case["crystals"]
    if "phases" in case:
        assert by_formula(reading.components, "phases") == case["phases"]
    if "concepts" not in case:
        facets = {f: [list(facet) for facet in fs] for f, fs in by_formula(reading.components, "facets").items() if fs}
        assert facets == case.get("facets", {})
    said = {c.formula: c.amount for c in reading.components if c.amount}
    if "concepts" not in case:
        assert said == case.get("amounts", {})
    assert list(reading.concepts) == case.get("concepts", [])


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case["prompt"])
def test_conditions_properties_and_methods_are_as_said(case):
    reading = read(case["prompt"])
    assert same_range(reading.temperature_K, case.get("temperature_K"))
    assert same_range(reading.pressure_GPa, case.get("pressure_GPa"))
    assert list(reading.properties) == case.get("properties", [])
    assert (reading.reference.name if reading.reference else None) == case.get("reference")
    assert reading.potential == case.get("potential")
    if "concepts" not in case:
        assert list(reading.layers) == case.get("layers", [])


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case["prompt"])
def test_what_is_open_is_asked_and_what_is_strange_is_told(case):
    reading = read(case["prompt"])
    fields = [question.field for question in questions(reading)]
    for field in case.get("ask", []):
        assert any(f == field for f in fields), fields
    assert list(reading.not_understood) == case.get("not_understood", [])


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case["prompt"])
def test_what_cannot_be_meant_is_refused_in_one_sentence(case):
    with pytest.raises(BadInput, match=case["error"]):
        read(case["prompt"])


def test_every_default_of_a_choice_is_one_of_its_options():
    for case in SOUND:
        for question in questions(read(case["prompt"])):
            assert question.default
            if question.field.split(".")[0] in ("crystal", "molecule", "formula"):
                assert question.default in question.options


@pytest.mark.parametrize(
    ("prompt", "symbols"),
    [
        ("In melt at 500 K", ["In"]),
        ("In bulk copper at 500 K", ["Cu"]),
        ("In liquid water the density", ["H2O"]),
        ("He wants copper", ["Cu"]),
        ("liquid He at 4 K", ["He"]),
        ("As I said: Ni", ["Ni"]),
        ("Ga, In and As crystals", ["Ga", "In", "As"]),
        ("compare Be with Mg", ["Be", "Mg"]),
        ("No, I mean Co", ["Co"]),
        ("CO and NO molecules", ["CO", "NO"]),
        ("there should be NO vacancies in Co", ["Co"]),
        ("At 300 K: Fe", ["Fe"]),
        ("SI units please, for Si", ["Si"]),
        ("OK, run W on the CPU", ["W"]),
        ("K at 300 K", ["K"]),
        ("C diamond at 25 C", ["C"]),
        ("P-T diagram of Al", ["Al"]),
    ],
)
def test_symbols_are_told_from_english_by_case_and_place(prompt, symbols):
    formulas = [c.formula for c in read(prompt).components]
    assert formulas == symbols


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("300–1500 K", 300, 1500),
        ("300 K—1500 K", 300, 1500),
        ("300...1500 K", 300, 1500),
        ("from room temperature to 600 K", 300, 600),
        ("300 ± 50 K", 250, 350),
        ("77 degrees Fahrenheit", 298.15, 298.15),
        ("T=400K, P=2 GPa", 400, 400),
        ("at least 500 K", 500, None),
        ("below 700 kelvin", None, 700),
        ("100, 200 and 300 K", 100, 300),
        ("300 K and later 900 K", 300, 900),
        ("ambient conditions", 298.15, 298.15),
    ],
)
def test_temperatures_in_any_usual_wording(words, low, high):
    assert same_range(read(f"copper crystal, {words}").temperature_K, (low, high))


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("at 10 kbar", 1.0, 1.0),
        ("0-1 Mbar", 0.0, 100.0),
        ("at 1 atm", 1.01325e-4, 1.01325e-4),
        ("up to 500 MPa", 0.0, 0.5),
        ("-1 to 1 GPa", -1.0, 1.0),
        ("at 760 Torr", 1.01325e-4, 1.01325e-4),
        ("ambient pressure", 1e-4, 1e-4),
    ],
)
def test_pressures_in_any_usual_unit(words, low, high):
    reading = read(f"copper crystal {words}, 300 K")
    assert reading.pressure_GPa == pytest.approx((low, high), rel=1e-4)
    assert reading.temperature_K == (300.0, 300.0)


def test_a_structure_file_gives_its_own_component(tmp_path, monkeypatch):
    from ase.build import bulk

    bulk("MgO", "rocksalt", a=4.21).write(tmp_path / "mine.cif")
    monkeypatch.chdir(tmp_path)
    (component,) = read("relax mine.cif at 300 K").components
    assert (component.file, component.formula) == ("mine.cif", "MgO")
    (named,) = read("magnesium oxide from mine.cif").components
    assert (named.file, named.name) == ("mine.cif", "magnesium oxide")
    with pytest.raises(BadInput, match="MgO"):
        read("copper from mine.cif")


def test_the_order_of_an_interphase_is_that_of_its_concept():
    reading = read("SEI of lithium battery")
    assert [c.name for c in reading.components][:3] == [
        "graphite",
        "lithium carbonate",
        "lithium ethylene dicarbonate",
    ]
    assert len(reading.components) == 6 and len(reading.layers) == 4
    assert reading.components[0].facets == ((1, 0, -1, 0),)
    assert reading.components[1].phases == ("amorphous",)
