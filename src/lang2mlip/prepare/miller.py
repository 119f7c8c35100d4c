"""Miller indices, three or four, bracketed or before the word surface."""

from __future__ import annotations

import re

from lang2mlip.errors import BadInput
from lang2mlip.prepare.text import Slate

__all__ = ["take_facets"]

_PLANE = r"(?:surfaces?|slabs?|facets?|planes?|faces?|edges?|terminations?|terminated)"
_BRACKET = re.compile(r"[(\[{<]\s*(-?\d[-\d\s,;/]*?(?:\s*(?:and|&)\s*[-\d\s,;/]+?)*)\s*[)\]}>]")
_BARE = r"(?:-?\d){3,5}(?!\d)"
_BARES = rf"{_BARE}(?:\s*(?:,\s*and|,|/|and|or|&)\s*{_BARE})*"
_BEFORE = re.compile(rf"(?<![\w.,:-])({_BARES})(?=[\s-]*(?:edge\s+)?{_PLANE}\b)", re.IGNORECASE)
_AFTER = re.compile(rf"(?<=[\s:])({_BARES})(?![\w.%°])")


_DIRECTION = re.compile(
    r"(?<=along )(?:the\s+)?[\[<]\s*-?\d[-\d\s,]*[\]>]|[\[<]\s*-?\d[-\d\s,]*[\]>](?=\s*(?:direction|axis|axes)\b)"
    r"|(?<=parallel to )[\[<]\s*-?\d[-\d\s,]*[\]>]",
    re.IGNORECASE,
)
_FACE_TO_FACE = re.compile(rf"{_BRACKET.pattern}\s*(?:\|\||//|∥|\|)\s*{_BRACKET.pattern}")


def take_facets(slate: Slate) -> None:
    """Every set of Miller indices, taken from the slate as items. Raises BadInput for unsound ones of a plane."""
    _take_directions(slate)
    about_planes = re.search(rf"\b{_PLANE}\b", slate.text, re.IGNORECASE) is not None
    for match in list(_BRACKET.finditer(slate.text)):
        attached = match.start() > 0 and slate.text[match.start() - 1].isalnum()
        _take(slate, match.span(), _groups(match.group(1)), about_planes or attached)
    for match in list(_BEFORE.finditer(slate.text)):
        _take(slate, match.span(1), _groups(match.group(1)), True)
    if about_planes and re.search(rf"{_PLANE}\s*:?\s*{_BARE}", slate.text):
        for match in list(_AFTER.finditer(slate.text)):
            if re.search(rf"{_PLANE}\s*:?\s*$", slate.text[: match.start()]):
                _take(slate, match.span(1), _groups(match.group(1)), True)


def _take_directions(slate: Slate) -> None:
    """Directions, which are no planes, and planes that face each other."""
    for match in list(_DIRECTION.finditer(slate.text)):
        slate.take("version", match.span())
    for match in list(_FACE_TO_FACE.finditer(slate.text)):
        pair = [*_groups(match.group(1)), *_groups(match.group(2))]
        if len(pair) == 2 and not any(map(_fault, pair)):
            slate.take("facets of two", match.span(), pair)


def _groups(text: str) -> list[tuple[int, ...]]:
    """`111, 100` → two sets; `1, 0, -1, 0` and `10-10` → one."""
    parts = [part for part in re.split(r"\s*(?:,|;|/|\band\b|&)\s*", text) if part.strip()]
    sets = [tuple(int(index) for index in re.findall(r"-?\d", part)) for part in parts]
    if all(len(one) == 1 for one in sets):
        return [tuple(one[0] for one in sets)]
    return sets


def _take(slate: Slate, span: tuple[int, int], sets: list[tuple[int, ...]], certain: bool) -> None:
    faults = [fault for fault in map(_fault, sets) if fault]
    if faults and certain and max(map(len, sets)) > 2:
        raise BadInput(f"{slate.text[slice(*span)].strip()!r} is no plane: {faults[0]}.")
    if not faults:
        slate.take("facet", span, sets)


def _fault(indices: tuple[int, ...]) -> str:
    if len(indices) not in (3, 4):
        return f"it has {len(indices)} Miller indices, where three, or four for hexagonal crystals, are needed"
    if not any(indices):
        return "its Miller indices are all zero"
    if len(indices) == 4 and sum(indices[:3]) != 0:
        return "of four indices (h k i l) the first three must add up to zero"
    return ""
