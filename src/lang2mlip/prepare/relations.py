"""Relations between substances and words beside them: `A in B`, and the lattice that is named."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from lang2mlip.prepare.mentions import Mention
from lang2mlip.prepare.substances import in_lattice
from lang2mlip.prepare.text import Item

__all__ = ["contained", "lattices"]

_WITHIN = {"in", "inside", "into", "within", "of", "through"}


def lattices(items: Sequence[Item], mentions: list[Mention]) -> tuple[list[tuple[str, str]], list[Item]]:
    """Keep only the forms of the lattice that is named beside a substance.

    Gives a conflict where the data have no such form, and the words that stand beside nothing they could mean.
    """
    faults, homeless = [], []
    for item in items:
        if item.kind != "lattice":
            continue
        near = min(mentions, key=lambda m: min(abs(m.start - item.end), abs(item.start - m.end)), default=None)
        if near is None or near.substance.molecular or not near.substance.crystals:
            homeless.append(item)
            continue
        narrowed = in_lattice(near.substance, item.value.entry["spacegroups"])
        if narrowed is None:
            has = ", ".join(near.substance.crystals)
            text = f"no {item.text} form of {near.substance.name} is in the data, which has {has}"
            faults.append((f"crystal.{near.substance.name}", text))
        else:
            near.substance = narrowed
    return faults, homeless


def contained(items: Sequence[Item], mentions: list[Mention]) -> list[Mention]:
    """Settle `A in B`: an element that moves in its own compound is no substance besides; a solute is liquid too."""
    kept = []
    for number, (mention, host) in enumerate(zip_longest(mentions, mentions[1:])):
        if host is None or not _within(items, mention, host):
            kept.append(mention)
        elif len(mention.substance.counts) == 1 and set(mention.substance.counts) < set(host.substance.counts):
            host.marks = mention.marks + host.marks
        else:
            _dissolve(mention, [host, *_beside(items, host, mentions[number + 2 :])])
            kept.append(mention)
    return kept


def _within(items: Sequence[Item], mention: Mention, host: Mention) -> bool:
    """Nothing but a word like `in` stands between the two, save plain ones and phases."""
    between = [item for item in items if mention.end <= item.start < host.start]
    links = [item for item in between if item.kind in ("border", "of", "coordinator", "stop")]
    return len(links) == 1 and links[0].text.lower() in _WITHIN


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
    if not (dissolves and fits) or mention.marks:
        return
    liquid = Item("phase", mention.start, mention.start, {"crystal": "liquid", "molecule": "liquid"})
    for one in (mention, *hosts):
        one.marks += [] if one.marks else [liquid]
