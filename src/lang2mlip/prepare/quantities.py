"""Temperatures, pressures and amounts in any usual unit and wording."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from lang2mlip import units
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.text import Slate

__all__ = ["Span", "joined", "part_text", "take_amounts", "take_ranges"]

_NUMBER = r"[+-]?(?:\d{1,2}(?:[, ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?)(?:[eE][+-]?\d+)?"
_RANGE = r"(?:up\s+to|to|until|till|through|bis|-{1,2}>?|\.{2,}|→|~)"
_LIST = r"(?:,\s*and|,\s*or|,|/|;|and|or|&|\+/-|±)"
_JOIN = rf"\s*(?:{_RANGE}|{_LIST})\s*"
_UPPER = re.compile(
    r"(?:\b(?:up\s+to|below|under|at\s+most|less\s+than|lower\s+than|no\s+more\s+than|not\s+above|maximum|max\.?|until|till|to)"
    r"|<=?|≤)\s*(?:of|at|is|=|:)?\s*(?:about|around|approximately|some|~|≈)?\s*$",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"(?:\b(?:above|over|at\s+least|more\s+than|higher\s+than|beyond|minimum|min\.?|from|starting\s+at)|>=?|≥)"
    r"\s*(?:of|at|is|=|:)?\s*(?:about|around|approximately|some|~|≈)?\s*$",
    re.IGNORECASE,
)
_BASIS = {"mol": "mole", "v": "volume", "w": "weight", "mas": "weight"}


@dataclass(frozen=True)
class Span:
    """What one wording says: a lowest and a highest value, either may be open."""

    low: float | None
    high: float | None
    said: str
    falling: bool = False
    """Written from high to low."""


@cache
def _unit_pattern(kind: str) -> tuple[str, dict[str, str]]:
    """A pattern for the units of a kind, and spelling → name in units.py."""
    names = {word: e["value"] for e in table("words").values() if e["kind"] == kind for word in e["words"]}
    spelled = sorted(names, key=len, reverse=True)
    parts = [f"(?i:{re.escape(word)})" if len(word) > 4 else re.escape(word) for word in spelled]
    atoms = r"(?!\s*atoms?\b)" if kind == "temperature" else ""
    return rf"(?:{'|'.join(parts)})(?![^\W_]|\^)(?!-[A-Z]){atoms}", {
        word.lower(): unit for word, unit in names.items()
    } | names


def take_ranges(slate: Slate, kind: str) -> list[Span]:
    """Every temperature (K) or pressure (GPa) in the text, taken from the slate. Raises BadInput below 0 K."""
    unit, names = _unit_pattern(kind)
    convert = _kelvin if kind == "temperature" else units.pressure_GPa
    # Not an exponent: in `1e8 s^-1 and 900 K` or `s-1` the 1 is no temperature.
    whole = re.compile(rf"(?<![\w.^])(?<!\w-)(?<!\^-)(?<!\d:)(?:{_NUMBER}\s*(?:{unit})?{_JOIN})*{_NUMBER}\s*{unit}")
    found = []
    for match in list(whole.finditer(slate.text)):
        pieces = re.findall(rf"(^|{_JOIN})({_NUMBER})\s*({unit})?", match.group())
        said = " ".join(match.group().split())
        values = _values(pieces, names, partial(_checked, said=said, convert=convert))
        found.append(_span(values, [piece[0].strip() for piece in pieces], slate.text[: match.start()], said))
        slate.take(kind, match.span())
    return found


def _values(
    pieces: list[tuple[str, str, str]], names: dict[str, str], convert: Callable[[float, str], float]
) -> list[float]:
    """Numbers in the inner unit; a number without a unit has that of the next one that has."""
    unit, values = "", []
    for join, number, spelled in reversed(pieces):
        unit = names.get(spelled, names.get(spelled.lower(), unit)) if spelled else unit
        value = _number(number)
        if join.strip() in ("±", "+/-"):
            centre = _number(pieces[pieces.index((join, number, spelled)) - 1][1])
            return [convert(centre - value, unit), convert(centre + value, unit)]
        values.append(convert(value, unit))
    return values[::-1]


def _number(text: str) -> float:
    text = re.sub(r"[, ](\d{3})(?!\d)", r"\1", text) if re.match(r"[+-]?\d{1,2}[, ]\d{3}", text) else text
    return float(text.replace(",", "."))


def _kelvin(value: float, unit: str) -> float:
    return round(units.kelvin(value, unit), 6)


def _checked(value: float, unit: str, *, said: str, convert: Callable[[float, str], float]) -> float:
    inner = convert(value, unit)
    if convert is _kelvin and inner < 0:
        raise BadInput(f"The temperature {said!r} lies below absolute zero; give one above 0 K.")
    return inner


def _span(values: list[float], joins: list[str], before: str, said: str) -> Span:
    if len(values) == 1:
        if _UPPER.search(before):
            return Span(None, values[0], said)
        return Span(values[0], None, said) if _LOWER.search(before) else Span(values[0], values[0], said)
    falling = len(values) == 2 and values[0] > values[1] and bool(re.fullmatch(_RANGE, joins[-1]))
    return Span(min(values), max(values), said, falling)


def joined(spans: list[Span]) -> tuple[float | None, float | None] | None:
    """The range that covers every span; None when there is none. An open end stays None."""
    if not spans:
        return None
    lows = [span.low for span in spans if span.low is not None]
    highs = [span.high for span in spans if span.high is not None]
    # `melt at 1000 K, quench to 300 K`: an end that is named counts for both, where the other end is named too.
    return min(lows + highs) if lows else None, max(lows + highs) if highs else None


_AMOUNTS = re.compile(
    rf"(?P<strain>(?<![\w.]){_NUMBER}\s*%\s*(?=(?:of\s+)?(?:\w+\s+)?(?:strain|deformation|compression|error|tension|elongation|shear)))"
    rf"|(?P<by>(?<=\bby )(?<![\w.]){_NUMBER}\s*%(?!\s*(?:by|of)\b))"
    rf"|(?<![\w.])(?P<amount>{_NUMBER}\s*(?:m?mol\s*/\s*(?:L|l|kg|dm3)|mol\s*L\^?-1|mol\s*dm\^?-3|mM\b|M\b|molar\b|molal\b"
    r"|(?:(?:wt|at|mole?|vol|mass|weight|atom|m)\.?\s*-?)?%(?:\s*\(?(?:by\s+(?:weight|mass|mole|volume)\b|w/w\)?|v/v\)?))?"
    r"|(?:(?:weight|mass|mole?|molar|atomic|volume|wt|vol|at)\.?[\s-]*)?percent\b|ppm\b|m\b(?=\s+(?-i:[A-Z]\w*[A-Z0-9]))))"
    r"|(?P<count>(?<![\w.])\d+)(?=\s+(?:[^\W\d]\S*\s+){0,2}(?:molecules|ions|formula units|chains|ion pairs)\b)"
    r"|(?P<ratio>(?<![\w.:])\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+)"
    r"(?P<basis>\s*\(?\s*(?:in\s+|by\s+)?(?:mole?s?|molar|volume|vol\.?|v/v|v:v|weight|wt\.?|w/w|mass)(?:\s+ratio)?\b\)?)?"
    r"|(?P<times>(?<![\w.])\d+\s*[x×]\s*\d+(?:\s*[x×]\s*\d+)?\b)"
    rf"|(?P<other>(?<![\w.]){_NUMBER}\s*-?\s*(?:fs|ps|ns|g/cm\^?3|g/cc|kg/m\^?3|g\s*cm\^?-3|Å|nm|eV|meV|steps?\b|atoms?\b"
    r"|layers?\b|labels?\b|calls?\b|structures?\b|/\s*n?p?f?s\b|n?p?f?s\s*\^?-\s*1|K/[pn]?s\b|m/s\b|s\b|min\b|minutes?\b|h\b|hours?\b)(?:/(?:Å|A|atom))?)",
)


_VERSION = re.compile(r"(?<![\w.])(?:v\d+(?:\.\d+)*|\d+\.\d+\.\d+)(?![\w.]*\w)")


def take_amounts(slate: Slate) -> None:
    """Amounts (`1 mol/L`), counts, ratios, and quantities of no use here, taken from the slate as items."""
    for match in list(_VERSION.finditer(slate.text)):
        slate.take("version", match.span())
    for match in list(_AMOUNTS.finditer(slate.text)):
        if match["amount"]:
            slate.take("amount", match.span("amount"), _regular(match["amount"]))
        elif match["count"]:
            slate.take("amount", match.span("count"), f"{match['count']} molecules")
        elif match["ratio"]:
            parts = [piece.strip() for piece in match["ratio"].split(":")]
            before = _RATIO_OF.search(slate.text[: match.start()])
            slate.take("ratio", match.span(), (parts, _basis(match["basis"] or (before["basis"] if before else ""))))
        else:
            slate.take("quantity", match.span())


def _regular(text: str) -> str:
    """The amount as amounts.py reads it."""
    told = " ".join(text.split()).replace("w/w", "by weight").replace("v/v", "by volume")
    told = re.sub(r"[()]", "", told)
    return re.sub(r"(?<=\d)\s*m$", " mol/kg", told)


_RATIO_OF = re.compile(
    r"\b(?P<basis>mol(?:e|ar)?|vol(?:ume)?|weight|wt|mass)\.?(?:\s+ratio\b|\s+parts\b)[^.;!?\n]*$", re.IGNORECASE
)
"""`the molar ratio between A and B is` … : what the ratio counts, said before it."""


def part_text(ratio: tuple[list[str], str], position: int) -> str:
    """One part of a ratio as an amount: `3 parts by volume`."""
    parts, basis = ratio
    return f"{parts[position]} part{'' if parts[position] == '1' else 's'}{basis}"


def _basis(text: str) -> str:
    word = re.sub(r"^[\s(]*(?:in\s+|by\s+)?", "", text)
    return next((f" by {name}" for start, name in _BASIS.items() if word.lower().startswith(start)), "")
