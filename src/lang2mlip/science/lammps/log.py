"""What a LAMMPS log says: every thermo block, warnings, and the error that ended it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lang2mlip.science.lammps.thermo import Table, read_thermo

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
    log = read_thermo(file)
    return Log(
        blocks=tuple({name: values.tolist() for name, values in table.columns.items()} for table in log.tables),
        errors=tuple(error.text for error in log.errors),
        warnings=tuple(log.warnings),
        bad_rows=tuple(_told(table, row) for table in log.tables for row in table.bad_rows()),
    )


def _told(table: Table, row: int) -> str:
    return ", ".join(f"{name} {values[row]:g}" for name, values in table.columns.items())
