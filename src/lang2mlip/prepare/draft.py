"""A task as a language model drafts it: flat, then checked against the data and against itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from lang2mlip.catalogue import find
from lang2mlip.contracts import Assumption, Component, Json, Noun, PotentialSpec, ReferenceSpec, Simulation, Task, check
from lang2mlip.contracts.protocols import Written
from lang2mlip.data import table
from lang2mlip.errors import BadInput, nearest
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.formulas import parse_formula, strange_elements
from lang2mlip.prepare.substances import from_formula, from_text

__all__ = ["Draft", "as_task", "invented"]


class Draft(Noun):
    """The complete task, in a flat form that a model can fill in."""

    goal: str = Field(min_length=1, description="one sentence: what the potential is for")
    components: tuple[Component, ...] = Field(min_length=1)
    elements: tuple[str, ...] = Field(min_length=1, description="chemical symbols, alphabetical")
    temperature_low_K: float = Field(description="lowest temperature of use, K")
    temperature_high_K: float = Field(description="highest temperature of use, K")
    pressure_low_GPa: float = Field(default=0.0, description="lowest pressure of use, GPa")
    pressure_high_GPa: float = Field(default=0.0, description="highest pressure of use, GPa")
    properties: tuple[str, ...] = Field(description="properties that must come out right, by the names of the task")
    layers: tuple[str, ...] = Field(
        default=(), description="names of components from the bottom up; names that share a layer joined by ' + '"
    )
    simulations: tuple[Simulation, ...] = Field(default=(), description="MD protocols the potential will be used for")
    protocols: tuple[Written, ...] = Field(
        default=(), max_length=4, description="MD protocols that none of the simulations covers, in LAMMPS' own words"
    )
    reference: str = Field(description="name of a reference method of the list")
    reference_settings: dict[str, Json] = Field(default_factory=dict)
    reference_reason: str = Field(min_length=1, description="why this reference")
    potential: str = Field(description="name of a potential family of the list")
    potential_settings: dict[str, Json] = Field(default_factory=dict)
    potential_reason: str = Field(min_length=1, description="why this family")
    assumptions: tuple[Assumption, ...] = Field(default=(), description="what the person did not say")
    notes: tuple[str, ...] = Field(default=(), description="words that could not be placed, and other remarks")


def as_task(draft: Draft, settled: Mapping[str, Any]) -> Task:
    """The draft as a Task; `settled` are the fields that the caller decides (prompt, goals, budget, seed).

    Raises BadInput with the fault in one sentence: an unknown name, a formula that is none, a contradiction.
    """
    find("reference", draft.reference)
    find("potential", draft.potential)
    fields: dict[str, Any] = {
        **settled,
        "components": tuple(_known(component) for component in draft.components),
        "temperature_K": (draft.temperature_low_K, draft.temperature_high_K),
        "pressure_GPa": (draft.pressure_low_GPa, draft.pressure_high_GPa),
        "reference": ReferenceSpec(
            name=draft.reference, settings=draft.reference_settings, reason=draft.reference_reason
        ),
        "potential": PotentialSpec(
            family=draft.potential, settings=draft.potential_settings, reason=draft.potential_reason
        ),
    }
    same = ("goal", "elements", "properties", "layers", "simulations", "protocols", "assumptions", "notes")
    task = check(Task, fields | {name: getattr(draft, name) for name in same}, "the draft")
    _consistent(task)
    return task


def invented(draft: Draft, words: str) -> str | None:
    """A file or import path of the draft that the person never named; None when there is none.

    Whatever a model proposes here is opened or imported later, so only the person may bring it in.
    """
    paths = [component.file for component in draft.components if component.file]
    for settings in (draft.reference_settings, draft.potential_settings):
        texts = [text for text in _strings(settings) if draft.reference == "ase" or "/" in text or "\\" in text]
        paths.extend(texts)
    for path in paths:
        if path not in words:
            return f"The person never named {path!r}; leave it out, or ask for it."
    return None


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for item in inner for text in _strings(item)]


def _known(component: Component) -> Component:
    """The component with the key of its entry in the data, where there is exactly one it can be."""
    if component.amount is not None:
        parse_amount(component.amount)
    if parse_formula(component.formula) is None:
        strange = strange_elements(component.formula)
        why = f": {', '.join(strange)} is no chemical element; ask the person what is meant" if strange else ""
        raise BadInput(f"{component.formula!r} of {component.name} is no chemical formula{why}.")
    for kind, key in (("crystals", component.crystal), ("molecules", component.molecule)):
        if key is not None and key not in table(kind):
            raise BadInput(f"There is no {kind[:-1]} {key!r} in the data.{nearest(key, table(kind))} Leave it empty.")
    if component.crystal or component.molecule or component.smiles or component.file:
        return component
    return _looked_up(component)


def _looked_up(component: Component) -> Component:
    """With the crystal or molecule of its formula and name. Raises BadInput where the data know several."""
    substance = from_formula(component.formula)
    named = from_text(component.name)
    if substance and named and len(meant := set(named.molecules) & set(substance.molecules)) == 1:
        substance = substance.model_copy(update={"molecules": tuple(meant)})
    options = {"crystal": substance.crystals, "molecule": substance.molecules} if substance else {}
    for field, keys in options.items():
        if len(keys) > 1:
            raise BadInput(
                f"{component.name} may be several entries of the data: name one as its {field}: {', '.join(keys)}."
            )
        if keys:
            smiles = table("molecules")[keys[0]].get("smiles") if field == "molecule" else None
            return component.model_copy(update={field: keys[0], "smiles": smiles})
    return component


def _consistent(task: Task) -> None:
    """Raises BadInput where the parts of a task contradict each other."""
    in_formulas = {symbol for component in task.components for symbol in parse_formula(component.formula) or ()}
    if in_formulas != set(task.elements):
        raise BadInput(f"The elements {sorted(task.elements)} are not those of the formulas, {sorted(in_formulas)}.")
    names = {component.name for component in task.components}
    strangers = [name for layer in task.layers for name in layer.split(" + ") if name not in names]
    if strangers:
        raise BadInput(f"The layers {strangers} are not names of components; known: {', '.join(sorted(names))}.")
