"""Layers that the words put on each other: `A on B`, `A under B`, `A | B | C`, `from bottom to top: A, B, C`."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.prepare.mentions import Mention
from lang2mlip.prepare.text import Item

__all__ = ["on_top", "stacked"]

_TOP = "top"

_UNDER = {"under", "below", "beneath", "underneath", "covered by", "covered with", "topped by", "topped with"}
"""What stands before such a word lies lower."""

_LIQUID = Item("phase", 0, 0, {"crystal": [], "molecule": "liquid"})


def stacked(items: Sequence[Item], mentions: Sequence[Mention], resting: Sequence[Mention]) -> list[Mention]:
    """The mentions from the bottom up; `resting` are those of an `on`, if there is one. Empty: no layers are named.

    Molecules of which no phase is said are liquids there.
    """
    order = _listed(items, mentions) or _with_solutes(items, mentions, resting) or _under(items, mentions)
    if len(order) > 1 and order != list(resting):
        for mention in order:
            if mention.substance.molecular and not mention.substance.chain and not mention.marks:
                mention.marks.append(_LIQUID)
    return order if len(order) > 1 else []


def on_top(items: Sequence[Item], mentions: Sequence[Mention]) -> list[Mention]:
    """`with A and B on top`: what lies above all that was named before."""
    word = next((item for item in items if item.kind == "stacking" and item.value.entry["value"] == _TOP), None)
    return [m for m in mentions if m.end <= word.start and _sentence(items, m.start) == _sentence(items, word.start)
            ] if word else []  # fmt: skip


def _with_solutes(items: Sequence[Item], mentions: Sequence[Mention], resting: Sequence[Mention]) -> list[Mention]:
    """`A and B with C on D`: molecules that stand in one phrase with those on top are on top too."""
    if not resting or not all(one.substance.molecular for one in resting[1:]):
        return list(resting)
    here = _sentence(items, resting[0].start)
    others = [
        m for m in mentions if m.end <= resting[0].start and m not in resting and _sentence(items, m.start) == here
    ]
    wet = [m for m in others if m.substance.molecular and not set(m.phases()) - {"liquid", "interface"}]
    return [resting[0], *wet, *resting[1:]] if len(wet) == len(others) else list(resting)


def _listed(items: Sequence[Item], mentions: Sequence[Mention]) -> list[Mention]:
    """A list that is said to be layers: by a word for it before, or by bars between."""
    bars = [item for item in items if item.kind == "coordinator" and item.text == "|"]
    if bars:
        around = [m for m in mentions if _sentence(items, m.start) == _sentence(items, bars[0].start)]
        return around if len(around) > 1 else []
    word = next((i for i in items if i.kind == "stacking" and i.value.entry["value"] != _TOP), None)
    if word is None:
        return []
    rest = [m for m in mentions if m.start > word.end]
    inside = [m for m in rest if _sentence(items, m.start, ":") == _sentence(items, rest[0].start, ":")] if rest else []
    _numbered(items, inside)
    return inside[::-1] if word.value.entry["value"] == "down" else inside


def _numbered(items: Sequence[Item], listed: Sequence[Mention]) -> None:
    """`A, B with C, and D`: a comma begins another layer."""
    commas = [item.start for item in items if item.kind == "coordinator" and item.text == ","]
    for mention in listed:
        mention.layer = sum(listed[0].start < comma < mention.start for comma in commas)


def _under(items: Sequence[Item], mentions: Sequence[Mention]) -> list[Mention]:
    """`A with B under C`: all of one sentence, in the order of the words."""
    word = next((item for item in items if item.kind == "border" and item.text.lower() in _UNDER), None)
    if word is None:
        return []
    here = [m for m in mentions if _sentence(items, m.start) == _sentence(items, word.start)]
    low, high = [m for m in here if m.end <= word.start], [m for m in here if m.start >= word.end]
    return low + high if low and high else []


def _sentence(items: Sequence[Item], place: int, also: str = "") -> int:
    """Number of the sentence at a place; a sign in `also` ends one too."""
    ends = [i for i in items if i.kind == "stop" or (also and i.kind == "border" and i.text == also)]
    return sum(item.start < place for item in ends)
