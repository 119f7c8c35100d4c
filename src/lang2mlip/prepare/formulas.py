"""Chemical formulas: read strictly, compared by composition, and made from names of salts and oxides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, reduce
from math import gcd

from ase.data import atomic_names, chemical_symbols

from lang2mlip.data import table

__all__ = [
    "ELEMENTS",
    "charge_of",
    "composition",
    "element_names",
    "parse_formula",
    "salt_formulas",
    "strange_elements",
]

ELEMENTS = frozenset(chemical_symbols[1:])
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?|([(\[])|([)\]])(\d+(?:\.\d+)?)?")
_CHARGE = re.compile(r"(?:\^\{?|\s)?(\d?)([+-])\}?$")


@cache
def element_names() -> dict[str, str]:
    """Lower-case name → symbol, for every element and the other spellings in data/words."""
    names = {name.lower(): symbol for name, symbol in zip(atomic_names[1:], chemical_symbols[1:], strict=True) if name}
    other = [entry for entry in table("words").values() if entry["kind"] == "element"]
    return names | {word: entry["value"] for entry in other for word in entry["words"]}


def charge_of(text: str) -> tuple[str, int]:
    """A formula without its charge, and the charge: `PF6-` → (PF6, −1), `SO42-` → (SO4, −2), `Ca2+` → (Ca, 2)."""
    match = _CHARGE.search(text)
    if not match:
        return text, 0
    body, digit = text[: match.start()], match.group(1)
    marked = match.group().startswith(("^", " "))
    # `PF6-`: the digit counts atoms. `Ca2+` and `SO42-`: it is the charge, for it follows a lone symbol or a digit.
    if digit and not (marked or body in ELEMENTS or body[-1:].isdigit()):
        body, digit = body + digit, ""
    return body, int(digit or 1) * (1 if match.group(2) == "+" else -1)


_LONGEST = 200
"""Characters of a formula at most; longer ones have counts that no number can hold."""


def parse_formula(text: str) -> dict[str, float] | None:
    """Element → count, in the order written; None when `text` is no formula of known elements."""
    if len(text) > _LONGEST:
        return None
    total: defaultdict[str, float] = defaultdict(float)
    for piece in re.split("[·*]", text):
        factor, body = re.match(r"(\d*)(.*)", piece, re.DOTALL).groups()  # type: ignore[union-attr]
        counts = _parse_plain(body)
        if counts is None:
            return None
        for symbol, count in counts.items():
            total[symbol] += count * int(factor or 1)
    return dict(total)


def _parse_plain(text: str) -> Mapping[str, float] | None:
    stack: list[defaultdict[str, float]] = [defaultdict(float)]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or not _apply(match, stack):
            return None
        position = match.end()
    return stack[0] if len(stack) == 1 and stack[0] and min(stack[0].values()) > 0 else None


def _apply(match: re.Match[str], stack: list[defaultdict[str, float]]) -> bool:
    symbol, count, opening, _, factor = match.groups()
    if symbol:
        stack[-1][symbol] += float(count or 1)
        return symbol in ELEMENTS
    if opening:
        stack.append(defaultdict(float))
        return True
    if len(stack) < 2:
        return False
    for inner, number in stack.pop().items():
        stack[-1][inner] += number * float(factor or 1)
    return True


def strange_elements(text: str) -> list[str]:
    """Symbols in something built like a formula that are no elements; empty where it is not built like one."""
    if not re.search(r"\d", text) or not re.fullmatch(r"(?:[A-Z][a-z]?\d*|[()])+", text):
        return []
    symbols = re.findall("[A-Z][a-z]?", text)
    strange = [symbol for symbol in symbols if symbol not in ELEMENTS]
    return strange if len(strange) < len(symbols) else []


def composition(counts: Mapping[str, float], reduced: bool = True) -> frozenset[tuple[str, float]]:
    """The composition as something to compare: smallest whole numbers when `reduced`, else the counts as they are."""
    scaled = {symbol: round(count * 1000) for symbol, count in counts.items()}
    divisor = reduce(gcd, scaled.values()) if reduced else 1000
    return frozenset((symbol, round(count / divisor, 4)) for symbol, count in scaled.items())


@cache
def _ions() -> tuple[dict[str, list[int]], dict[str, tuple[str, int]], dict[str, int]]:
    """Cation → charges, name of anion → (formula, charge), prefix → count."""
    entries = table("words").values()
    cations = {symbol: e["charge"] for e in entries if e["kind"] == "cation" for symbol in e["elements"]}
    anions = {word: (e["formula"], e["charge"]) for e in entries if e["kind"] == "anion" for word in e["words"]}
    return cations, anions, {word: e["count"] for e in entries if e["kind"] == "prefix" for word in e["words"]}


def salt_formulas(symbol: str, word: str, charge: int | None = None) -> list[str]:
    """Formulas that a cation's symbol and an anion's name may mean: one, or several where the charge is not said.

    `charge` is the stock number of names such as iron(III). A counted name (`dioxide`) needs no charge. Empty when
    `word` names no anion or the cation's charges are not known.
    """
    cations, anions, prefixes = _ions()
    if word in anions:
        charges = [charge] if charge else cations.get(symbol, [])
        return [_neutral(symbol, positive, *anions[word]) for positive in charges]
    for prefix, count in prefixes.items():
        if word.removeprefix(prefix) in anions and word.startswith(prefix):
            anion, negative = anions[word.removeprefix(prefix)]
            # Usage drops the cation's own prefix where its largest charge leaves no doubt: `X pentoxide`.
            twice = -negative * count > max(cations.get(symbol, [8]))
            return [f"{symbol}{'2' if twice else ''}{_times(anion, count)}"]
    return []


def _neutral(symbol: str, positive: int, anion: str, negative: int) -> str:
    common = gcd(positive, -negative)
    cations, anions = -negative // common, positive // common
    return f"{symbol}{cations if cations > 1 else ''}{_times(anion, anions)}"


def _times(anion: str, count: int) -> str:
    return f"{anion}{count}" if count > 1 else anion.strip("()")
