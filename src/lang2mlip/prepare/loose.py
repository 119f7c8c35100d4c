"""Phases, facets and amounts that were said with no substance: given to the component they can only mean."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Component
from lang2mlip.prepare.mentions import Mention, meanings
from lang2mlip.prepare.quantities import part_text
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.substances import Substance
from lang2mlip.prepare.text import Item

__all__ = ["placed"]

_CONCENTRATION = ("mol/L", "mol/kg", " M", "mM", "molar", "molal", "mol L", "mol dm")


def placed(reading: Reading, items: Sequence[Item], adding: bool) -> Reading:
    """The reading with `items` given to its components; a note on each that has no single owner.

    `adding`: phases and facets join those that are there; else they take their place.
    """
    notes: list[str] = []
    fresh: set[str] = {one.name for one in reading.components} if adding else set()
    for item in items:
        owners = _owners(reading, item)
        if not owners:
            if item.kind != "phase":
                names = ", ".join(one.name for one in reading.components)
                notes.append(f"{item.text!r} can be said of several components or of none: name which of {names}.")
            continue
        changed = {one.name: _with(one, item, position, one.name in fresh) for position, one in enumerate(owners)}
        fresh |= set(changed) if item.kind in ("phase", "facet") else set()
        components = tuple(changed.get(one.name, one) for one in reading.components)
        reading = reading.model_copy(update={"components": components})
    return reading.model_copy(update={"notes": tuple(dict.fromkeys((*reading.notes, *notes)))})


def _owners(reading: Reading, item: Item) -> list[Component]:
    components = list(reading.components)
    if item.kind == "ratio":
        parts, _ = item.value
        solvents = [one for one in components if reading.roles.get(one.name) == "solvent"] or [
            one for one in components if not _dissolved(one)
        ]
        return solvents if len(solvents) == len(parts) else []
    if item.kind == "amount":
        strong = any(unit in item.value for unit in _CONCENTRATION)
        salts = [one for one in components if strong and (reading.roles.get(one.name) == "salt" or _dissolved(one))]
        return salts if len(salts) == 1 else []
    if item.kind == "facet":
        solid = [one for one in components if "surface" in one.phases] or [o for o in components if not o.smiles]
        return solid if len(solid) == 1 else []
    return components if len(components) == 1 else []


def _dissolved(component: Component) -> bool:
    return component.amount is not None and any(unit in component.amount for unit in _CONCENTRATION)


def _with(component: Component, item: Item, position: int, again: bool) -> Component:
    """The component with the item; a second phase or facet of one utterance joins the first."""
    if item.kind == "ratio":
        return component.model_copy(update={"amount": part_text(item.value, position)})
    if item.kind == "amount":
        return component.model_copy(update={"amount": item.value})
    if item.kind == "facet":
        old = component.facets if again else ()
        phases = tuple(dict.fromkeys((*component.phases, "surface")))
        return component.model_copy(update={"facets": tuple(dict.fromkeys((*old, *item.value))), "phases": phases})
    substance = Substance(
        name=component.name,
        formula=component.formula,
        molecules=(component.molecule,) if component.molecule else (),
        smiles=component.smiles,
    )
    meant = meanings(item, Mention(substance, 0, 0))
    old_phases = component.phases if again else ()
    return component.model_copy(update={"phases": tuple(dict.fromkeys((*old_phases, *meant)))})
