"""What a LAMMPS log says: every thermo block, warnings, and the error that ended it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Log", "read_log"]


@dataclass(frozen=True)
class Log:
    """A log. `blocks` has a table for every run: column → values."""

    blocks: tuple[dict[str, list[float]], ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    bad_rows: tuple[str, ...] = field(default=())
    """Rows of thermo output that hold something else than finite numbers."""

    @property
    def fault(self) -> str | None:
        """The first thing that is wrong, or None."""
        if self.errors:
            return self.errors[0]
        if self.bad_rows:
            return f"thermo output that is not finite: {self.bad_rows[0]}"
        return None if self.blocks else "no thermo output at all"


def read_log(file: Path) -> Log:
    """The log in a file, however far it goes: a run that was cut short, or failed after partial output, included."""
    blocks: list[dict[str, list[float]]] = []
    errors: list[str] = []
    warnings: list[str] = []
    bad: list[str] = []
    columns: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if line.startswith("ERROR"):
            errors.append(line.strip())
        elif line.startswith("WARNING"):
            warnings.append(line.strip())
        elif words[:1] == ["Step"]:
            columns = words
            blocks.append({name: [] for name in words})
        elif line.startswith("Loop time"):
            columns = []
        elif columns and len(words) == len(columns):
            _add(blocks[-1], words, bad)
    return Log(tuple(blocks), tuple(errors), tuple(warnings), tuple(bad))


def _add(block: dict[str, list[float]], words: list[str], bad: list[str]) -> None:
    try:
        values = [float(word) for word in words]
    except ValueError:
        return  # a line of words between the rows, such as a warning
    if not all(map(math.isfinite, values)):
        bad.append(" ".join(words))
    for name, value in zip(block, values, strict=True):
        block[name].append(value)
