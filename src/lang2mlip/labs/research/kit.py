"""What a strategy may see of this package: the trainers and what they need, no labs, no judge, no test sets."""

from __future__ import annotations

import sys
from pathlib import Path

import lang2mlip
from lang2mlip.errors import BadInput

__all__ = ["HOME", "JUDGE", "MOLECULES", "check_hidden", "for_judge", "for_strategy"]

HOME = Path(lang2mlip.__file__).parent
JUDGE = HOME / "labs" / "research" / "judge.py"
INSIDE = HOME / "labs" / "research" / "inside.py"
ARENAS = HOME / "data" / "research"
MOLECULES = ARENAS / "molecules.extxyz.xz"

_ROOMS = ("__init__.py", "errors.py", "units.py", "catalogue.py", "contracts", "science")


def for_strategy() -> list[Path]:
    """Files and folders that are mounted beside the training data."""
    knowledge = [path for path in sorted((HOME / "data").iterdir()) if path != ARENAS and path.name != "__pycache__"]
    return [*(HOME / name for name in _ROOMS), *knowledge, INSIDE]


def for_judge() -> list[Path]:
    """The same and the judge."""
    return [*for_strategy(), HOME / "labs" / "__init__.py", HOME / "labs" / "research"]


def check_hidden(*paths: Path) -> None:
    """Raises BadInput where the sandbox would show a file that a strategy may not see."""
    seen = [Path(sys.prefix), Path(sys.base_prefix), Path("/usr"), Path("/lib")]
    for path in paths:
        inside = next((place for place in seen if path.exists() and path.resolve().is_relative_to(place)), None)
        if inside is not None:
            raise BadInput(
                f"{path} lies below {inside}, which every sandbox shows; put it elsewhere, where none can read it."
            )
