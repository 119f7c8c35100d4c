"""Which phase, facet and amount belongs to which substance: by segment, clause and sentence, as people write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lang2mlip.prepare.mentions import Mention, contradiction, key_of, meanings
from lang2mlip.prepare.quantities import part_text
from lang2mlip.prepare.relations import contained, lattices
from lang2mlip.prepare.roles import said_roles
from lang2mlip.prepare.stacking import on_top, stacked
from lang2mlip.prepare.text import Item

__all__ = ["Linked", "link"]

_ON = {"on", "onto", "atop", "on top of"}


@dataclass
class Linked:
    """Mentions with what belongs to them, and what could not be given a place."""

    mentions: list[Mention]
    layers: list[Mention]
    conflicts: list[tuple[str, str]]
    """(field, sentence)."""
    unplaced: list[Item]
    above: list[Mention]
    """What lies on top of everything that was named before."""


@dataclass
class _Segment:
    number: int
    clause: int
    sentence: int
    opener: str = ""
    """The word or sign that begins it."""
    mentions: list[Mention] = field(default_factory=list)
    marks: list[Item] = field(default_factory=list)
    trailing: list[Item] = field(default_factory=list)
    leading: list[Item] = field(default_factory=list)
    """Marks that came from the next or the last segment, and go on from there."""


def link(items: Sequence[Item]) -> Linked:
    """Give every phase, facet, lattice and amount to its substances."""
    segments, layers = _segments(items)
    mentions = [mention for segment in segments for mention in segment.mentions]
    for mention, role in said_roles(items, mentions):
        mention.role = role
    _assign([segment for segment in segments if segment.mentions], segments)
    _distribute(segments)
    _assign([segment for segment in segments if not segment.mentions], segments)
    _face_to_face(items, mentions)
    _solid_surfaces(mentions)
    unplaced = [i for i in items if i.kind in ("amount", "ratio") and not _give(i, mentions, items)]
    mentions, conflicts, homeless = lattices(items, mentions)
    conflicts += [conflict for mention in mentions if (conflict := contradiction(mention))]
    mentions = contained(items, mentions)
    there = {(mention.start, mention.end) for mention in mentions}
    layers = layers if all((mention.start, mention.end) in there for mention in layers) else []  # `A on a B site`
    return Linked(mentions, stacked(items, mentions, layers), conflicts, unplaced + homeless, on_top(items, mentions))


def _segments(items: Sequence[Item]) -> tuple[list[_Segment], list[Mention]]:
    """The segments, and the mentions of a layered system from the bottom up (`A on B` → B, A)."""
    segments = [_Segment(0, 0, 0)]
    layers: list[Mention] = []
    resting: list[Mention] = []
    for item in items:
        last = segments[-1]
        if item.kind in ("stop", "border", "coordinator"):
            clause = last.clause + (item.kind != "coordinator")
            stopped = last.sentence + (item.kind == "stop")
            segments.append(_Segment(last.number + 1, clause, stopped, item.text.lower()))
            if item.kind == "border" and item.text.lower() in _ON and last.mentions:
                resting = [m for segment in segments if segment.clause == last.clause for m in segment.mentions]
        elif item.kind == "substance":
            mention = Mention(item.value, item.start, item.end, last.number)
            last.mentions.append(mention)
            if resting:
                layers, resting = [mention, *reversed(resting)], []
        elif item.kind in ("phase", "facet"):
            last.marks.append(item)
    return segments, layers


def _owners(mark: Item, segment: _Segment, segments: list[_Segment]) -> list[Mention]:
    """The substances that a mark belongs to: in its segment, else its clause, else its sentence, else anywhere."""
    if segment.mentions:
        if _interface(mark):
            return segment.mentions
        before = [mention for mention in segment.mentions if mention.start < mark.start]
        after = [mention for mention in segment.mentions if 0 <= mention.start - mark.end <= 1]
        if after and before and mark.kind == "phase" and mark.start - before[-1].end > 1:
            return after
        return before[-1:] or segment.mentions[:1]
    others = [other for other in segments if other.mentions]
    if mark.kind == "facet" and segment.opener == "with" and (before := _last(others, segment)):
        return before
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


def _last(others: Sequence[_Segment], segment: _Segment) -> list[Mention]:
    """What was named last in the sentence: `A with its (hkl) face, and B`."""
    back = [one for one in others if one.number < segment.number and one.sentence == segment.sentence]
    return back[-1].mentions[-1:] if back else []


def _face_to_face(items: Sequence[Item], mentions: Sequence[Mention]) -> None:
    """`A on B, (hkl)||(hkl)`: a plane for each of the two that stand nearest before, else after."""
    for item in items:
        if item.kind != "facets of two":
            continue
        before = [mention for mention in mentions if mention.end <= item.start][-2:]
        owners = before if len(before) == 2 else [mention for mention in mentions if mention.start >= item.end][:2]
        for mention, facet in zip(owners, item.value, strict=False):
            _put(Item("facet", item.start, item.end, [facet], item.text), mention)


def _solid_surfaces(mentions: Sequence[Mention]) -> None:
    """A surface said of a molecular liquid beside a solid is that solid's: `A in B, what happens at the surface`."""
    solids = [m for m in mentions if not m.substance.molecular and m.amount is None]
    for mention in mentions:
        loose = [mark for mark in mention.marks if key_of(mark) == "phase/surface" or mark.kind == "facet"]
        if not mention.substance.molecular or mention.substance.chain or not loose or not solids:
            continue
        nearest = min(solids, key=lambda solid: abs(solid.start - mention.start))
        mention.marks = [mark for mark in mention.marks if all(mark is not one for one in loose)]
        mention.facets = []
        for mark in loose:
            if all(mark is not one for one in nearest.marks):
                _put(mark, nearest)


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
    named_form = taker.substance.one_of_several_forms and len(taker.substance.counts) > 1
    shared = [m for m in marks if (alike or _interface(m)) and not (named_form and "amorphous" in meanings(m, taker))]
    for mark in shared:
        _put(mark, taker)
    return shared


def _give(item: Item, mentions: list[Mention], items: Sequence[Item]) -> bool:
    """Give an amount to the substance behind it or before it, a ratio to as many as it has parts."""
    before = [mention for mention in mentions if mention.end <= item.start]
    after = [mention for mention in mentions if mention.start >= item.end]
    if item.kind == "ratio":
        count = len(item.value[0])
        owners = before[-count:] if len(before) >= count else after[:count]
        for position, mention in enumerate(owners):
            mention.amount = part_text(item.value, position)
        return len(owners) == count
    follows = after and after[0].start - item.end <= 4 and after[0].amount is None
    between = {i.kind for i in items if after and item.end <= i.start < after[0].start}
    behind = before and before[-1].amount is None and item.start - before[-1].end <= 3
    follows = follows and not (behind and between & {"coordinator", "stop", "border"})
    owners = after[:1] if follows else before[-1:] or after[:1]
    if not owners or owners[0].amount is not None:
        return False
    owners[0].amount = item.value
    return True
