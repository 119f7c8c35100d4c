"""The data behind the reader: every entry is cited, every name leads somewhere, formulas follow from names."""

import pytest

from lang2mlip.contracts import Component
from lang2mlip.contracts.task import Phase, PropertyName
from lang2mlip.data import table
from lang2mlip.prepare.concepts import concept, named
from lang2mlip.prepare.folding import as_reading
from lang2mlip.prepare.formulas import charge_of, composition, parse_formula, salt_formulas, strange_elements
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.substances import from_formula, from_text

PHASES, PROPERTIES = set(Phase.__args__), set(PropertyName.__args__)


@pytest.mark.parametrize("name", ["words", "concepts", "defaults", "families"])
def test_every_entry_is_cited(name):
    assert all(entry.get("source") for entry in table(name).values())


def test_words_mean_phases_and_properties_of_the_contract():
    for entry in table("words").values():
        if entry["kind"] == "phase":
            for kind in ("crystal", "molecule"):
                meant = entry[kind]
                assert set([meant] if isinstance(meant, str) else meant) <= PHASES
        if entry["kind"] == "property":
            assert entry["value"] in PROPERTIES and set(entry["needs"]) <= PHASES


def test_every_property_of_the_contract_has_words():
    assert {e["value"] for e in table("words").values() if e["kind"] == "property"} == PROPERTIES


@pytest.mark.parametrize("key", table("concepts"))
def test_every_concept_follows_the_schema_and_is_read_by_each_of_its_names(key):
    entry = concept(key)
    for name in entry.names:
        reading = read(f"{name} at 300 K")
        assert key in named(name) and reading.concepts == (named(name)[0],)
        assert all(isinstance(component, Component) and component.phases for component in reading.components)
        known = {component.name for component in reading.components}
        assert {part for layer in reading.layers for part in layer.split(" + ")} <= known
    meant = as_reading(key, "")
    assert len(meant.components) == len(entry.components)
    placed = {part for layer in meant.layers for part in layer.split(" + ")}
    assert placed == ({one.name for one in meant.components} if entry.layers else set())


def test_there_are_concepts_of_many_sorts():
    assert len(table("concepts")) >= 30
    assert len({concept(key).kind for key in table("concepts")}) >= 12


@pytest.mark.parametrize("kind", ["crystals", "molecules"])
def test_every_substance_of_the_data_is_found_by_its_names(kind):
    lost = []
    for key, entry in table(kind).items():
        for name in entry["names"]:
            found = from_formula(name) if name[-1] in "+-" else None
            found = found or from_text(name.rstrip("+-"))
            if found is None or key not in found.crystals + found.molecules:
                lost.append((key, name))
    assert not lost


def test_every_element_is_known_by_its_symbol_and_its_name():
    from ase.data import atomic_names, chemical_symbols

    for symbol, name in zip(chemical_symbols[1:], atomic_names[1:], strict=True):
        (component,) = read(f"crystals of {name}").components
        assert symbol in parse_formula(component.formula)
        if symbol in ("I", "No", "At"):
            continue  # words of English first: only a list of symbols makes them elements
        (component,) = read(f"the {symbol} crystal is wanted").components
        assert symbol in parse_formula(component.formula)


@pytest.mark.parametrize(
    ("symbol", "word", "charge", "formulas"),
    [
        ("Na", "chloride", None, ["NaCl"]),
        ("Al", "oxide", None, ["Al2O3"]),
        ("Fe", "oxide", 3, ["Fe2O3"]),
        ("Co", "oxide", None, ["CoO", "Co2O3"]),
        ("Ca", "hydroxide", None, ["Ca(OH)2"]),
        ("Al", "sulfate", None, ["Al2(SO4)3"]),
        ("Ti", "dioxide", None, ["TiO2"]),
        ("V", "pentoxide", None, ["V2O5"]),
        ("Cu", "happiness", None, []),
    ],
)
def test_names_of_salts_are_neutral_formulas(symbol, word, charge, formulas):
    assert salt_formulas(symbol, word, charge) == formulas


