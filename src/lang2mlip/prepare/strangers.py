"""Words that no table has and that stand where a substance is named: they must be explained, not left out.

`0.1 M solution of X in Y`, `molten X`, `X on a surface`: the place says it, for a concentration or with an ending
that names of substances have (IUPAC Blue Book 2013, P-31 to P-66). Other strange words are asked about too, but the
task can do without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lang2mlip.data import table
from lang2mlip.prepare.text import Item

__all__ = ["strangers", "with_own_anions"]

_ENDING = re.compile(r"[a-z]{2,}[a-z -]*(?:ine|ane|ene|yne|one|ide|ite|ium|ose|ole|ol|acid)s?", re.IGNORECASE)
_SHORTEST = 7
_PASSED = {"plain", "of", "hyphen"}


def strangers(items: Sequence[Item]) -> dict[str, str]:
    """Word → the amount that is said of it (empty when none is)."""
    found: dict[str, str] = {}
    for position, item in enumerate(items):
        if item.kind != "unknown" or not re.fullmatch(r"[^\W\d_]{4,}(?: [^\W\d_]+)?", item.text):
            continue
        amount = _amount_before(items[:position])
        if amount and not _qualifies(items[position + 1 :]):
            found[item.text] = amount
        elif _like_a_name(item.text) and _in_place(items, position):
            found[item.text] = ""
    return found


def _like_a_name(word: str) -> bool:
    """Long, with an ending of names; bare names of anions (`into the nitride`) point back to what was named whole."""
    return len(word) >= _SHORTEST and word.lower() not in _anions() and bool(_ENDING.fullmatch(word))


def _anions() -> set[str]:
    return {one for entry in table("words").values() if entry.get("kind") == "anion" for one in entry["words"]}


def with_own_anions(items: Sequence[Item]) -> list[Item]:
    """`X oxide`, where the tables have X but not its oxide, is a strange name, and not X."""
    found: list[Item] = []
    for item in items:
        whole = next((one for one in found if one.kind == "substance" and 0 < item.start - one.end <= 1), None)
        if whole is not None and item.kind in ("plain", "unknown") and item.text.lower() in _anions():
            found = [one for one in found if (one.start, one.end) != (whole.start, whole.end)]
            found.append(Item("unknown", whole.start, item.end, None, f"{whole.text} {item.text}"))
        else:
            found.append(item)
    return found


def _amount_before(items: Sequence[Item]) -> str:
    """The concentration or share that stands before, with nothing but plain words and `solution` between."""
    for item in reversed(items):
        if item.kind == "amount":
            return str(item.value) if "molecules" not in item.value else ""
        if item.kind not in _PASSED and not (item.kind == "phase" and item.text.lower().startswith("solution")):
            return ""
    return ""


def _qualifies(items: Sequence[Item]) -> bool:
    """The word only qualifies a substance that follows: `0.1 M buffered X`."""
    after = next((item for item in items if item.kind not in ("hyphen", "unknown")), None)
    return after is not None and after.kind in ("substance", "concept")


def _in_place(items: Sequence[Item], position: int) -> bool:
    """The word stands as a substance does: after `of`, a phase or a sign of listing, before `in`, `on` or a phase."""
    before = next((i for i in reversed(items[:position]) if i.kind != "plain"), None)
    after = items[position + 1] if position + 1 < len(items) else None
    if after is not None and after.kind in ("substance", "concept", "property"):
        return False
    opened = before is None or before.kind in ("of", "border", "coordinator", "phase", "amount", "stop", "property")
    closed = after is None or after.kind in ("border", "coordinator", "phase", "stop", "facet", "of")
    return opened and closed
