"""Relations between substances and words beside them: `A in B`, and the lattice or mineral that names a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from lang2mlip.data import table
from lang2mlip.prepare.formulas import composition
from lang2mlip.prepare.lexicon import Hit
from lang2mlip.prepare.mentions import Mention, key_of
from lang2mlip.prepare.substances import Substance, in_lattice
from lang2mlip.prepare.text import Item, fold

__all__ = ["contained", "lattices", "prototypes"]

_CRYSTAL = {"crystal": "crystal", "molecule": "crystal"}
_WITHIN = {"in", "inside", "into", "within", "of", "through"}


def prototypes(items: Sequence[Item]) -> list[Item]:
    """A mineral's name beside another substance is the structure of that one, not a second substance."""
    entries = {
        fold(word): (key, e) for key, e in table("words").items() if e["kind"] == "prototype" for word in e["words"]
    }
    settled = []
    for position, item in enumerate(items):
        key, entry = entries.get(fold(item.text), ("", {}))
        around = [one for one in (_beside_it(items[:position][::-1]), _beside_it(items[position + 1 :])) if one]
        beside = [one for one in around if one.kind == "substance" and _another(one, item)]
        if entry and (item.kind == "prototype" or beside):
            item = replace(item, kind="lattice", value=Hit("lattice", key, entry))
        settled.append(item)
    return settled


def _beside_it(items: Sequence[Item]) -> Item | None:
    """The next item, lattice words apart."""
    return next((item for item in items if item.kind != "lattice"), None)


def _another(one: Item, item: Item) -> bool:
    if item.kind != "substance":
        return True
    return composition(one.value.counts) != composition(item.value.counts)


def lattices(items: Sequence[Item], mentions: list[Mention]) -> tuple[list[Mention], list[tuple[str, str]], list[Item]]:
    """Keep only the forms of the lattice that is named beside a substance; `cubic and tetragonal` are two.

    Gives the mentions, a conflict where the data have no such form, and words beside nothing they could mean.
    """
    faults, kept = list[tuple[str, str]](), list[Mention]()
    words = [item for item in items if item.kind == "lattice"]
    for mention in mentions:
        mine = [item for item in words if _nearest(item, mentions) is mention]
        if mention.substance.molecular or not mention.substance.crystals:
            # The data have no forms to choose from: the word says at least that a crystal is meant.
            mention.marks += [replace(item, kind="phase", value=_CRYSTAL) for item in mine]
            mine = []
        forms = [(group, _narrowed(mention.substance, group)) for group in _groups(items, mine)]
        for group, _ in [form for form in forms if form[1] is None]:
            text = " ".join(item.text for item in group)
            has = ", ".join(mention.substance.crystals)
            name = mention.substance.name
            faults.append((f"crystal.{name}", f"no {text} form of {name} is in the data, which has {has}"))
        found = [form for _, form in forms if form is not None]
        kept += [replace(mention, substance=form) for form in found] or [mention]
    return kept, faults, [] if mentions else words


def _nearest(item: Item, mentions: list[Mention]) -> Mention:
    return min(mentions, key=lambda m: min(abs(m.start - item.end), abs(item.start - m.end)))


def _groups(items: Sequence[Item], words: list[Item]) -> list[list[Item]]:
    """Lattice words that say one form together (two adjectives in a row), and others after a comma or `and`."""
    groups: list[list[Item]] = []
    for word in words:
        before = groups[-1][-1].end if groups else None
        parted = any(i.kind == "coordinator" and before is not None and before <= i.start < word.start for i in items)
        if groups and not parted:
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _narrowed(substance: Substance, group: list[Item]) -> Substance | None:
    found: Substance | None = substance
    for item in group:
        found = in_lattice(found, item.value.entry) if found else None
    if found and found.crystals != substance.crystals and len(substance.crystals) == 1:
        return found.model_copy(update={"name": f"{' '.join(item.text for item in group)} {substance.name}"})
    return found


_ENDS = ("terminated", "termination")
_PLACES = ("site", "sites", "sublattice", "position", "positions", *_ENDS)
"""Words after an element that name its place in a compound."""


