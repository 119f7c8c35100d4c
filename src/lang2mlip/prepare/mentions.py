"""A substance where it stands in the text, with the phases, facets and amount that are said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lang2mlip.prepare.substances import Substance
from lang2mlip.prepare.text import Item

__all__ = ["Mention", "contradiction", "key_of", "meanings"]

_WEAK = {"phase/bulk", "phase/solid"}
"""They only qualify a phase that stands with them: `bulk liquid`, `amorphous solid`."""

_CONDENSED = {"liquid", "melt", "amorphous", "crystal"}

_EXCLUSIVE = {"crystal", "melt", "liquid", "amorphous", "gas"}


@dataclass
class Mention:
    """A substance where it stands, and what is said of it."""

    substance: Substance
    start: int
    end: int
    segment: int = -1
    marks: list[Item] = field(default_factory=list)
    facets: list[tuple[int, ...]] = field(default_factory=list)
    amount: str | None = None
    role: str | None = None
    layer: int | None = None
    """Number of its layer, where the words list the layers one by one."""

    def phases(self) -> list[str]:
        """The phases said of it, in their order; a facet means a surface."""
        strong = [mark for mark in self.marks if key_of(mark) not in _WEAK]
        found: list[str] = []
        for mark in sorted(self.marks, key=lambda mark: mark.start):
            if key_of(mark) in _WEAK and any(abs(m.start - mark.start) < 30 and _exclusive(m, self) and
                                             _same(m, mark) for m in strong):  # fmt: skip
                continue
            found.extend(meanings(mark, self))
        if set(found) == {"interface"} and self.substance.molecular and not self.substance.chain:
            found = ["liquid", *found]
        return list(dict.fromkeys(found + (["surface"] if self.facets else [])))


def key_of(mark: Item) -> str:
    """Key of a phase word's entry; empty for a facet or an alias."""
    return getattr(mark.value, "key", "")


def _same(one: Item, other: Item) -> bool:
    """Two phase words with nothing but a blank or hyphen between them qualify one another."""
    first, second = sorted((one, other), key=lambda item: item.start)
    return second.start - first.end <= 1 or one.text == other.text


def meanings(mark: Item, mention: Mention) -> list[str]:
    """The phases that a phase word means for this substance."""
    if mark.kind == "facet":
        return []
    entry = getattr(mark.value, "entry", mark.value)
    value = entry["molecule" if mention.substance.molecular else "crystal"]
    phases = [value] if isinstance(value, str) else list(value)
    if mention.substance.chain:
        # A melt, glass or bulk of chains is the polymer.
        return ["polymer" if phase in _CONDENSED else phase for phase in phases]
    return phases


def _exclusive(mark: Item, mention: Mention) -> bool:
    return bool(set(meanings(mark, mention)) & _EXCLUSIVE)


def contradiction(mention: Mention) -> tuple[str, str] | None:
    """A sentence when two states of matter are said of one substance in one breath, as in `molten crystal`."""
    marks = [mark for mark in mention.marks if mark.kind == "phase" and key_of(mark) not in _WEAK]
    marks = sorted((mark for mark in marks if _exclusive(mark, mention)), key=lambda mark: mark.start)
    for one, other in zip(marks, marks[1:], strict=False):
        states = set(meanings(one, mention)), set(meanings(other, mention))
        if other.start - one.end <= 1 and not states[0] & states[1]:
            name = mention.substance.name
            return f"phases.{name}", f"{one.text} and {other.text} at once cannot be said of {name}"
    return None
