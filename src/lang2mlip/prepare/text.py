"""The person's words, made regular: one kind of dash, plain digits, overbars as minus signs; and who read what."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Item", "Slate", "Word", "fold", "normal", "words_of"]

_DASHES = re.compile("[\u2010-\u2015\u2212\u02d7\ufe58\ufe63\uff0d]")
_OVERBAR = re.compile("(\\d)\\s?[\u0304\u0305\u00af]")
_SUBSCRIPT = re.compile(
    r"(?:(?<=[A-Z])|(?<=[A-Z][a-z])|(?<=[A-Z]\d)|(?<=\)))\$?_\{?(\d+(?:\.\d+)?)\}?\$?"
    r"(?![\w.]*\.(?:cif|vasp|xyz|extxyz|pdb))"
)
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta", "κ": "kappa"}
_WORD = re.compile(r"[^\W_]+(?:'[a-z]{1,2}\b)?|\n|[^\s\x01]|\x01+")


@dataclass(frozen=True)
class Word:
    """A word, number or sign, and where it stands."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Letters or digits, not a sign."""
        return self.text[0].isalnum()


@dataclass(frozen=True)
class Item:
    """Something that was read: what kind of thing, its meaning, and where it stands."""

    kind: str
    start: int
    end: int
    value: Any = None
    text: str = ""


@dataclass
class Slate:
    """The text, of which each reader takes its part; what is taken is not read twice."""

    text: str
    items: list[Item] = field(default_factory=list)

    def take(self, kind: str, span: tuple[int, int], value: Any = None) -> None:
        """Record an item at `span` and blank it out."""
        start, end = span
        self.items.append(Item(kind, start, end, value, self.text[start:end].strip()))
        self.text = self.text[:start] + "\x01" * (end - start) + self.text[end:]


def normal(prompt: str) -> str:
    """`prompt` with one kind of dash and quote, plain digits, spelled Greek and minus signs for overbars."""
    text = unicodedata.normalize("NFKC", prompt.replace("º", "°").replace("\u00af", "\u0305"))
    text = _SUBSCRIPT.sub(r"\1", text)
    text = _OVERBAR.sub(r"-\1", text)
    text = _DASHES.sub("-", text).replace("’", "'").replace("‘", "'")
    for letter, name in _GREEK.items():
        text = text.replace(letter, name)
    return text


def fold(text: str) -> tuple[str, ...]:
    """A name or phrase as the lower-case words that it is looked up by: `Stillinger–Weber` → (stillinger, weber)."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).lower().replace("'s", "s")
    for letter, name in _GREEK.items():
        plain = plain.replace(letter, name)
    return tuple(re.findall(r"[^\W_]+", plain))


def words_of(text: str) -> list[Word]:
    """The words and signs of `text`; a stretch that was taken already is one sign."""
    return [Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
