"""Passages that a question is about: full text (SQLite FTS5) and vectors, merged; and whether they answer it at all."""

from __future__ import annotations

import difflib
import functools
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_names

from lang2mlip.data import table
from lang2mlip.labs.knowledge.passages import Passage
from lang2mlip.labs.knowledge.terms import Vectors, terms

__all__ = ["Found", "Library"]

_RANK = 20.0
"""Damping of ranks when two orders are merged (reciprocal rank fusion: G. V. Cormack, C. L. A. Clarke and S. Büttcher,
Proc. SIGIR (2009), 758)."""

_DEEP = 20
"""How far down each order is read."""

_FITS = 0.75
"""Share of a question's words that a passage must hold, by their rarity, plus the cosine of the two, to answer it."""

_NEAR = 0.15
"""Cosine below which a passage shares no more than chance with a question."""


@dataclass(frozen=True)
class Found:
    """A passage, and how well it fits."""

    passage: Passage
    score: float
    covered: float
    """Share of the question's words that it holds, weighed by rarity; 0 to 1."""
    near: float
    """Cosine of the two vectors."""

    @property
    def answers(self) -> bool:
        """It is about what was asked."""
        return self.covered + self.near >= _FITS and self.near >= _NEAR


class Library:
    """Passages with their two indexes, in memory."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Index them; a few hundred take some tens of milliseconds."""
        self.passages = list(passages)
        self._words = [frozenset(terms(one.body)) for one in self.passages]
        self._common = Counter(word for words in self._words for word in words)
        self._vectors = Vectors([one.body for one in self.passages])
        self._text = sqlite3.connect(":memory:", check_same_thread=False)
        self._text.execute("CREATE VIRTUAL TABLE passage USING fts5(title, body)")
        rows = [
            (" ".join(terms(f"{one.title} {' '.join(one.words)}")), " ".join(terms(one.text))) for one in self.passages
        ]
        self._text.executemany("INSERT INTO passage(title, body) VALUES (?, ?)", rows)

    def find(self, question: str, most: int = 3) -> list[Found]:
        """The best passages first, at most so many; those that only share a word are left out. Empty: not known."""
        asked = [self._spelt(word) for word in dict.fromkeys(terms(question)) if not word.isdigit()]
        if not asked or not self.passages:
            return []
        near = self._vectors.near(" ".join(asked))
        orders = (self._by_text(asked), [int(n) for n in np.argsort(-near)[:_DEEP]])
        scores = Counter[int]()
        for order in orders:
            for rank, number in enumerate(order):
                scores[number] += 1.0 / (_RANK + rank)  # type: ignore[assignment]
        found = [
            Found(self.passages[n], float(score), self._covered(asked, n), float(near[n]))
            for n, score in scores.items()
        ]
        good = sorted((one for one in found if one.answers), key=lambda one: -(one.score * one.covered))
        return good[:most]

    def _spelt(self, word: str) -> str:
        """The word, or the one that is misspelt by it."""
        if word in self._common or len(word) < 6:
            return word
        return next(iter(difflib.get_close_matches(word, list(self._common), n=1, cutoff=0.85)), word)

    def _by_text(self, asked: Sequence[str]) -> list[int]:
        """Numbers of passages by BM25; a word of the title counts three times."""
        wanted = " OR ".join(f'"{word}"' for word in asked)
        sql = "SELECT rowid FROM passage WHERE passage MATCH ? ORDER BY bm25(passage, 3.0, 1.0) LIMIT ?"
        return [row[0] - 1 for row in self._text.execute(sql, (wanted, _DEEP))]

    def _covered(self, asked: Sequence[str], number: int) -> float:
        """Words that no passage has count most: they may be what the question is about. Substances count little."""
        weight = {word: np.log((1 + len(self.passages)) / (1 + self._common[word])) + 0.3 for word in asked}
        weight |= {word: 0.3 for word in asked if word in _substances() and len(asked) > 1}
        held = sum(weight[word] for word in asked if self._holds(number, word))
        return float(held / sum(weight.values()))

    def _holds(self, number: int, word: str) -> bool:
        """The word, or a longer or shorter form of it."""
        words = self._words[number]
        return word in words or (
            len(word) > 4 and any(one.startswith(word) or word.startswith(one) for one in words if len(one) > 4)
        )


@functools.cache
def _substances() -> frozenset[str]:
    """Names of what people simulate: of a question on copper the answer seldom depends."""
    known = {name for kind in ("crystals", "molecules") for one in table(kind).values() for name in one["names"]}
    return frozenset(word for name in {*known, *atomic_names[1:]} for word in terms(str(name)))
