"""LAMMPS text as LAMMPS reads it: lines that go on put together, comments away, quoted words kept whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lang2mlip.errors import BadInput

__all__ = ["Command", "commands", "lines"]

_WORD = re.compile(r'"""(.*?)"""(?=\s|$)|"([^"]*)"(?=\s|$)|\'([^\']*)\'(?=\s|$)|(\S+)', re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One command of a script."""

    number: int
    """Its first line, counted from 1."""
    text: str
    """As it was written, without its comment."""
    words: tuple[str, ...]
    """Its words, quotation marks taken off."""
    quoted: tuple[bool, ...]
    """Which of them stood in quotation marks."""

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0]


def commands(text: str) -> Iterator[Command]:
    """The commands of a script. Raises BadInput naming the line of a quotation or continuation without an end."""
    for number, line in lines(text):
        bare = _without_comment(line, number).strip()
        if not bare:
            continue
        found = list(_WORD.finditer(bare))
        words = tuple(next(group for group in one.groups() if group is not None) for one in found)
        yield Command(number, bare, words, tuple(one.group(4) is None for one in found))


def lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, line), lines that go on (&) put together."""
    begun, kept = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if kept else number
        kept += line.rstrip()
        if kept.endswith("&"):
            kept = kept[:-1]
            continue
        if kept.strip():
            yield begun, kept
        kept = ""
    if kept.strip():
        raise BadInput(f"The script ends within a command that goes on from line {begun}; complete it.")


def _without_comment(line: str, number: int) -> str:
    """A `#` begins a comment except within quotation marks, which LAMMPS heeds anywhere in a line."""
    mark, at = "", 0
    while at < len(line):
        if mark:
            step = len(mark) if line.startswith(mark, at) else 0
            mark = "" if step else mark
        else:
            if line[at] == "#":
                return line[:at]
            mark = next((one for one in ('"""', '"', "'") if line.startswith(one, at)), "")
            step = len(mark)
        at += step or 1
    if mark:
        raise BadInput(f"Line {number}: a quotation that begins with {mark} has no end; close it on the same line.")
    return line
