"""What a strategy may see of this package: the trainers and what they need, no labs, no judge, no test sets."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import lang2mlip
from lang2mlip.errors import BadInput

__all__ = ["HOME", "JUDGE", "MOLECULES", "check_hidden", "compiled", "for_judge", "for_strategy", "scorer"]

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


def scorer() -> str:
    """SHA-256 over the sources of the judge: two scores compare only where it is the same."""
    rooms = [HOME / "labs" / "research" / name for name in ("judge.py", "measure.py", "walks.py", "card.py")]
    rooms += sorted((HOME / "science" / "evaluation").glob("*.py")) + sorted((HOME / "science" / "atoms").glob("*.py"))
    whole = hashlib.sha256()
    for file in rooms:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def compiled(to: Path) -> None:
    """Copy the kernels that this package has compiled before, to where numba looks below a NUMBA_CACHE_DIR.

    It names each folder by a hash of where the source lies (numba/core/caching.py); if it ever does otherwise, the
    kernels are compiled again and nothing else is different.
    """
    for folder in {file.parent for file in HOME.rglob("__pycache__/*.nbi")}:
        source = folder.parent
        target = to / f"{source.name}_{hashlib.sha1(str(source).encode(), usedforsecurity=False).hexdigest()}"
        target.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.nb[ic]"):
            shutil.copyfile(file, target / file.name)
