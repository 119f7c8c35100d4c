"""Short questions for what a reading leaves open, each with the answer that is taken when nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic import Field

from lang2mlip import catalogue
from lang2mlip.contracts import Component, Noun, Simulation
from lang2mlip.prepare.concepts import concept
from lang2mlip.prepare.defaults import default_phases, default_properties, default_simulations, default_temperature
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.mixing import in_solution
from lang2mlip.prepare.reading import Absent, Choice, Reading
from lang2mlip.prepare.sanity import doubts

__all__ = ["AUTOMATIC", "Question", "conflicts_of", "questions"]

AUTOMATIC = "choose for me"
"""The answer that leaves a choice to the data."""


class Question(Noun):
    """Something the person did not say, or said in two ways."""

    field: str = Field(description="what it is about; the key of the answer")
    topic: str = Field(description="substance, conditions or method; questions of one topic belong together")
    text: str
    default: str = Field(description="what is taken when there is no answer")
    why: str = Field(description="why that is the default")
    options: tuple[str, ...] = Field(default=(), description="answers to choose from; empty when it is open")
    needed: bool = Field(default=False, description="no default can stand for the answer")


def questions(reading: Reading) -> list[Question]:
    """What must be settled before the task is complete; those of one topic stand together."""
    return [
        *_system(reading),
        *_strange(reading),
        *(_choice(choice) for choice in reading.choices),
        *_absent_forms(reading),
        *_doubts(reading),
        *_phases(reading),
        *_temperature(reading),
        *_simulations(reading),
        *_properties(reading),
        *_methods(reading),
    ]


def conflicts_of(reading: Reading, field: str) -> str:
    """What contradicts itself about a field, as sentences; empty when nothing does."""
    return "; ".join(conflict.text for conflict in reading.conflicts if conflict.field == field)


def _system(reading: Reading) -> Iterator[Question]:
    """What a broad name stands for here, where that is more than one substance."""
    if len(reading.usual) < 2:
        return
    entry = concept(reading.concepts[0])
    parts = [_told(one) for one in reading.components]
    order = f" The layers, from the bottom: {' | '.join(reading.layers)}." if reading.layers else ""
    yield Question(
        field="system",
        topic="substance",
        text=f"{_capital(entry.names[0])} is taken as {'; '.join(parts)}.{order} What is different?",
        default="nothing",
        why=entry.source.partition(";")[0],
    )


def _told(component: Component) -> str:
    facets = " ".join("(" + "".join(map(str, facet)) + ")" for facet in component.facets)
    words = [component.name, facets, ", ".join(component.phases), f"({component.amount})" if component.amount else ""]
    return " ".join(word for word in words if word)


def _strange(reading: Reading) -> Iterator[Question]:
    """Words that no table has: a substance among them must not be left out unseen."""
    bare = [word.partition(" (did")[0] for word in reading.not_understood]
    left = [word for word in bare if word not in reading.strangers]
    if left:
        words = ", ".join(map(repr, left))
        yield Question(
            field="not_understood",
            topic="substance",
            text=f"Not understood: {words}. Is a substance among them? Then give its formula.",
            default="they are left out",
            why="no table of names has them",
        )


def _doubts(reading: Reading) -> Iterator[Question]:
    for doubt in doubts(reading):
        yield Question(
            field=doubt.field,
            topic="substance",
            text=doubt.text,
            default=doubt.default,
            why="as the words stand" if doubt.default else "there is no sensible default",
            options=doubt.options,
            needed=doubt.needed,
        )


def _simulations(reading: Reading) -> Iterator[Question]:
    """Layers and disorder must be brought to rest: how, unless it was said."""
    chosen, why = default_simulations(reading)
    if chosen and not reading.simulations:
        yield Question(
            field="simulations",
            topic="conditions",
            text="Which MD is the potential used for, or how is the structure brought to rest?",
            default=", ".join(chosen).replace("_", " "),
            why=why,
            options=tuple(name.replace("_", " ") for name in get_args(Simulation)),
        )


def _choice(choice: Choice) -> Question:
    kinds = {"formula": "compound", "crystal": "form", "molecule": "molecule"}
    return Question(
        field=f"{choice.kind}.{choice.name}",
        topic="substance",
        text=f"Which {kinds[choice.kind]} of {choice.name} is meant: {', '.join(choice.options)}?",
        default=choice.options[0],
        why="the first in the data" if choice.kind == "formula" else "the usual one",
        options=choice.options,
    )


def _absent_forms(reading: Reading) -> Iterator[Question]:
    """A form was named that the data do not have: take the one they have, or let the person say otherwise."""
    for component in reading.components:
        fault = conflicts_of(reading, f"crystal.{component.name}")
        if fault and component.crystal:
            yield Question(
                field=f"crystal.{component.name}",
                topic="substance",
                text=f"{_capital(fault)}. Shall it be that one?",
                default=component.crystal,
                why="the form that the data have; another can be given as a structure file",
                options=(component.crystal,),
            )


def _phases(reading: Reading) -> Iterator[Question]:
    for component in reading.components:
        fault = conflicts_of(reading, f"phases.{component.name}")
        if (component.phases and not fault) or any(d.field == f"phases.{component.name}" for d in doubts(reading)):
            continue
        phases, why = default_phases(component, reading)
        if in_solution(component, reading):
            continue
        yield Question(
            field=f"phases.{component.name}",
            topic="substance",
            text=f"{_capital(fault)}. What is meant?" if fault else f"Which phases of {component.name}?",
            default=", ".join(component.phases or phases),
            why="as the words stand" if component.phases else why,
            options=("crystal", "surface", "vacancy", "melt", "liquid", "amorphous", "gas", "cluster"),
        )


def _temperature(reading: Reading) -> Iterator[Question]:
    low, high = reading.temperature_K or (None, None)
    if any(doubt.field == "temperature_K" for doubt in doubts(reading)):
        return
    if reading.falling:
        yield Question(
            field="temperature_K",
            topic="conditions",
            text=f"{reading.falling!r} runs from high to low. From which to which temperature is the potential used?",
            default=f"{low:g} to {high:g} K",
            why="both ends as said, in rising order",
        )
    elif low is None or high is None:
        chosen, why = default_temperature(reading)
        yield Question(
            field="temperature_K",
            topic="conditions",
            text="From which to which temperature is the potential used?",
            default=f"{chosen[0]:g} to {chosen[1]:g} K",
            why=why,
        )


def _properties(reading: Reading) -> Iterator[Question]:
    if not reading.properties:
        yield Question(
            field="properties",
            topic="conditions",
            text="Which properties must come out right?",
            default=", ".join(default_properties(reading, reading.components)),
            why="the usual ones of these phases",
        )


def _methods(reading: Reading) -> Iterator[Question]:
    fault = conflicts_of(reading, "reference")
    if reading.absent and reading.reference is None:
        yield _instead(reading, reading.absent)
    elif reading.reference is None or fault:
        yield Question(
            field="reference",
            topic="method",
            text=f"{_capital(fault)}. Which one?"
            if fault
            else "From which reference method shall the potential learn?",
            default=reading.reference.said if reading.reference else AUTOMATIC,
            why="the first that is named" if fault else "the cheapest installed one that suits, from the cited table",
            options=tuple(catalogue.names("reference")),
        )
    known = catalogue.names("potential")
    if reading.potential not in known:
        strange = f"No potential family here is called {reading.potential!r}. " if reading.potential else ""
        yield Question(
            field="potential",
            topic="method",
            text=f"{strange}Which potential family: {', '.join(known)}?",
            default=AUTOMATIC,
            why="from the elements, the label budget and this machine",
            options=tuple(known),
        )


def _instead(reading: Reading, absent: Absent) -> Question:
    """A reference that was named is not to be had here: say so, and what is."""
    from lang2mlip.science.reference.choice import able

    elements = sorted({symbol for one in reading.components for symbol in parse_formula(one.formula) or ()})
    can = able(elements)
    return Question(
        field="reference",
        topic="method",
        text=f"{absent.said} cannot be run here ({absent.instead}). Of what can be run, these treat "
        f"{', '.join(elements)}: {', '.join(can)}. Which one?",
        default=AUTOMATIC,
        why="the cheapest installed one that suits, from the cited table",
        options=tuple(can),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