@pytest.mark.parametrize(
    ("text", "body", "charge"),
    [
        ("PF6-", "PF6", -1),
        ("SO42-", "SO4", -2),
        ("Ca2+", "Ca", 2),
        ("CO3^2-", "CO3", -2),
        ("NH4+", "NH4", 1),
        ("Cu", "Cu", 0),
    ],
)
def test_charges_are_told_from_counts(text, body, charge):
    assert charge_of(text) == (body, charge)


def test_formulas_are_read_strictly_and_compared_by_composition():
    assert parse_formula("CuSO4·5H2O") == {"Cu": 1, "S": 1, "O": 9, "H": 10}
    assert parse_formula("Ca(OH)2") == {"Ca": 1, "O": 2, "H": 2}
    assert parse_formula("Xq2") is None and parse_formula("water") is None
    assert strange_elements("Xq2O3") == ["Xq"] and strange_elements("GFN2") == ["G"]
    assert composition(parse_formula("Cu50Zr50")) == composition(parse_formula("ZrCu"))
    assert composition(parse_formula("C6H6"), False) != composition(parse_formula("C2H2"), False)


def test_a_form_named_beside_a_layer_is_that_layer():
    reading = read("methanol on wurtzite GaN, (10-10) face, 350 K")
    assert [component.formula for component in reading.components] == ["CH4O", "GaN"]
    assert len(reading.layers) == 2 and reading.layers[0] == "GaN"


@pytest.mark.parametrize("rate", ["1e8 s^-1", "1e9 s-1", "0.01 ps^-1"])
def test_the_exponent_of_a_rate_is_no_temperature(rate):
    assert read(f"nickel crystal pulled at {rate} and 900 K").temperature_K == (900.0, 900.0)


@pytest.mark.parametrize(
    ("words", "molecule", "crystal"),
    [
        ("CO2 and N2 at 300 K", "carbon-dioxide", None),
        ("CH4 gas", "methane", None),
        ("C6H6 liquid", "benzene", None),
        ("dry ice at 150 K", None, "CO2"),
    ],
)
def test_the_formula_of_a_molecule_is_not_its_crystal(words, molecule, crystal):
    first = read(words).components[0]
    assert (first.molecule, first.crystal) == (molecule, crystal)


@pytest.mark.parametrize("words", ["{}, Li diffusion at 600 K", "{}: diffusion of Li", "Li diffusion in {}"])
def test_an_element_that_moves_in_its_compound_is_no_metal_beside_it(words):
    reading = read(words.format("Li7La3Zr2O12"))
    assert [component.formula for component in reading.components] == ["Li7La3Zr2O12"]
    assert reading.properties == ("diffusion",)


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ("Ni-10at%Al-5at%Cr", {"Ni": 85, "Al": 10, "Cr": 5}),
        ("Fe-20 at.% Cr", {"Fe": 80, "Cr": 20}),
        ("Ti-6wt%Al-4wt%V", {"Ti": 86.2, "Al": 10.2, "V": 3.6}),
    ],
)
def test_the_unit_of_a_share_may_stand_with_each_number(words, counts):
    (alloy,) = read(f"{words} crystal at 800 K").components
    assert parse_formula(alloy.formula) == counts


@pytest.mark.parametrize("words", ["GaN (0001) surface, Ga-terminated", "Ga-terminated GaN (0001) surface"])
def test_the_element_of_a_termination_is_no_substance(words):
    assert [component.formula for component in read(words).components] == ["GaN"]


def test_an_oxide_that_is_not_known_is_asked_about_and_is_not_what_it_is_an_oxide_of():
    reading = read("graphene oxide in water")
    assert [component.formula for component in reading.components] == ["H2O"]
    assert list(reading.strangers) == ["graphene oxide"]
