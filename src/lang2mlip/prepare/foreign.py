"""International words of other languages: what a cited table has is read as the English word; the rest stays."""

from __future__ import annotations

import re
from functools import cache

from lang2mlip.data import table

__all__ = ["in_english"]

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that set no blanks between words."""


def in_english(text: str) -> str:
    """`text` with the known words of other languages put into English."""
    wide, narrow = _terms()
    if wide and _WIDE.search(text):
        text = _pattern("|".join(map(re.escape, wide))).sub(lambda match: f" {wide[match.group()]} ", text)
    if not any(mark.search(text) for mark in _marks()):
        return text
    return _narrow(tuple(narrow)).sub(lambda match: _spaced(match, narrow), text)


def _spaced(match: re.Match[str], narrow: dict[str, str]) -> str:
    word = match.group().casefold()
    return narrow[word] + (" " if word.endswith("'") else "")


@cache
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


@cache
def _narrow(words: tuple[str, ...]) -> re.Pattern[str]:
    # What is cut short before a vowel runs on into the next word.
    inner = "|".join(re.escape(word) + ("" if word.endswith("'") else r"(?![^\W_])") for word in words)
    return re.compile(rf"(?<![^\W_])(?:{inner})", re.IGNORECASE)


@cache
def _marks() -> tuple[re.Pattern[str], ...]:
    """Small words that show a language: a sentence without one is English."""
    words = [word for entry in table("languages").values() for word in entry.get("marks", ())]
    forms = [form for word in words for form in (word, word.capitalize())]
    return tuple(re.compile(rf"(?<![^\W_]){re.escape(form)}(?![^\W_])") for form in forms)


@cache
def _terms() -> tuple[dict[str, str], dict[str, str]]:
    """Words of scripts without blanks, and the others in lower case, the longest first → English."""
    pairs = [(word, str(entry["means"])) for entry in table("languages").values() for word in entry.get("words", ())]
    pairs.sort(key=lambda pair: -len(pair[0]))
    wide = {word: means for word, means in pairs if _WIDE.search(word)}
    return wide, {word.casefold(): means for word, means in pairs if word not in wide}
