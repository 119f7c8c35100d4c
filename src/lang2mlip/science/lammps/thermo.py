"""Everything that a LAMMPS log says, however far it goes: each thermo table in any style, errors, warnings, neighbours.

Nothing is dropped: rows that are not finite stay in their table, a run that was cut short is told apart from one that
ended, and an error after partial output is an error of that run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["LogError", "Table", "ThermoLog", "read_thermo", "thermo_of"]


@dataclass
class Table:
    """The thermo output of one run or minimisation."""

    columns: dict[str, NDArray[np.float64]]
    """Column → values, NaN and infinities included."""
    command: str
    """The command that began it, as the log repeats it; empty where it does not."""
    line: int
    """The line of the log in which its first row stands, from 1."""
    ended: bool = False
    """LAMMPS wrote its loop time: the run came to its end."""
    loop_s: float | None = None
    begun: int | None = None
    """Atoms at its begin, where the log says how many were read or made."""
    atoms: int | None = None
    """Atoms at its end."""
    dangerous: int | None = None
    """Dangerous neighbour-list builds, where LAMMPS counted them."""

    @property
    def rows(self) -> int:
        """Rows of output."""
        return min((len(values) for values in self.columns.values()), default=0)

    def bad_rows(self) -> list[int]:
        """The rows, from 0, that hold something else than finite numbers."""
        if not self.rows:
            return []
        whole = np.array([values[: self.rows] for values in self.columns.values()])
        return [int(row) for row in np.flatnonzero(~np.isfinite(whole).all(axis=0))]


@dataclass(frozen=True)
class LogError:
    """An error as LAMMPS put it."""

    text: str
    line: int
    """Of the log, from 1."""
    command: str
    """The command that it met; empty where the log does not say."""
    table: int | None
    """The table that it cut short, from 0; None when it came outside of a run."""


@dataclass
class ThermoLog:
    """A whole log."""

    tables: list[Table] = field(default_factory=list)
    errors: list[LogError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    wall: str | None = None
    """LAMMPS' total wall time, h:mm:ss. It also stands at the end of logs that failed."""


def read_thermo(file: Path) -> ThermoLog:
    """The log in a file; what cannot be decoded is replaced."""
    return thermo_of(file.read_text(encoding="utf-8", errors="replace"))


