"""One utterance, heard for itself: its substances with what is said of each, its conditions, wishes and corrections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lang2mlip.contracts import Component
from lang2mlip.data import table
from lang2mlip.prepare.agreed import said_settings
from lang2mlip.prepare.alloys import affirmed, with_alloys
from lang2mlip.prepare.concepts import JOIN, named
from lang2mlip.prepare.foreign import in_english
from lang2mlip.prepare.lexicon import near
from lang2mlip.prepare.linking import Linked, link
from lang2mlip.prepare.mentions import Mention
from lang2mlip.prepare.methods import family_of, method_of
from lang2mlip.prepare.quantities import Span, joined, take_ranges
from lang2mlip.prepare.reading import Absent, Choice, Conflict, Open, Reading
from lang2mlip.prepare.relations import prototypes
from lang2mlip.prepare.scan import scan
from lang2mlip.prepare.shares import one_alloy
from lang2mlip.prepare.spelling import respelled
from lang2mlip.prepare.strangers import strangers, with_own_anions
from lang2mlip.prepare.structure_files import from_files
from lang2mlip.prepare.substances import Substance, dissolved, from_text
from lang2mlip.prepare.text import Item, Slate, normal

__all__ = ["Heard", "hear"]

_ADDING = re.compile(r"\b(?:also|too|as\s+well|add|additionally|in\s+addition|besides|plus)\b", re.IGNORECASE)
_CORRECTING = re.compile(
    r"\b(?:instead|rather|replace|swap|change|make\s+(?:it|that|them)|not|wrong|actually|sorry|only|i\s+meant?)\b"
    r"|^\s*no\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Heard:
    """What was said, and how it wants to be taken."""

    reading: Reading
    candidates: tuple[tuple[str, ...], ...]
    """For every concept that is named, the keys it may mean."""
    dropped: tuple[Item, ...]
    """What a `no` or `without` takes back."""
    loose: tuple[Item, ...]
    """Phases, facets and amounts that stand with no substance."""
    above: tuple[str, ...]
    """Names of what lies on top of everything that was named before."""
    adding: bool
    correcting: bool

    @property
    def empty(self) -> bool:
        """Nothing was said that a task could use."""
        one = self.reading
        facts = (one.components, one.concepts, one.temperature_K, one.pressure_GPa, one.properties, one.simulations)
        methods = (one.reference, one.absent, one.potential, one.files, one.settings)
        return not any(facts + methods + (self.dropped, self.loose))


def hear(text: str) -> Heard:
    """What `text` says by itself. Raises BadInput for what is unsound: a strange formula, a temperature below 0 K."""
    mended, remarks = respelled(in_english(normal(text)))
    slate = Slate(mended)
    temperatures, pressures = take_ranges(slate, "temperature"), take_ranges(slate, "pressure")
    items, dropped = affirmed(with_own_anions(scan(slate)))
    items, spelled = _lower_case_symbols(items)
    linked = link(with_alloys(one_alloy(prototypes(items))))
    merged, names = _merge(linked)
    components, files = from_files([_component(mention) for mention in merged], items)
    method, faults, absent = _reference(items, text)
    reading = Reading(
        prompt=text,
        components=tuple(components),
        roles={mention.substance.name: mention.role for mention in merged if mention.role},
        choices=tuple(choice for mention in merged if (choice := _choice(mention.substance))),
        concepts=tuple(item.value.key for item in items if item.kind == "concept"),
        **_ranges(temperatures, pressures, items),
        properties=tuple(dict.fromkeys(item.value.entry["value"] for item in items if item.kind == "property")),
        simulations=_simulations(items),
        layers=names,
        reference=method,
        absent=absent,
        potential=family_of(items, text),
        settings=said_settings(mended),
        files=files,
        conflicts=tuple(Conflict(field=about, text=fault) for about, fault in linked.conflicts + faults),
        notes=(*remarks, *_remarks(items, dropped), *spelled),
        strangers=strangers(items),
        not_understood=_unknown(items, [item for item in linked.unplaced if merged or item.kind == "lattice"]),
    )
    return Heard(
        reading=reading,
        candidates=tuple(tuple(named(item.text)) or (item.value.key,) for item in items if item.kind == "concept"),
        dropped=tuple(dropped),
        loose=() if merged else tuple(item for item in items if item.kind in ("phase", "facet", "amount", "ratio")),
        above=tuple(mention.substance.name for mention in linked.above),
        adding=bool(_ADDING.search(mended)),
        correcting=bool(_CORRECTING.search(mended)) or bool(dropped),
    )


def _ranges(temperatures: list[Span], pressures: list[Span], items: Sequence[Item]) -> dict[str, Any]:
    """Temperature, pressure and what falls, as fields of a reading."""
    return {
        "temperature_K": joined(temperatures + _conditions(items, "temperature_K")),
        "pressure_GPa": _from_zero(joined(pressures + _conditions(items, "pressure_GPa"))),
        "falling": next((span.said for span in temperatures if span.falling), None),
    }


def _conditions(items: Sequence[Item], quantity: str) -> list[Span]:
    named_ = [(i.value.entry[quantity], i.text) for i in items if i.kind == "condition" and quantity in i.value.entry]
    return [Span(float(value), float(value), text) for value, text in named_]


def _from_zero(pressure: Open | None) -> Open | None:
    """`up to 5 GPa` starts at no pressure."""
    return (0.0, pressure[1]) if pressure and pressure[0] is None and (pressure[1] or 0) >= 0 else pressure


def _simulations(items: Sequence[Item]) -> tuple[str, ...]:
    """The MD protocols that the words mean: by their own names, or by a property or phase that needs one."""
    entries = [getattr(item.value, "entry", None) or {} for item in items]
    return tuple(dict.fromkeys(str(entry["simulation"]) for entry in entries if "simulation" in entry))


def _reference(items: Sequence[Item], text: str) -> tuple[object, list[tuple[str, str]], Absent | None]:
    """The reference that is named, what is wrong with it, and one that is named but cannot be run here."""
    method, faults = method_of(items, text)
    strange = next((item for item in items if item.kind == "absent"), None)
    if strange is None:
        return method, faults, None
    # The functional that stands with a method that is not here belongs to that one.
    own = method if method is not None and method.name != "dft" else None
    return own, faults if own else [], Absent(said=strange.text, instead=strange.value.entry["instead"])


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


def _merge(linked: Linked) -> tuple[list[Mention], tuple[str, ...]]:
    """One mention per substance, with all that is said of it; and the layers by the names that remain."""
    merged: list[Mention] = []
    # By place: a form that is named beside a substance makes another mention of it at the same place.
    renamed: dict[tuple[int, int], Mention] = {}
    for mention in linked.mentions:
        same = next((other for other in merged if _is_form_of(other.substance, mention.substance)), None)
        if same is None:
            merged.append(mention)
        else:
            same.marks += mention.marks
            same.facets += [facet for facet in mention.facets if facet not in same.facets]
            same.amount = mention.amount or same.amount
            same.role = mention.role or same.role
            same.substance = min(same.substance, mention.substance, key=lambda s: len(s.crystals) or 99)
        renamed.setdefault((mention.start, mention.end), same or mention)
    merged = _unlike(_without_broad(merged))
    resting = [renamed[m.start, m.end] for m in linked.layers]
    for kept, said in zip(resting, linked.layers, strict=True):
        kept.layer = said.layer
    return merged, _layers(merged, resting)


def _is_form_of(one: Substance, other: Substance) -> bool:
    if one.molecular or other.molecular:
        return (one.molecules, one.smiles, one.formula) == (other.molecules, other.smiles, other.formula)
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


def _layers(merged: list[Mention], resting: list[Mention]) -> tuple[str, ...]:
    if resting and all(mention.layer is not None for mention in resting):
        numbers = dict.fromkeys(mention.layer for mention in resting)
        together = [[m.substance.name for m in resting if m.layer == number] for number in numbers]
        wet = all(m.substance.molecular or m.amount for m in resting if sum(m.layer == o.layer for o in resting) > 1)
        return tuple(JOIN.join(dict.fromkeys(names)) for names in together) if wet else _names(resting)
    if resting:
        return _names(resting)
    joined_here = [mention for mention in merged if "interface" in mention.phases()]
    return tuple(mention.substance.name for mention in joined_here) if len(joined_here) > 1 else ()


def _names(mentions: list[Mention]) -> tuple[str, ...]:
    return tuple(mention.substance.name for mention in mentions)


def _component(mention: Mention) -> Component:
    substance, phases = mention.substance, mention.phases()
    molecule = substance.molecules[0] if substance.molecules else None
    if not substance.molecular and phases == ["liquid"]:
        molecule = dissolved(substance.formula)
    smiles = substance.smiles or (table("molecules")[molecule].get("smiles") if molecule else None)
    data = {
        "name": substance.name,
        "formula": substance.formulas[0] if substance.formulas else substance.formula,
        "phases": phases,
        "crystal": substance.crystals[0] if substance.crystals and not molecule else None,
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


def _remarks(items: Sequence[Item], dropped: Sequence[Item]) -> list[str]:
    said = [item.text for item in items if item.kind == "quantity"]
    remarks = [f"Said, but not used here: {', '.join(said)}."] if said else []
    remarks += [item.value for item in items if item.kind == "remark"]
    return remarks + ([f"Left out, as you said: {', '.join(item.text for item in dropped)}."] if dropped else [])


def _unknown(items: Sequence[Item], unplaced: Sequence[Item]) -> tuple[str, ...]:
    words = [item for item in items if item.kind == "unknown"] + list(unplaced)
    hints = {item.text: near(item.text) for item in words}
    return tuple(f"{word} (did you mean {hint}?)" if hint else word for word, hint in hints.items())
