"""Words → the recipe that they mean, by the phrases of data/recipes."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.recipes import known

__all__ = ["meant"]

_UNDER = re.compile(r"\b(?:squeezed|compressed)\s+(?:to|at|by|under)\s+(?=[\d.]+\s*(?:[gmk]?pa|[mk]?bar|atm)\b)")
"""A pressure that is a condition, no test of compression."""

_LONG = 7
_NEAR = 0.9
"""Words so long that are alike by so much differ by one letter that was left out, doubled or exchanged."""


def meant(prompt: str, otherwise: str | None = None) -> dict[str, Any]:
    """The entry of data/recipes that the words mean; `otherwise` is the key of one for words that mean none.

    Raises BadInput where they mean none, or several alike.
    """
    text = _folded(prompt)
    strong, weak = (_first(_found(text, kind)) for kind in ("words", "weak"))
    if not strong and (mended := _spelt(text)) != text:
        text, strong = mended, _first(_found(mended, "words"))
    found = {entry["recipe"]: entry for entry in strong or weak}
    if "absent" in found:
        raise BadInput(f"There is no recipe for what {prompt.strip()!r:.120} asks; there are: {_recipes()}.")
    names = list(found)
    if not names and otherwise is not None:
        entry: dict[str, Any] = table("recipes")[otherwise]
        return entry
    if not names:
        raise BadInput(f"No simulation was found in {prompt.strip()!r:.120}; say what is to be measured: {_recipes()}.")
    if len(names) > 1 and strong:
        titles = [known(name).line.lower() for name in names]
        raise BadInput(f"Which one first: {' or '.join(titles)}? A simulation measures one; ask for each apart.")
    return _variant(found[names[0]], text)


def _variant(entry: dict[str, Any], text: str) -> dict[str, Any]:
    """Another way to measure the same, where the words name it."""
    for other in table("recipes").values():
        if other.get("variant_of") == entry["recipe"] and any(one in text for one in other["variant_words"]):
            return other | {"words": [*other["words"], *entry["words"]]}
    return entry


def _first(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that are a step on the way to another: who relaxes before measuring wants the measurement."""
    names = {one["recipe"] for one in entries}

    def aim(one: dict[str, Any]) -> bool:
        way = one.get("gives_way", ())
        return not (names - {one["recipe"], *one.get("not_to", ())} if way == "all" else names & set(way))

    return [one for one in entries if aim(one)] or entries


def _recipes() -> str:
    return "; ".join(str(entry["words"][0]) for entry in table("recipes").values() if entry["recipe"] != "absent")


def _folded(prompt: str) -> str:
    """In small letters, without the indices of planes, which would stand between the words of a phrase."""
    plain = re.sub(r"[({]\s*-?\d[\d\s,-]*[)}]", " ", prompt.lower().replace("’", "'"))
    return " ".join(_UNDER.sub(" under ", plain).split())


def _spelt(text: str) -> str:
    """The same with long words that no phrase has in place of the nearest one that a phrase has, a slip apart."""
    known = {word for entry in table("recipes").values() for phrase in entry["words"] for word in phrase.split()}
    long = sorted(word for word in known if len(word) >= _LONG)

    def mended(one: re.Match[str]) -> str:
        near = [] if one[0] in known else get_close_matches(one[0], long, 1, _NEAR)
        return near[0] if near else one[0]

    return re.sub(rf"[a-z]{{{_LONG},}}", mended, text)


def _found(text: str, kind: str) -> list[dict[str, Any]]:
    """The entries with a phrase in the text; a phrase within a longer one of another entry does not count."""
    hits = [
        (one.start(), one.end(), entry)
        for entry in table("recipes").values()
        for pattern in _patterns(entry, kind)
        for one in re.finditer(pattern, text)
    ]
    return [
        entry for start, end, entry in hits
        if not any(a <= start and end <= b and b - a > end - start for a, b, _ in hits)
    ]  # fmt: skip


def _patterns(entry: dict[str, Any], kind: str) -> list[str]:
    """The phrases of that kind as regular expressions, and the entry's own, which are as strong as its words."""
    phrases = [rf"(?<![\w-]){re.escape(str(phrase).lower())}(?![\w])" for phrase in entry.get(kind, ())]
    return phrases + [str(one) for one in entry.get("patterns", ()) if kind == "words"]
