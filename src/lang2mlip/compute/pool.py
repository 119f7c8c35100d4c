"""What every place of work offers: folders in, outcomes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Outcome", "Pool", "Report", "Work"]

Work = Literal["reference", "training", "md", "other"]
"""Kinds of work, which may need different resources."""

Report = Callable[[int, int, str], None]
"""report(pieces finished, pieces in all, words about where the others are), called from time to time."""


@dataclass(frozen=True)
class Outcome:
    """A folder that was worked on. `fault` is None when it went well; `broken` when the others would fail as well."""

    folder: Path
    fault: str | None = None
    broken: bool = False


class Pool(Protocol):
    """A place where job folders are worked on by a command line that reads them on its standard input."""

    @property
    def cores(self) -> int:
        """Cores that a piece of training may have for itself."""
        ...

    def run(self, folders: Sequence[Path], report: Report | None = None, work: Work = "other") -> list[Outcome]:
        """Work through all folders; outcomes in the order of `folders`."""
        ...

    def close(self) -> None:
        """End all work now."""
        ...