_MOTIONS = ("diffusion", "diffusivity", "self-diffusion", "migration", "hopping", "mobility", "transport")
"""Words after an element that name its motion in a compound."""


def contained(items: Sequence[Item], mentions: list[Mention]) -> list[Mention]:
    """Settle `A in B`: an element that moves in its own compound is no substance besides; a solute is liquid too."""
    kept = []
    for number, (mention, host) in enumerate(zip_longest(mentions, mentions[1:])):
        others = mentions if _next_word(items, mention) in _ENDS else mentions[:number]
        if (whole := _lacking(items, mention, others)) is not None:
            whole.marks += mention.marks
            whole.facets += [facet for facet in mention.facets if facet not in whole.facets]
        elif host is None or not _within(items, mention, host):
            kept.append(mention)
        elif len(mention.substance.counts) == 1 and set(mention.substance.counts) < set(host.substance.counts):
            host.marks = mention.marks + host.marks
        else:
            _dissolve(mention, [host, *_beside(items, host, mentions[number + 2 :])])
            kept.append(mention)
    return kept


def _lacking(items: Sequence[Item], mention: Mention, before: Sequence[Mention]) -> Mention | None:
    """The compound that lacks this element, or of which a place or a motion is named: `A site`, `A diffusion`."""
    own = set(mention.substance.counts)
    partly = [i for i in items if i.end <= mention.start and i.kind in ("of", "plain")][-3:]
    wholes = [one for one in before if own < set(one.substance.counts)]
    missing = any(key_of(mark) == "phase/vacancy" for mark in mention.marks)
    if len(own) != 1 or not wholes:
        return None
    named = _next_word(items, mention) in _PLACES + _MOTIONS or _moving(items, mention)
    named = named or any(0 <= mark.start - mention.end <= 1 for mark in _gaps(mention))
    return wholes[-1] if named or (missing and any(i.kind == "of" for i in partly)) else None


def _moving(items: Sequence[Item], mention: Mention) -> bool:
    """`diffusion of` stands right before it."""
    before = [item for item in items if item.end <= mention.start and item.kind != "hyphen"][-2:]
    return [item.kind for item in before] == ["property", "of"] and before[0].text.lower() in _MOTIONS


def _gaps(mention: Mention) -> list[Item]:
    return [mark for mark in mention.marks if key_of(mark) == "phase/vacancy"]


def _next_word(items: Sequence[Item], mention: Mention) -> str:
    """The word that follows the mention with nothing between."""
    after = next((item for item in items if item.start >= mention.end and item.kind != "hyphen"), None)
    return after.text.lower() if after is not None and after.start - mention.end <= 1 else ""


def _within(items: Sequence[Item], mention: Mention, host: Mention) -> bool:
    """Nothing but a word like `in` stands between the two, save plain ones and phases."""
    between = [item for item in items if mention.end <= item.start < host.start]
    links = [item.text.lower() for item in between if item.kind in ("border", "of", "coordinator", "stop")]
    return bool(links) and links[0] in _WITHIN and links[1:] in ([], ["of"])


def _beside(items: Sequence[Item], first: Mention, others: Sequence[Mention]) -> list[Mention]:
    """The mentions that follow `first` with nothing but commas, slashes or `and` between."""
    found = [first]
    for other in others:
        between = {i.kind for i in items if found[-1].end <= i.start < other.start}
        if between - {"coordinator", "hyphen", "plain"}:
            break
        found.append(other)
    return found[1:]


def _dissolve(mention: Mention, hosts: list[Mention]) -> None:
    """A compound or ion without a phase, in molecular liquids or ones without a phase, is a solution."""
    dissolves = mention.substance.molecular or len(mention.substance.counts) > 1
    fits = all(host.substance.molecular and set(host.phases()) <= {"liquid"} for host in hosts)
    if not (dissolves and fits) or any(key_of(mark) != "phase/molecule" for mark in mention.marks):
        return
    mention.marks.clear()
    liquid = Item("phase", mention.start, mention.start, {"crystal": "liquid", "molecule": "liquid"})
    for one in (mention, *hosts):
        one.marks += [] if one.marks else [liquid]
