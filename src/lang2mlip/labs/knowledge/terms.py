"""Words as a search compares them: folded, without endings, and hashed into vectors that need no model."""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lang2mlip.data import table

__all__ = ["Vectors", "stem", "terms"]

_WORD = re.compile(r"[a-z0-9]+(?:[/_.+-][a-z0-9]+)*")
_GREEK = str.maketrans(
    {"η": " eta ", "κ": " kappa ", "γ": " gamma ", "σ": " sigma ", "ε": " epsilon ", "–": "-", "’": "'"}
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ers", "er", "ed", "es", "s", "e", "y")
_TABLE = "question_words"

_SIZE = 4096
_GRAM = 4


@functools.cache
def _empty() -> frozenset[str]:
    """Words that say nothing of what a question is about, in a knowledge base on simulation."""
    return frozenset(word for entry in table(_TABLE).values() for word in str(entry["words"]).split())


def terms(text: str) -> list[str]:
    """The words that carry meaning, folded and without endings; those joined by marks also in parts."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_GREEK))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found, empty = [], _empty()
    for word in _WORD.findall(plain):
        parts = [word, *re.split(r"[/_.+-]", word)] if re.search(r"[/_.+-]", word) else [word]
        found += [stem(part) for part in parts if part not in empty and (len(part) > 1 or part.isdigit())]
    return found


def stem(word: str) -> str:
    """Without one English ending, when four letters stay; names of styles and the like as they are."""
    for ending in _ENDINGS if word.isalpha() else ():
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


class Vectors:
    """Texts as hashed TF-IDF vectors over words and their pieces, so that near spellings are near.

    Feature hashing: K. Weinberger et al., Proc. ICML (2009), 1113.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Learn how common each feature is, and keep the vectors of `texts`."""
        counts = [Counter(_features(terms(text))) for text in texts]
        seen = Counter(feature for count in counts for feature in count)
        self._weight = np.full(_SIZE, np.log(1.0 + len(texts)) + 1.0)
        for feature, number in seen.items():
            self._weight[feature] = np.log((1.0 + len(texts)) / (1.0 + number)) + 1.0
        self.matrix = np.stack([self._vector(count) for count in counts]) if counts else np.empty((0, _SIZE))

    def of(self, text: str) -> NDArray[np.float64]:
        """The vector of another text, of length one (or zero where it has no words)."""
        return self._vector(Counter(_features(terms(text))))

    def near(self, text: str) -> NDArray[np.float64]:
        """The cosine of every kept text with this one."""
        return np.asarray(self.matrix @ self.of(text))

    def _vector(self, count: Counter[int]) -> NDArray[np.float64]:
        made = np.zeros(_SIZE)
        for feature, number in count.items():
            made[feature] = (1.0 + np.log(number)) * self._weight[feature]
        length = float(np.linalg.norm(made))
        return made / length if length else made


def _features(words: Iterable[str]) -> Iterable[int]:
    """Words, and their pieces of four letters with a mark at each end."""
    for word in words:
        yield zlib.crc32(word.encode()) % _SIZE
        framed = f"^{word}$"
        for at in range(len(framed) - _GRAM + 1):
            yield zlib.crc32(framed[at : at + _GRAM].encode()) % _SIZE
