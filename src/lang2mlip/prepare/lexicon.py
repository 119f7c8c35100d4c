"""Every word and name that is known, from the data tables, and the longest match at a place in the text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lang2mlip.data import table
from lang2mlip.prepare.formulas import composition, element_names, parse_formula
from lang2mlip.prepare.text import Word, fold

__all__ = ["Hit", "longest", "near", "ordinary", "plain_word", "vocabulary"]

_ORDER = (
    "concept",
    "crystals",
    "molecules",
    "polymers",
    "element",
    "alias",
    "property",
    "phase",
    "condition",
    "reference",
)
"""Which meaning of one phrase counts, first to last; kinds not named here come after these."""

_LONGEST = 8
_WORD_KINDS = {"anion", "cation", "prefix", "temperature", "pressure", "element", "wary"}
"""Entries of data/words that are read elsewhere."""


@dataclass(frozen=True)
class Hit:
    """One meaning of a phrase: the kind of thing, its key, and its entry."""

    kind: str
    key: str
    entry: dict[str, Any]


def longest(words: list[Word], at: int) -> tuple[int, list[Hit]]:
    """How many of `words` from `at` make the longest known phrase, and its meanings, the likeliest first."""
    lower, exact = _known()
    for count, phrase, text in reversed(list(_stretches(words, at))):
        hits = exact.get(text, []) or lower.get(phrase, [])
        if hits:
            return count, hits
    return 0, []


def plain_word(word: str) -> bool:
    """`word` is one of the words of English that carry no chemistry."""
    return any(hit.entry.get("source") == "English" for hit in _known()[0].get(fold(word), []))


@cache
def vocabulary() -> frozenset[str]:
    """Every single word that occurs in a known name or phrase, in lower case."""
    phrases = {word for phrase in _known()[0] for word in phrase} | {word.lower() for word in _known()[1]}
    others = [entry.get("words", ()) for entry in table("words").values() if entry["kind"] in _WORD_KINDS]
    return frozenset(phrases | {part for words in others for word in words for part in fold(str(word))})


@cache
def ordinary() -> frozenset[str]:
    """Single words of phases, properties, protocols and plain English: none is part of a substance's name."""
    kinds = {"phase", "property", "simulation", "condition", "plain", "lattice"}
    entries = [hits[0] for hits in _known()[0].values()]
    named = {word for phrase, hits in _known()[0].items() if hits[0].kind in _ORDER[:6] for word in phrase}
    said = {w for hit in entries if hit.kind in kinds for phrase in hit.entry["words"] for w in fold(str(phrase))}
    return frozenset(said - named)


def near(word: str) -> str:
    """The name of a substance or concept that is spelled most like `word`; empty when none is near."""
    names = {" ".join(p) for p, hits in _known()[0].items() if hits[0].kind in _ORDER[:5] and len(p) == 1}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.78) if len(word) > 3 else []
    return close[0] if close else ""


def _stretches(words: list[Word], at: int) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Runs of words from `at` that could be one phrase: (words and signs used, folded phrase, text if one word)."""
    phrase: tuple[str, ...] = ()
    for end in range(at, min(at + 2 * _LONGEST, len(words))):
        word = words[end]
        if end > at and not _goes_on(words[end - 1], word):
            return
        if not word.is_word:
            continue
        phrase += fold(word.text)
        yield end - at + 1, phrase, word.text if end == at else ""


def _goes_on(before: Word, word: Word) -> bool:
    """A phrase may go on: over a space between words, or over a hyphen, comma or bracket without one."""
    touching = before.end == word.start
    if before.is_word and word.is_word:
        return not touching
    if before.text == ")":
        return word.is_word
    sign = word.text if not word.is_word else before.text
    return touching and sign in "-,'()^+" or (sign == "-" and touching)


@cache
def _known() -> tuple[dict[tuple[str, ...], list[Hit]], dict[str, list[Hit]]]:
    """Folded phrase → meanings, and exact spelling → meanings for short names in capitals."""
    lower: dict[tuple[str, ...], list[Hit]] = {}
    exact: dict[str, list[Hit]] = {}
    for name, hit in _all_names():
        if re.fullmatch("[A-Z]{1,3}", name) or (name.isupper() and name.isalpha() and hit.kind not in _ORDER[1:4]):
            exact.setdefault(name, []).append(hit)
        elif fold(name):
            lower.setdefault(fold(name), []).append(hit)
    for hits in (*lower.values(), *exact.values()):
        hits.sort(key=lambda hit: _ORDER.index(hit.kind) if hit.kind in _ORDER else len(_ORDER))
    return lower, exact


def _by_name(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries that go by names of their own: not the ions that a solid falls into."""
    return ((key, entry) for key, entry in table(kind).items() if "dissolves" not in entry)


def _by_formula(kind: str, formula: str) -> bool:
    """A formula in lower case, `nacl`, is met too; short ones would be words of English.

    That of a molecule does not mean the crystal of the molecules: `CO2` is not dry ice.
    """
    if kind == "polymers" or (kind == "crystals" and _counts(formula) in _molecular()):
        return False
    return len(formula) > 3 or formula[-1].isdigit()


@cache
def _molecular() -> frozenset[frozenset[tuple[str, float]]]:
    """Compositions of the neutral molecules."""
    neutral = [entry for _, entry in _by_name("molecules") if not entry.get("charge", 0)]
    return frozenset(_counts(entry["formula"]) for entry in neutral)


def _counts(formula: str) -> frozenset[tuple[str, float]]:
    return composition(parse_formula(formula) or {formula: 1.0}, reduced=False)


def _all_names() -> Iterator[tuple[str, Hit]]:
    for kind in ("crystals", "molecules", "polymers"):
        for key, entry in _by_name(kind):
            names = {name: None for name in entry["names"] if name[-1] not in "+-"}
            if _by_formula(kind, entry["formula"]):
                names[entry["formula"]] = None
            yield from ((name, Hit(kind, key, entry)) for name in names)
    for key, entry in table("concepts").items():
        yield from ((name, Hit("concept", key, entry)) for name in entry["names"])
    for name, symbol in element_names().items():
        yield name, Hit("element", symbol, {})
    for key, entry in table("words").items():
        if entry["kind"] not in _WORD_KINDS:
            yield from ((word, Hit(entry["kind"], key, entry)) for word in entry["words"])
