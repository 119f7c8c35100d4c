"""Words → Reading: what a person's sentence says, by the cited data alone and without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from lang2mlip.contracts import Component, Noun
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.alloys import affirmed, with_alloys
from lang2mlip.prepare.lexicon import near
from lang2mlip.prepare.linking import Linked, link
from lang2mlip.prepare.mentions import Mention
from lang2mlip.prepare.methods import Method, family_of, method_of
from lang2mlip.prepare.quantities import Span, joined, take_ranges
from lang2mlip.prepare.relations import prototypes
from lang2mlip.prepare.scan import scan
from lang2mlip.prepare.structure_files import from_files
from lang2mlip.prepare.substances import Substance, from_text
from lang2mlip.prepare.text import Item, Slate, normal

__all__ = ["Choice", "Conflict", "Reading", "read"]


class Choice(Noun):
    """A name or formula that may mean several entries of the data."""

    name: str = Field(description="name of the component")
    kind: str = Field(description="crystal: forms; molecule: isomers; formula: compositions")
    options: tuple[str, ...] = Field(description="keys or formulas; the first is the default")


class Conflict(Noun):
    """Something that contradicts itself or the data."""

    field: str = Field(description="what it is about, as a question names it")
    text: str


class Reading(Noun):
    """What a prompt says, and what it leaves open. Nothing is assumed here."""

    prompt: str
    components: tuple[Component, ...]
    choices: tuple[Choice, ...] = ()
    concepts: tuple[str, ...] = Field(default=(), description="keys of data/concepts that were named")
    temperature_K: tuple[float | None, float | None] | None = None
    pressure_GPa: tuple[float | None, float | None] | None = None
    falling: str | None = Field(default=None, description="a temperature range written from high to low, as said")
    properties: tuple[str, ...] = ()
    layers: tuple[str, ...] = Field(default=(), description="names of components from the bottom up")
    reference: Method | None = None
    potential: str | None = Field(default=None, description="a potential family, part of the catalogue or not")
    files: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = Field(default=(), description="what contradicts itself or the data")
    notes: tuple[str, ...] = Field(default=(), description="remarks on how words were taken")
    not_understood: tuple[str, ...] = ()


def read(prompt: str) -> Reading:
    """What `prompt` says. Raises BadInput for an empty prompt, and where no substance or nothing sound is named."""
    if not prompt.strip():
        raise BadInput("The prompt is empty; say in a sentence what you want to simulate, and at which temperatures.")
    slate = Slate(normal(prompt))
    temperatures = take_ranges(slate, "temperature")
    pressures = take_ranges(slate, "pressure")
    items, dropped = affirmed(scan(slate))
    items, spelled = _lower_case_symbols(items)
    linked = link(with_alloys(prototypes(items)))
    if not linked.mentions and not any(item.kind in ("concept", "file") for item in items):
        raise BadInput(_nothing_found(prompt, items))
    merged, layers = _merge(_of_concepts(items), linked, items)
    components, files = from_files([_component(mention) for mention in merged], items)
    method, faults = method_of(items, prompt)
    return Reading(
        prompt=prompt,
        components=tuple(components),
        choices=tuple(choice for mention in merged if (choice := _choice(mention.substance))),
        concepts=tuple(item.value.key for item in items if item.kind == "concept"),
        temperature_K=joined(temperatures + _conditions(items, "temperature_K")),
        pressure_GPa=_from_zero(joined(pressures + _conditions(items, "pressure_GPa"))),
        falling=next((span.said for span in temperatures if span.falling), None),
        properties=tuple(dict.fromkeys(item.value.entry["value"] for item in items if item.kind == "property")),
        layers=layers,
        reference=method,
        potential=family_of(items, prompt),
        files=files,
        conflicts=tuple(Conflict(field=about, text=text) for about, text in linked.conflicts + faults),
        notes=(*_remarks(items, dropped), *spelled),
        not_understood=_unknown(items, linked),
    )


def _conditions(items: Sequence[Item], quantity: str) -> list[Span]:
    named = [(i.value.entry[quantity], i.text) for i in items if i.kind == "condition" and quantity in i.value.entry]
    return [Span(float(value), float(value), text) for value, text in named]


def _from_zero(pressure: tuple[float | None, float | None] | None) -> tuple[float | None, float | None] | None:
    """`up to 5 GPa` starts at no pressure."""
    return (0.0, pressure[1]) if pressure and pressure[0] is None and (pressure[1] or 0) >= 0 else pressure


def _lower_case_symbols(items: list[Item]) -> tuple[list[Item], list[str]]:
    """Where nothing else is a substance, an unknown `cu` is taken as the symbol it spells, with a remark."""
    if any(item.kind in ("substance", "concept", "file") for item in items):
        return items, []
    remarks, found = [], []
    for item in items:
        symbol = item.text.capitalize()
        substance = from_text(symbol) if item.kind == "unknown" and len(item.text) == 2 else None
        found.append(Item("substance", item.start, item.end, substance, symbol) if substance else item)
        remarks += [f"{item.text!r} was taken as the symbol {symbol}."] if substance else []
    return found, remarks


def _nothing_found(prompt: str, items: Sequence[Item]) -> str:
    unknown = [item.text for item in items if item.kind == "unknown"]
    hints = [f" Did you mean {name!r}?" for word in unknown[:6] if (name := near(word))]
    words = f" Not understood: {', '.join(map(repr, unknown[:6]))}." if unknown else ""
    said = f"No substance was found in {prompt.strip()!r:.120}; name one by its formula or name."
    return f"{said}{words}{''.join(hints[:2])}"


def _of_concepts(items: Sequence[Item]) -> list[Mention]:
    """The components of the concepts that are named, as data/concepts has them."""
    mentions = []
    for item in items:
        for entry in item.value.entry["components"] if item.kind == "concept" else ():
            substance = from_text(entry["substance"], entry)
            if substance is None:
                raise BadInput(f"The concept {item.value.key!r} names {entry['substance']!r}, which no data table has.")
            mentions.append(_from_entry(substance, entry, item))
    return mentions


def _from_entry(substance: Substance, entry: dict[str, Any], item: Item) -> Mention:
    marks = [Item("phase", item.start, item.start, {"crystal": p, "molecule": p}) for p in entry["phases"]]
    facets = [tuple(facet) for facet in entry.get("facets", ())]
    return Mention(substance, item.start, item.end, marks=marks, facets=facets, amount=entry.get("amount"))


def _merge(concepts: list[Mention], linked: Linked, items: Sequence[Item]) -> tuple[list[Mention], tuple[str, ...]]:
    """One mention per substance, with all that is said of it; and the layers by the names that remain."""
    merged: list[Mention] = []
    renamed: dict[int, Mention] = {}
    for mention in concepts + linked.mentions:
        same = next((other for other in merged if _is_form_of(other.substance, mention.substance)), None)
        if same is None:
            merged.append(mention)
        elif same in concepts and mention.marks:
            same.marks, same.facets = mention.marks, mention.facets or same.facets
        else:
            same.marks += mention.marks
        if same is not None:
            same.facets += [facet for facet in mention.facets if facet not in same.facets]
            same.amount = mention.amount or same.amount
            same.substance = min(same.substance, mention.substance, key=lambda s: len(s.crystals) or 99)
        renamed[id(mention)] = same or mention
    merged = _unlike(_without_broad(merged))
    return merged, _layers(merged, [renamed[id(m)] for m in linked.layers], items)


def _is_form_of(one: Substance, other: Substance) -> bool:
    if one.molecular or other.molecular:
        return one.molecules == other.molecules and one.formula == other.formula
    return one.identity[1] == other.identity[1] and (one.crystals == other.crystals or not one.crystals)


def _without_broad(mentions: list[Mention]) -> list[Mention]:
    """Without a formula that other mentions make precise: of `C` with two of its forms those two remain."""
    kept = []
    for mention in mentions:
        forms = set(mention.substance.crystals)
        precise = [
            m for m in mentions if m is not mention and m.substance.crystals and set(m.substance.crystals) < forms
        ]
        for other in precise:
            other.marks, other.facets = other.marks + mention.marks, other.facets + mention.facets
        if not precise:
            kept.append(mention)
    return kept


def _unlike(mentions: list[Mention]) -> list[Mention]:
    """No two of one name: the later ones are told by their form or formula."""
    names: list[str] = []
    for mention in mentions:
        own = mention.substance
        if own.name in names:
            told = (*own.crystals, *own.molecules, own.formula)[0]
            mention.substance = own.model_copy(update={"name": f"{own.name} ({told})"})
        names.append(mention.substance.name)
    return mentions


def _layers(merged: list[Mention], resting: list[Mention], items: Sequence[Item]) -> tuple[str, ...]:
    for item in items:
        if item.kind == "concept" and "layers" in item.value.entry:
            return tuple(item.value.entry["layers"])
    if resting:
        return tuple(mention.substance.name for mention in resting)
    joined_here = [mention for mention in merged if "interface" in mention.phases()]
    return tuple(mention.substance.name for mention in joined_here) if len(joined_here) > 1 else ()


def _component(mention: Mention) -> Component:
    substance = mention.substance
    molecule = substance.molecules[0] if substance.molecules else None
    smiles = substance.smiles or (table("molecules")[molecule].get("smiles") if molecule else None)
    data = {
        "name": substance.name,
        "formula": substance.formulas[0] if substance.formulas else substance.formula,
        "phases": mention.phases(),
        "crystal": substance.crystals[0] if substance.crystals else None,
        "molecule": molecule,
        "smiles": smiles,
        "facets": mention.facets,
        "amount": mention.amount,
    }
    return Component.model_validate(data)


def _choice(substance: Substance) -> Choice | None:
    for kind, options in (
        ("formula", substance.formulas),
        ("crystal", substance.crystals),
        ("molecule", substance.molecules),
    ):
        if len(options) > 1:
            return Choice(name=substance.name, kind=kind, options=options)
    return None


def _remarks(items: Sequence[Item], dropped: list[str]) -> list[str]:
    said = [item.text for item in items if item.kind == "quantity"]
    remarks = [f"Said, but not used here: {', '.join(said)}."] if said else []
    return remarks + ([f"Left out, as you said: {', '.join(dropped)}."] if dropped else [])


def _unknown(items: Sequence[Item], linked: Linked) -> tuple[str, ...]:
    words = [item for item in items if item.kind == "unknown"] + linked.unplaced
    hints = {item.text: near(item.text) for item in words}
    return tuple(f"{word} (did you mean {hint}?)" if hint else word for word, hint in hints.items())
