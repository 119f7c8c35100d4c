"""Answers in plain words → what they settle of a reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from lang2mlip import catalogue
from lang2mlip.contracts import Component, Simulation
from lang2mlip.data import table
from lang2mlip.errors import BadInput, nearest
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.hearing import hear
from lang2mlip.prepare.mentions import Mention, meanings
from lang2mlip.prepare.methods import Method, method_of
from lang2mlip.prepare.quantities import joined, take_ranges
from lang2mlip.prepare.questions import AUTOMATIC, Question
from lang2mlip.prepare.reader import follow
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.scan import scan
from lang2mlip.prepare.shares import with_alloy
from lang2mlip.prepare.substances import Substance, from_formula
from lang2mlip.prepare.text import Item, Slate, fold, normal

__all__ = ["answered", "chosen_option", "is_default", "settle"]

_DEFAULT = {
    "", "default", "defaults", "the default", "the defaults", "yes", "y", "ok", "okay", "fine", "sure", "right",
    "correct", "nothing", "you choose", "you decide", "choose", "any", "auto", "automatic", "whatever",
    "whatever you like", "as you like", "as you think", "i don't know", "don't know", "no idea", "no preference",
    "don't care", "i don't care", "up to you", "your choice", "as described", "as said", "leave it", "same", "dunno",
    "not sure", "skip", AUTOMATIC,
}  # fmt: skip
_NOTHING = {"none", "no", "nothing", "not needed"}
_LEFT_OUT = {"leave it out", "leave out", "without it", "without", "drop it", "ignore it", "remove it", "forget it"}


def answered(asked: list[Question], answers: Mapping[str, str]) -> dict[str, str]:
    """Field → answer, for the questions that were really answered. Raises BadInput for a key that was not asked."""
    fields = [question.field for question in asked]
    for key in answers:
        if key not in fields:
            raise BadInput(f"Nothing was asked about {key!r}.{nearest(key, fields)} Asked: {', '.join(fields)}.")
    return {key: text.strip() for key, text in answers.items() if not is_default(text)}


def is_default(text: str) -> bool:
    """The words leave it to the program: `you choose`, `default`, nothing at all."""
    return text.strip().lower().replace("’", "'").strip(" .!") in _DEFAULT


def settle(reading: Reading, field: str, text: str) -> Reading:
    """The reading with one answer worked in. Raises BadInput when the answer does not fit the question."""
    kind, _, name = field.partition(".")
    if kind in ("crystal", "molecule", "formula"):
        return _with_component(reading, name, _chosen(reading, kind, name, text))
    if kind == "phases":
        return _with_component(reading, name, _phases(reading, name, text))
    if kind == "amount":
        return with_alloy(_with_component(reading, name, _amount(text)))
    if kind == "stranger":
        return _explained(reading, name, text)
    if kind in ("system", "not_understood"):
        return follow(reading, hear(text))
    simple = {
        "temperature_K": _temperature,
        "pressure_GPa": _pressure,
        "properties": _properties,
        "simulations": _simulations,
        "reference": _reference,
        "potential": _potential,
    }
    return reading.model_copy(update=simple[field](text))


def _explained(reading: Reading, word: str, text: str) -> Reading:
    """A strange word explained by a substance, with the amount that was said of it, or left out."""
    left = {other: amount for other, amount in reading.strangers.items() if other != word}
    if text.strip(" .!").lower() in _NOTHING | _LEFT_OUT:
        return reading.model_copy(update={"strangers": left})
    heard = hear(f"{reading.strangers.get(word, '')} {text}".strip())
    if not heard.reading.components:
        raise BadInput(f"{text!r} names no substance; give a formula, a name or a SMILES for {word!r}.")
    return follow(reading, heard).model_copy(update={"strangers": left})


def _with_component(reading: Reading, name: str, changes: dict[str, Any]) -> Reading:
    components = tuple(
        Component.model_validate(component.model_dump() | changes) if component.name == name else component
        for component in reading.components
    )
    return reading.model_copy(update={"components": components})


def _chosen(reading: Reading, kind: str, name: str, text: str) -> dict[str, Any]:
    options = next((choice.options for choice in reading.choices if choice.name == name and choice.kind == kind), ())
    picked = [o for o in options if text.lower() == o.lower()] or [o for o in options if _names(kind, o, text)]
    if text.isdigit() and not picked and 1 <= int(text) <= len(options):
        picked = [options[int(text) - 1]]
    if len(picked) != 1:
        raise BadInput(f"{text!r} is none of the choices for {name}; answer one of: {', '.join(options)}.")
    return chosen_option(kind, picked[0])


def chosen_option(kind: str, option: str) -> dict[str, Any]:
    """The fields of a component that one option of a choice settles."""
    if kind == "molecule":
        return {"molecule": option, "smiles": table("molecules")[option]["smiles"]}
    if kind == "crystal":
        return {"crystal": option}
    found = from_formula(option)
    return {"formula": option, "crystal": found.crystals[0] if found and found.crystals else None}


def _names(kind: str, option: str, text: str) -> bool:
    """The answer is among the names of the option, or a word of its key."""
    if kind == "formula":
        return False
    entry = table("crystals" if kind == "crystal" else "molecules").get(option, {"names": []})
    return fold(text) in [fold(name) for name in entry["names"]] or set(fold(text)) <= set(fold(option))


def _items(text: str) -> list[Item]:
    return scan(Slate(normal(text)))


def _phases(reading: Reading, name: str, text: str) -> dict[str, Any]:
    component = next((component for component in reading.components if component.name == name), None)
    if component is None:
        raise BadInput(f"{name} is no component of its own any more.")
    keys = (component.molecule,) if component.molecule else ()
    mention = Mention(Substance(name=name, formula=component.formula, molecules=keys, smiles=component.smiles), 0, 0)
    items = _items(text)
    phases = [phase for item in items if item.kind == "phase" for phase in meanings(item, mention)]
    facets = [facet for item in items if item.kind == "facet" for facet in item.value]
    if not phases and not facets:
        raise BadInput(
            f"No phase was understood in {text!r}; answer e.g.: bulk, (111) surface, vacancy, melt, liquid, gas."
        )
    found = dict.fromkeys([*phases, *(["surface"] if facets else [])])
    return {"phases": tuple(found), "facets": tuple(facets) or component.facets}


def _temperature(text: str) -> dict[str, Any]:
    clean = normal(text)
    bare = re.sub(r"([\d.]+)\s*$", r"\1 K", clean)
    found = joined(take_ranges(Slate(clean), "temperature") or take_ranges(Slate(bare), "temperature"))
    conditions = (
        [i.value.entry.get("temperature_K") for i in _items(text) if i.kind == "condition"] if not found else []
    )
    named = [float(value) for value in conditions if value is not None]
    if found is None and not named:
        raise BadInput(f"No temperature was understood in {text!r}; answer e.g. 300 to 900 K, or 25 °C.")
    return {"temperature_K": found or (min(named), max(named)), "falling": None}


def _pressure(text: str) -> dict[str, Any]:
    found = joined(take_ranges(Slate(normal(text)), "pressure"))
    if found is None:
        raise BadInput(f"No pressure was understood in {text!r}; answer e.g. 0 to 10 GPa, or 1 bar.")
    return {"pressure_GPa": found}


def _properties(text: str) -> dict[str, Any]:
    known = [entry["value"] for entry in table("words").values() if entry["kind"] == "property"]
    named = [item.value.entry["value"] for item in _items(text) if item.kind == "property"]
    exact = [word for word in re.split(r"[\s,;]+", text.lower()) if word in known]
    found = tuple(dict.fromkeys(exact + named))
    if not found:
        raise BadInput(f"No property was understood in {text!r}; answer some of: {', '.join(known)}.")
    return {"properties": found}


def _simulations(text: str) -> dict[str, Any]:
    plain = [name for name in get_args(Simulation) if name.replace("_", " ") in text.lower().replace("_", " ")]
    found = tuple(dict.fromkeys([*hear(text).reading.simulations, *plain]))
    if not found and text.strip(" .!").lower() not in _NOTHING:
        known = ", ".join(name.replace("_", " ") for name in get_args(Simulation))
        raise BadInput(f"No MD protocol was understood in {text!r}; answer some of: {known}; or none.")
    return {"simulations": found}


def _amount(text: str) -> dict[str, Any]:
    if text.strip(" .!").lower() in _NOTHING:
        return {"amount": None}
    parse_amount(text)
    return {"amount": text}


def _reference(text: str) -> dict[str, Any]:
    if text in catalogue.names("reference"):
        return {"reference": Method(name=text, said=text), "absent": None}
    method, faults = method_of(_items(text), text)
    if method is None or faults:
        known = ", ".join(catalogue.names("reference"))
        raise BadInput(f"{text!r} names no single reference method; answer one of: {known}, or e.g. lammps:FILE.")
    return {"reference": method, "conflicts": (), "absent": None}


def _potential(text: str) -> dict[str, Any]:
    return {"potential": catalogue.find("potential", text.lower()).name}
