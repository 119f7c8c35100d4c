"""Symbols that are words too: `In`, `As`, `He`, `No`, `At`, `Be`, `I` - an element or English, by case and place."""

from __future__ import annotations

from lang2mlip.prepare.formulas import ELEMENTS
from lang2mlip.prepare.lexicon import longest, plain_word
from lang2mlip.prepare.text import Word

__all__ = ["is_element"]

_HARDLY_EVER = {"I", "No", "At"}
"""So much rarer as elements than as words that only a list of symbols makes them elements."""

_BETWEEN = {",", "and", "or", "/", "-", "&", "+"}


def is_element(words: list[Word], at: int) -> bool:
    """The word at `at`, spelled like a symbol, is meant as one.

    A symbol that is no word of English always is. Of the others, one in a list of symbols is; at the start of a
    sentence it is one only before a phase that ends there (`In melt at…`, but not `In liquid Ga…`).
    """
    text = words[at].text
    after = words[at + 1].text if at + 1 < len(words) else ""
    if after == "=" or (after == "-" and at + 2 < len(words) and words[at + 2].text == "T"):
        return False
    if not plain_word(text):
        return True
    if _in_a_list(words, at, 1) or _in_a_list(words, at, -1):
        return True
    if text in _HARDLY_EVER:
        return False
    return _phase_follows(words, at) if _starts_sentence(words, at) else not after[:1].isdigit()


def _in_a_list(words: list[Word], at: int, step: int) -> bool:
    position = at + step
    if not (0 <= position < len(words) and words[position].text in _BETWEEN):
        return False
    while 0 <= position < len(words) and words[position].text in _BETWEEN:
        position += step
    if not 0 <= position < len(words):
        return False
    return words[position].text in ELEMENTS and not plain_word(words[position].text)


def _starts_sentence(words: list[Word], at: int) -> bool:
    return at == 0 or words[at - 1].text in {".", ":", ";", "!", "?", "\n", "(", '"'}


def _phase_follows(words: list[Word], at: int) -> bool:
    """A phase stands right behind, and neither a substance nor `of` behind that."""
    if at + 1 < len(words) and words[at + 1].text.startswith("\x01"):
        return True
    used, hits = longest(words, at + 1) if at + 1 < len(words) else (0, [])
    if not hits or hits[0].kind not in ("phase", "lattice"):
        return False
    behind = at + 1 + used
    if behind >= len(words):
        return True
    if words[behind].text in ELEMENTS and not plain_word(words[behind].text):
        return False
    following = longest(words, behind)[1]
    return not (following and following[0].kind in ("crystals", "molecules", "element", "of"))