def thermo_of(text: str) -> ThermoLog:
    """The log with this text."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line)
    return reader.log()


_BEGIN = ("Per MPI rank memory allocation", "Memory usage per processor")
_LOOP = re.compile(r"Loop time of (\S+)(?: on .* with (\d+) atoms)?")
_MULTI = re.compile(r"-+ Step\s+(\d+) -+ CPU =\s*(\S+) \(sec\) -+")
_PAIR = re.compile(r"(\S+)\s*=\s+(\S+)")
_KEYWORDS = re.compile(r"keywords:\s*\[(.*)\]")
_RUNS = ("run", "minimize", "rerun")
_ATOMS = re.compile(r"\s+(\d+) atoms$|Created (\d+) atoms$|Deleted \d+ atoms, new total = (\d+)")


class _Reader:
    """Line after line; `_names` are the columns of the table that is open, None where none is."""

    def __init__(self) -> None:
        self._log = ThermoLog()
        self._rows: list[list[list[float]]] = []
        self._names: list[str] | None = None
        self._many = False
        self._command = ""
        self._last = ""
        self._atoms: int | None = None

    def log(self) -> ThermoLog:
        """What was read."""
        for table, rows in zip(self._log.tables, self._rows, strict=True):
            names = list(table.columns)
            kept = [row for row in rows if len(row) == len(names)]  # the last may have been cut short
            whole = np.array(kept, dtype=float).reshape(len(kept), len(names))
            table.columns = {name: whole[:, number] for number, name in enumerate(names)}
        return self._log

    def take(self, number: int, line: str) -> None:
        """One more line."""
        if self._spoken(number, line) or not line.strip():
            return
        if line.startswith(_BEGIN):
            self._open(number + 2)
        elif self._names is None and line.split()[0] == "Step":  # a log from which the lines before were cut
            self._open(number + 1)
            self._row(line)
        elif self._names is not None and (ended := _LOOP.match(line)):
            self._close(ended)
        elif self._names is not None:
            self._row(line)
        else:
            self._other(line)

    def _spoken(self, number: int, line: str) -> bool:
        """Errors and warnings, wherever they stand."""
        if line.startswith("WARNING"):
            self._log.warnings.append(line.strip())
            return True
        if line.startswith("ERROR"):
            at = len(self._log.tables) - 1 if self._names is not None else None
            met = self._log.tables[at].command if at is not None else self._last
            self._log.errors.append(LogError(line.strip(), number, met, at))
            self._names = None
            return True
        if line.startswith(("Last input line:", "Last command:")) and self._log.errors:
            error = self._log.errors[-1]
            met = line.partition(":")[2].strip() or error.command
            self._log.errors[-1] = LogError(error.text, error.line, met, error.table)
            return True
        return False

    def _open(self, first: int) -> None:
        self._names, self._many = [], False
        self._log.tables.append(Table({}, self._command, first, begun=self._atoms))
        self._rows.append([])
        self._command = ""

    def _close(self, ended: re.Match[str]) -> None:
        table = self._log.tables[-1]
        table.ended, table.loop_s = True, float(ended.group(1))
        table.atoms = self._atoms = int(ended.group(2)) if ended.group(2) else None
        self._names = None

    def _row(self, line: str) -> None:
        """Header or values of the open table, in the style of its first lines."""
        table, rows = self._log.tables[-1], self._rows[-1]
        if begun := _MULTI.match(line):
            self._many = True
            rows.append([float(begun.group(1)), _number(begun.group(2))])
            self._named(table, ["Step", "CPU"], len(rows) == 1)
        elif self._many:
            pairs = _PAIR.findall(line)
            self._named(table, [name for name, _ in pairs], len(rows) == 1)
            rows[-1] += [_number(value) for _, value in pairs]
        elif keywords := _KEYWORDS.match(line.strip()):
            self._named(table, re.findall(r"'([^']*)'", keywords.group(1)), not table.columns)
        elif not table.columns and line.strip() not in ("---", "data:"):
            self._named(table, line.split(), True)
        else:
            values = _values(line, len(table.columns))
            rows += [values] if values else []

    def _named(self, table: Table, names: Sequence[str], first: bool) -> None:
        if first:
            table.columns |= {name: np.empty(0) for name in names}

    def _other(self, line: str) -> None:
        """Between the tables: commands as the log repeats them, and what LAMMPS counted."""
        words = line.split()
        if counted := _ATOMS.match(line):
            read, made, left = (int(one) if one else 0 for one in counted.groups())
            self._atoms = read or left or (self._atoms or 0) + made
        if line.startswith("Dangerous builds =") and self._log.tables:
            self._log.tables[-1].dangerous = int(words[3])
        elif line.startswith("Total wall time:"):
            self._log.wall = words[-1]
        elif words[0] in _RUNS:
            self._command = line.strip()
        if line[0].islower():  # commands are; what LAMMPS says of its own begins with a capital or is indented
            self._last = line.strip()


def _values(line: str, wanted: int) -> list[float] | None:
    """The numbers of a row, of any style; None for a line of words between the rows.

    A row begins with a number, mostly its step; what is none behind it, as stars for want of room, is not finite.
    """
    words = line.strip().removeprefix("- [").removesuffix("]").replace(",", " ").split()
    words = [word.lstrip(".") if word.lower() in (".nan", ".inf") else word for word in words]
    try:
        float(words[0]) if words else None
    except ValueError:
        return None
    return [_number(word) for word in words] if len(words) == wanted else None


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
