"""Plain extxyz, read quickly: species, positions and forces, and a head of numbers, truth values and words.

That is what `frames` writes, and nearly all that a run reads. ASE's reader knows far more and needs three times as
long, and half a second of imports; whatever is not plain is left to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers
from pydantic_core import from_json

__all__ = ["head_line", "read_plain"]

_COLUMNS = {"species:S:1:pos:R:3": 3, "species:S:1:pos:R:3:forces:R:3": 6}
_ENTRY = re.compile(r"([A-Za-z_]\w*)=(?:\"([^\"\\]+)\"|([^\s\"\\'{}\[\]=,]+))(?: |$)")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_TRUTH = dict.fromkeys(("T", "true", "True", "TRUE"), True) | dict.fromkeys(("F", "false", "False", "FALSE"), False)
_NOT_PLAIN = {*all_properties, "virial", "uid"} - {"energy", "stress"}


_UNPLAIN = re.compile(r"[ \"'{}\[\]]")
"""A word with one of these stands in quotes."""


class _NotPlain(ValueError):
    """Something that only ASE's reader knows."""


def read_plain(text: str) -> list[Atoms] | None:
    """All frames of the text of a file; None where it is not plain, or not whole: ASE's reader is to say which."""
    lines = text.split("\n")
    try:
        return list(_frames(lines[:-1]))
    except (ValueError, KeyError, IndexError):
        return None


def _frames(lines: Sequence[str]) -> Iterator[Atoms]:
    place = 0
    while place < len(lines):
        count = int(lines[place])
        rows = lines[place + 2 : place + 2 + count]
        if len(rows) != count or count < 1:
            raise _NotPlain
        yield _frame(_head(lines[place + 1]), rows)
        place += 2 + count


def _frame(head: dict[str, Any], rows: Sequence[str]) -> Atoms:
    width = _COLUMNS[head.pop("Properties")]
    parts = [row.split(" ", 1) for row in rows]
    table = _table(" ".join([part[1] for part in parts])).reshape(len(rows), width)
    labels: dict[str, Any] = {name: head.pop(name) for name in ("energy", "stress") if name in head}
    if width == 6:
        labels["forces"] = table[:, 3:].copy()
    cell = head.pop("Lattice", None)
    pbc = head.pop("pbc", cell is not None)
    numbers = np.array([atomic_numbers[part[0]] for part in parts])
    atoms = Atoms(numbers, positions=table[:, :3].copy(), cell=cell, pbc=pbc, info=head)
    if labels:
        atoms.calc = SinglePointCalculator(atoms, **labels)
    return atoms


def _table(words: str) -> np.ndarray:
    """The numbers in a text, single spaces between them; a JSON reader takes a fifth of the time that float() does."""
    values = np.array(from_json(f"[{words.replace(' ', ',')}]"))
    if values.dtype.kind not in "if":
        raise _NotPlain
    return values.astype(float)


def _head(line: str) -> dict[str, Any]:
    """The second line of a frame."""
    found: dict[str, Any] = {}
    place = 0
    while place < len(line):
        entry = _ENTRY.match(line, place)
        if entry is None:
            raise _NotPlain
        key, quoted, bare = entry.groups()
        if key in _NOT_PLAIN or key in found:
            raise _NotPlain
        found[key] = _SPECIAL[key](quoted or bare) if key in _SPECIAL else _quoted(quoted) if quoted else _bare(bare)
        place = entry.end()
    return found


def _bare(word: str) -> Any:
    """A value without quotes: a number, a truth value, or a word."""
    if _INTEGER.fullmatch(word):
        return int(word)
    if "_" not in word:
        try:
            return float(word)
        except ValueError:
            pass
    return _TRUTH.get(word, word)


def _quoted(text: str) -> Any:
    """A value in quotes: a list of numbers in JSON, or words."""
    if text.startswith("_JSON "):
        array = np.array(json.loads(text[6:]))
        if array.dtype.kind not in "ifb":
            raise _NotPlain
        return array.tolist()
    first = _bare(text.replace(",", " ").split()[0])
    if not isinstance(first, str):
        raise _NotPlain
    return text


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.split()]).reshape(3, 3)


def _stress(text: str) -> np.ndarray:
    full = _numbers(text)
    return np.array([full[0, 0], full[1, 1], full[2, 2], full[2, 1], full[2, 0], full[1, 0]])


def _pbc(text: str) -> list[bool]:
    return [_TRUTH[word] for word in text.split()]


_SPECIAL: dict[str, Callable[[str], Any]] = {
    "Lattice": _numbers,
    "stress": _stress,
    "pbc": _pbc,
    "energy": float,
    "Properties": str,
}


def head_line(entries: Mapping[str, Any]) -> str:
    """The second line of a frame: arrays row by row, truth values as T and F, words in quotes where they need them."""
    return " ".join(f"{_escaped(key)}={_escaped(_text(value))}" for key, value in entries.items())


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return " ".join(_text(each) for each in value.ravel().tolist())
    if isinstance(value, bool | np.bool_):
        return "T" if value else "F"
    return str(value)


def _escaped(text: str) -> str:
    if _UNPLAIN.search(text):
        return '"' + text.replace('"', '\\"') + '"'
    return text
