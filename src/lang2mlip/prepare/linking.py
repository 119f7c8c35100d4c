"""Which phase, facet and amount belongs to which substance: by segment, clause and sentence, as people write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from lang2mlip.prepare.substances import Substance, alloy, in_lattice
from lang2mlip.prepare.text import Item

__all__ = ["Linked", "Mention", "affirmed", "link", "with_alloys"]

_WEAK = {"phase/bulk", "phase/solid"}
"""They only qualify a phase that stands with them: `bulk liquid`, `amorphous solid`."""

_EXCLUSIVE = {"crystal", "melt", "liquid", "amorphous", "gas"}
_ON = {"on", "onto", "atop", "on top of"}


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

    def phases(self) -> list[str]:
        """The phases said of it, in their order; a facet means a surface."""
        strong = [mark for mark in self.marks if key_of(mark) not in _WEAK]
        found: list[str] = []
        for mark in sorted(self.marks, key=lambda mark: mark.start):
            if key_of(mark) in _WEAK and any(abs(m.start - mark.start) < 30 and _exclusive(m, self) and
                                             _same(m, mark) for m in strong):  # fmt: skip
                continue
            found.extend(meanings(mark, self))
        return list(dict.fromkeys(found + (["surface"] if self.facets else [])))


@dataclass
class Linked:
    """Mentions with what belongs to them, and what could not be given a place."""

    mentions: list[Mention]
    layers: list[Mention]
    conflicts: list[tuple[str, str]]
    """(field, sentence)."""
    unplaced: list[Item]


@dataclass
class _Segment:
    number: int
    clause: int
    sentence: int
    mentions: list[Mention] = field(default_factory=list)
    marks: list[Item] = field(default_factory=list)
    trailing: list[Item] = field(default_factory=list)
    leading: list[Item] = field(default_factory=list)
    """Marks that came from the next or the last segment, and go on from there."""


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
    return [value] if isinstance(value, str) else list(value)


def _exclusive(mark: Item, mention: Mention) -> bool:
    return bool(set(meanings(mark, mention)) & _EXCLUSIVE)


def affirmed(items: Iterable[Item]) -> tuple[list[Item], list[str]]:
    """Items without what a `no` or `without` takes back, and the words taken back."""
    kept, dropped, negating = [], [], False
    for item in items:
        if item.kind == "negation":
            negating = True
        elif item.kind in ("border", "stop") or item.text in (",", "but", "but also", "only"):
            negating = False
            kept.append(item)
        elif negating and item.kind in ("phase", "facet", "property", "substance", "concept", "alloy"):
            dropped.append(item.text)
        elif not (negating and item.kind == "coordinator"):
            kept.append(item)
    return kept, dropped


def with_alloys(items: Sequence[Item]) -> list[Item]:
    """Elements joined by hyphens, or named beside the word alloy, as one substance."""
    clauses: list[list[Item]] = [[]]
    for item in items:
        if item.kind in ("border", "stop") and not _only_of(clauses[-1]):
            clauses += [[item], []]
        else:
            clauses[-1].append(item)
    return [item for clause in clauses for item in _alloyed(clause)]


def _only_of(clause: list[Item]) -> bool:
    """`alloy of …`, `alloys with …`: the elements come after the border."""
    return bool(clause) and clause[-1].kind == "alloy" and not any(item.kind == "substance" for item in clause)


def _alloyed(clause: list[Item]) -> list[Item]:
    lone = [item for item in clause if item.kind == "substance" and len(item.value.counts) == 1]
    if len(lone) < 2 or any("interface" in str(key_of(item)) for item in clause):
        return clause
    if any(item.kind == "alloy" for item in clause):
        return _merged(clause, lone)
    kinds = {item.start: item.kind for item in clause}
    run = [
        one
        for one, other in zip(lone, lone[1:], strict=False)
        if one.end == other.start - 1 and kinds.get(one.end) == "hyphen"
    ]
    chain = [item for item in lone if item in run or any(item.start == one.end + 1 for one in run)]
    return _merged(clause, chain) if chain else clause


def _merged(clause: list[Item], parts: list[Item]) -> list[Item]:
    symbols = [next(iter(part.value.counts)) for part in parts]
    first, last = parts[0], parts[-1]
    one = alloy(symbols, "-".join(symbols) + " alloy")
    merged = replace(first, end=last.end, value=one, text="-".join(symbols))
    inside = [i for i in clause if first.start < i.start < last.end and i.kind in ("coordinator", "hyphen")]
    return [merged if i is first else i for i in clause if i not in parts[1:] and i not in inside]


def link(items: Sequence[Item]) -> Linked:
    """Give every phase, facet, lattice and amount to its substances."""
    segments, layers = _segments(items)
    mentions = [mention for segment in segments for mention in segment.mentions]
    _assign([segment for segment in segments if segment.mentions], segments)
    _distribute(segments)
    _assign([segment for segment in segments if not segment.mentions], segments)
    unplaced = [item for item in items if item.kind in ("amount", "ratio") and not _give(item, mentions)]
    conflicts = [*_lattices(items, mentions), *(c for mention in mentions if (c := _contradiction(mention)))]
    return Linked(mentions, layers, conflicts, unplaced)


def _segments(items: Sequence[Item]) -> tuple[list[_Segment], list[Mention]]:
    """The segments, and the mentions of a layered system from the bottom up (`A on B` → B, A)."""
    segments = [_Segment(0, 0, 0)]
    layers: list[Mention] = []
    resting: Mention | None = None
    for item in items:
        last = segments[-1]
        if item.kind in ("stop", "border", "coordinator"):
            clause = last.clause + (item.kind != "coordinator")
            segments.append(_Segment(last.number + 1, clause, last.sentence + (item.kind == "stop")))
            if item.kind == "border" and item.text.lower() in _ON and last.mentions:
                resting = last.mentions[-1]
        elif item.kind == "substance":
            mention = Mention(item.value, item.start, item.end, last.number)
            last.mentions.append(mention)
            if resting is not None:
                layers, resting = [mention, resting], None
        elif item.kind in ("phase", "facet"):
            last.marks.append(item)
    return segments, layers


def _owners(mark: Item, segment: _Segment, segments: list[_Segment]) -> list[Mention]:
    """The substances that a mark belongs to: in its segment, else its clause, else its sentence, else anywhere."""
    if segment.mentions:
        if _interface(mark):
            return segment.mentions
        before = [mention for mention in segment.mentions if mention.start < mark.start]
        return before[-1:] or segment.mentions[:1]
    others = [other for other in segments if other.mentions]
    for near in ("clause", "sentence", None):
        ring = [o for o in others if near is None or getattr(o, near) == getattr(segment, near)]
        back = [o for o in ring if o.number < segment.number]
        chosen = back[-1:] or [o for o in ring if o.number > segment.number][:1]
        if chosen:
            return [
                m
                for o in ring
                if o.clause == chosen[0].clause and (o.number < segment.number) == bool(back)
                for m in o.mentions
            ]
    return []


def _interface(mark: Item) -> bool:
    return key_of(mark) == "phase/interface"


def _assign(these: Iterable[_Segment], segments: list[_Segment]) -> None:
    for segment in these:
        for mark in segment.marks:
            for mention in _owners(mark, segment, segments):
                _put(mark, mention)


def _put(mark: Item, mention: Mention) -> None:
    mention.marks.append(mark)
    if mark.kind == "facet":
        mention.facets.extend(facet for facet in mark.value if facet not in mention.facets)


def _distribute(segments: list[_Segment]) -> None:
    """`A and B molecules`, `molten A and B`: a bare substance shares the phase of the next one of its kind."""
    pairs = [(a, b) for a, b in zip(segments, segments[1:], strict=False) if a.clause == b.clause]
    for left, right in reversed(pairs):
        if left.mentions and right.mentions:
            giver = right.mentions[0]
            # A facet written on to its formula, `Pt(111)`, is that one's alone.
            given = [mark for mark in right.marks if mark.start > giver.end] + right.trailing
            left.trailing = _share(given, giver, left.mentions[-1])
    for left, right in pairs:
        if left.mentions and right.mentions:
            giver = left.mentions[-1]
            right.leading = _share(
                [m for m in left.marks if m.end <= giver.start] + left.leading, giver, right.mentions[0]
            )


def _share(marks: list[Item], giver: Mention, taker: Mention) -> list[Item]:
    if taker.marks:
        return []
    alike = giver.substance.molecular == taker.substance.molecular
    shared = [mark for mark in marks if alike or _interface(mark)]
    for mark in shared:
        _put(mark, taker)
    return shared


def _give(item: Item, mentions: list[Mention]) -> bool:
    """Give an amount to the substance behind it or before it, a ratio to as many as it has parts."""
    before = [mention for mention in mentions if mention.end <= item.start]
    after = [mention for mention in mentions if mention.start >= item.end]
    if item.kind == "ratio":
        parts, basis = item.value
        owners = before[-len(parts) :] if len(before) >= len(parts) else after[: len(parts)]
        for mention, part in zip(owners, parts, strict=False):
            mention.amount = f"{part} part{'' if part == '1' else 's'}{basis}"
        return len(owners) == len(parts)
    follows = after and after[0].start - item.end <= 4 and after[0].amount is None
    owners = after[:1] if follows else before[-1:] or after[:1]
    if not owners or owners[0].amount is not None:
        return False
    owners[0].amount = item.value
    return True


def _lattices(items: Sequence[Item], mentions: list[Mention]) -> list[tuple[str, str]]:
    """Keep only the forms of the lattice that is named beside a substance; a conflict where there is no such form."""
    faults = []
    for item in items:
        near = sorted(mentions, key=lambda m: min(abs(m.start - item.end), abs(item.start - m.end)))
        if item.kind != "lattice" or not near or near[0].substance.molecular or not near[0].substance.crystals:
            continue
        narrowed = in_lattice(near[0].substance, item.value.entry["spacegroups"])
        if narrowed is None:
            name = near[0].substance.name
            faults.append(
                (
                    f"crystal.{name}",
                    f"no {item.text} form of {name} is in the data, which has {', '.join(near[0].substance.crystals)}",
                )
            )
        else:
            near[0].substance = narrowed
    return faults


def _contradiction(mention: Mention) -> tuple[str, str] | None:
    """A sentence when two states of matter are said of one substance in one breath, as in `molten crystal`."""
    marks = [mark for mark in mention.marks if mark.kind == "phase" and key_of(mark) not in _WEAK]
    marks = sorted((mark for mark in marks if _exclusive(mark, mention)), key=lambda mark: mark.start)
    for one, other in zip(marks, marks[1:], strict=False):
        states = set(meanings(one, mention)), set(meanings(other, mention))
        if other.start - one.end <= 1 and not states[0] & states[1]:
            name = mention.substance.name
            return f"phases.{name}", f"{one.text} and {other.text} at once cannot be said of {name}"
    return None
