"""Slips of the keyboard: a long word that is one letter short, one too many or two changed about is read as meant.

In names of substances only such slips inside a word count, never another letter at its end or in another's place:
names that differ in their ending (-ide, -ate, -ite; -ane, -ene, -yne) or in their beginning are different things. Long
ordinary words may have two slips. What was mended is told.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache

from lang2mlip.prepare.lexicon import ordinary, vocabulary

__all__ = ["respelled"]

_WORD = re.compile(r"(?<![\w./:~-])[A-Za-z][a-z]{4,}(?![\w./:~])")


_LONG = 9
_ALIKE = 0.85
"""Letters of a word, and the likeness (Ratcliff & Obershelp) to one of the data, from which two slips are mended."""


def respelled(text: str) -> tuple[str, list[str]]:
    """The text with such slips mended, and a remark on each."""
    remarks: list[str] = []

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        meant = _meant(word.lower())
        if meant is None:
            return word
        remarks.append(f"{word!r} was read as {meant!r}.")
        return meant

    mended = _WORD.sub(mend, text)
    return mended, list(dict.fromkeys(remarks))


def _meant(word: str) -> str | None:
    """The one known word that is a slip away; None when it is known itself, or several or none are near."""
    known, rough = _known()
    if word in known:
        return None
    near = {other for form in _shortened(word) for other in rough.get(form, ()) if _slip(word, other)}
    return near.pop() if len(near) == 1 else _misspelt(word)


def _misspelt(word: str) -> str | None:
    """A long word with two slips or a wrong letter, where it can only be an ordinary word, no name of a substance."""
    if len(word) < _LONG:
        return None
    alike = difflib.get_close_matches(word, [one for one in ordinary() if len(one) >= _LONG - 1], n=2, cutoff=_ALIKE)
    named = difflib.get_close_matches(word, _known()[0] - ordinary(), n=1, cutoff=_ALIKE)
    return alike[0] if alike and not named else None


def _slip(word: str, other: str) -> bool:
    if word[0] != other[0] or word[-1] != other[-1] or len(other) < 5:
        return False
    if len(word) == len(other):
        differ = [i for i, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
        return len(differ) == 2 and differ[1] == differ[0] + 1 and sorted(word) == sorted(other)
    short, long = sorted((word, other), key=len)
    return len(long) - len(short) == 1 and short in set(_without_one(long))


def _shortened(word: str) -> Iterator[str]:
    yield word
    yield from _without_one(word)


def _without_one(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


@cache
def _known() -> tuple[frozenset[str], dict[str, list[str]]]:
    """All single words of the data, and the same by what they are with one letter left out."""
    known = frozenset(word for word in vocabulary() if word.isalpha())
    rough: dict[str, list[str]] = {}
    for word in known:
        if len(word) >= 5:
            for form in {word, *_without_one(word)}:
                rough.setdefault(form, []).append(word)
    return known, rough
