"""A reading and its answers → a complete Task, with every default recorded as an assumption."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from lang2mlip import catalogue
from lang2mlip.contracts import Assumption, Budget, Component, Goals, Noun, PotentialSpec, ReferenceSpec, Task, check
from lang2mlip.contracts.base import Seed
from lang2mlip.errors import BadInput
from lang2mlip.prepare.agreed import with_settings
from lang2mlip.prepare.answers import answered, settle
from lang2mlip.prepare.defaults import (
    critical_K,
    default_phases,
    default_properties,
    default_simulations,
    default_temperature,
    melting_K,
)
from lang2mlip.prepare.family import Hardware, Use, choose_family, hardware_here, installed_families
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.mixing import in_solution
from lang2mlip.prepare.named_reference import resolve
from lang2mlip.prepare.pace import for_family
from lang2mlip.prepare.questions import Question, questions
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.solutions import described
from lang2mlip.prepare.taskfile import save_task, task_from_file
from lang2mlip.prepare.telling import goal, summary

__all__ = ["Choosers", "Options", "complete", "save_task", "summary", "task_from_file"]

_NOT_PERIODIC = {"gas", "cluster"}
_NO_ASSUMPTION = {"not_understood"}
"""Told among the remarks."""

_DENSE_GPA = 0.05
"""From here on a gas is about as dense as a liquid."""
_LOWEST_K = 10.0
"""MD needs a temperature above zero; statics need none."""


class Options(Noun):
    """What the caller has settled already; it goes before the words."""

    reference: ReferenceSpec | None = None
    potential: PotentialSpec | None = None
    seed: Seed = 0
    budget: Budget = Budget()
    goals: Goals = Goals()


ChooseReference = Callable[
    [frozenset[str], tuple[str, ...], tuple[str, ...], bool], tuple[ReferenceSpec, Sequence[str]]
]
ChooseFamily = Callable[[Collection[str], int | None, Hardware, Collection[str], Use], PotentialSpec]


def _from_table(
    elements: frozenset[str], phases: tuple[str, ...], properties: tuple[str, ...], periodic: bool
) -> tuple[ReferenceSpec, Sequence[str]]:
    """The choice from the cited table of references."""
    from lang2mlip.science.reference.choice import choose

    spec, remarks = choose(elements, phases, properties, periodic)
    return spec, remarks


@dataclass(frozen=True)
class Choosers:
    """Who chooses the reference and the potential family where the person names none."""

    reference: ChooseReference = _from_table
    family: ChooseFamily = choose_family


def complete(
    reading: Reading,
    answers: Mapping[str, str] | None = None,
    options: Options | None = None,
    choosers: Choosers | None = None,
) -> Task:
    """The task that a reading means with these answers (by the question's field); what is not answered is assumed.

    Raises BadInput for an answer that does not fit its question, and UnsupportedElement where no reference suits.
    """
    options, choosers = options or Options(), choosers or Choosers()
    said = answered(questions(reading), answers or {})
    for field, text in said.items():
        reading = settle(reading, field, text)
    open_ = [question for question in questions(reading) if question.field not in said]
    for question in open_:
        if question.needed:
            raise BadInput(question.text)
    assumed = [_assumed(question) for question in open_ if question.field not in _NO_ASSUMPTION]
    wish = _filled(reading)
    reference, remarks = _reference(reading, wish, options, choosers)
    reference, lost = with_settings(reference, reading.settings)
    potential = _potential(reading, wish, options, choosers)
    goals, shorter = for_family(options.goals, potential.family)
    body = vars(wish) | {
        "prompt": reading.prompt,
        "goal": goal(wish.components, wish.temperature_K, wish.pressure_GPa, wish.properties),
        "elements": wish.elements,
        "layers": reading.layers,
        "simulations": reading.simulations or default_simulations(reading)[0],
        "reference": reference,
        "potential": potential,
        "goals": goals,
        "budget": options.budget,
        "seed": options.seed,
        "assumptions": _final(assumed + _unasked(reading) + shorter, reference, potential, options),
        "notes": (*_notes(reading, wish), *remarks, *lost),
    }
    return check(Task, body, "The task")


@dataclass(frozen=True)
class _Wish:
    """What is wanted, with nothing left open."""

    components: tuple[Component, ...]
    temperature_K: tuple[float, float]
    pressure_GPa: tuple[float, float]
    properties: tuple[str, ...]

    @property
    def elements(self) -> tuple[str, ...]:
        return tuple(sorted({symbol for c in self.components for symbol in parse_formula(c.formula) or ()}))

    @property
    def phases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(phase for component in self.components for phase in component.phases))


def _filled(reading: Reading) -> _Wish:
    """The reading with defaults for what is still open."""
    phases = [component.phases or default_phases(component, reading)[0] for component in reading.components]
    full = [c.model_copy(update={"phases": p}) for c, p in zip(reading.components, phases, strict=True)]
    low, high = reading.temperature_K or (None, None)
    if low is None or high is None:
        (low, high), _ = default_temperature(reading)
    if low <= 0:
        low, high = _LOWEST_K, max(high, _LOWEST_K)
    lowest, highest = reading.pressure_GPa or (0.0, 0.0)
    first = lowest if lowest is not None else min(0.0, highest or 0.0)
    pressure = (first, highest if highest is not None else first)
    return _Wish(tuple(full), (low, high), pressure, reading.properties or default_properties(reading, full))


def _assumed(question: Question) -> Assumption:
    return Assumption(field=question.field, value=question.default, why=question.why)


def _unasked(reading: Reading) -> list[Assumption]:
    """Defaults that are not worth a question."""
    wet = [one for one in reading.components if in_solution(one, reading)]
    found = [Assumption(field=f"phases.{one.name}", value="liquid", why="it is part of a solution") for one in wet]
    if reading.pressure_GPa is None:
        why = "no pressure is named; 1 bar is 0.0001 GPa"
        found.append(Assumption(field="pressure_GPa", value="0 to 0 GPa", why=why))
    if reading.temperature_K and reading.temperature_K[0] is not None and reading.temperature_K[0] <= 0:
        why = f"MD needs a temperature above 0 K, so it starts at {_LOWEST_K:g} K; statics stand for 0 K"
        found.append(Assumption(field="temperature_K", value=f"{_LOWEST_K:g} K", why=why))
    return found


def _final(
    assumed: list[Assumption], reference: ReferenceSpec, potential: PotentialSpec, options: Options
) -> tuple[Assumption, ...]:
    """The assumptions with the method that was chosen in the place of `choose for me`; none for what is given."""
    chosen = {"reference": (reference.name, reference.reason), "potential": (potential.family, potential.reason)}
    given = {"reference": options.reference, "potential": options.potential}
    kept = [one for one in assumed if given.get(one.field) is None]
    return tuple(
        Assumption(field=one.field, value=chosen[one.field][0], why=chosen[one.field][1])
        if one.field in chosen
        else one
        for one in kept
    )


def _reference(
    reading: Reading, wish: _Wish, options: Options, choosers: Choosers
) -> tuple[ReferenceSpec, Sequence[str]]:
    if options.reference is not None:
        return options.reference, ()
    elements, periodic = frozenset(wish.elements), bool(set(wish.phases) - _NOT_PERIODIC)
    if reading.reference is not None:
        return resolve(reading.reference, elements, periodic), ()
    return choosers.reference(elements, wish.phases, wish.properties, periodic)


def _potential(reading: Reading, wish: _Wish, options: Options, choosers: Choosers) -> PotentialSpec:
    if options.potential is not None:
        return options.potential
    if reading.potential in catalogue.names("potential"):
        return PotentialSpec(family=reading.potential, reason="named in the words")
    kinds = {bool(component.molecule or component.smiles) for component in wish.components}
    use: Use = "mixed" if len(kinds) > 1 else ("molecule" if kinds == {True} else "crystal")
    return choosers.family(wish.elements, options.budget.max_labels, hardware_here(), installed_families(), use)


def _boiled(wish: _Wish) -> list[str]:
    """A liquid asked for where all that it is made of is a gas."""
    liquids = [one for one in wish.components if "liquid" in one.phases]
    limits = [critical_K(one) or math.inf for one in liquids]
    low, high_GPa = wish.temperature_K[0], wish.pressure_GPa[1]
    if not liquids or max(limits) >= low or high_GPa >= _DENSE_GPA:
        return []
    names = " and ".join(one.name for one in liquids)
    return [
        f"The liquid of {names} is asked for at {low:g} K, far above boiling: without pressure it flies apart. Name a "
        "lower temperature, a pressure, or the gas."
    ]


def _notes(reading: Reading, wish: _Wish) -> list[str]:
    """What was not understood, and what a careful reader would remark."""
    notes = list(reading.notes)
    if reading.absent and reading.reference is None:
        notes.append(f"{reading.absent.said} was named as the reference, which cannot be run here; another was taken.")
    if reading.not_understood:
        notes.append(f"Not understood: {', '.join(reading.not_understood)}.")
    notes += _boiled(wish)
    for component in wish.components:
        melting = melting_K(component)
        if melting and "melt" in component.phases and wish.temperature_K[1] < melting:
            notes.append(f"The melt of {component.name} is asked for below its melting temperature of {melting:g} K.")
        if melting and "crystal" in component.phases and wish.temperature_K[0] > melting:
            notes.append(
                f"The crystal of {component.name} is asked for above its melting temperature of {melting:g} K."
            )
        if not (component.crystal or component.molecule or component.smiles or component.file):
            made = described(component.formula)
            known = f"is built as {made}." if made else "has no structure in the data; a file can be given."
            notes.append(f"{component.name} ({component.formula}) {known}")
    return notes
