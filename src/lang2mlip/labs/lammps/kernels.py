"""Machine code that numba keeps of this package's kernels, taken along into the sandbox: there nothing can be written
beside the sources, so that each run would compile them anew. Copies go in and never come back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import lang2mlip

__all__ = ["KERNELS", "lay_kernels", "use_kernels"]

KERNELS = ".cache/numba"
"""In the folder of a run; it is removed with the rest of the libraries' cache."""

_KEPT = ("*.nbi", "*.nbc")


def lay_kernels(folder: Path) -> int:
    """Copy what is compiled on this machine into the folder of a run; how many files that were."""
    from numba.core import caching

    parts: Any = caching
    copied = 0
    package = Path(lang2mlip.__file__).resolve().parent
    for place in {file.parent for file in package.rglob("*.py")}:
        name = parts.UserProvidedCacheLocator.get_suitable_cache_subpath(str(place / "any.py"))
        everywhere = Path(parts.UserWideCacheLocator(lay_kernels, str(place / "any.py")).get_cache_path())
        own = [Path(os.environ["NUMBA_CACHE_DIR"]) / name] if os.environ.get("NUMBA_CACHE_DIR") else []
        for source in (everywhere, place / "__pycache__", *own):
            for file in [one for kind in _KEPT for one in source.glob(kind)]:
                target = folder / KERNELS / name
                target.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target / file.name)
                shutil.copystat(file, target / file.name)
                copied += 1
    return copied


def use_kernels(folder: Path) -> None:
    """Inside: numba looks for machine code, and keeps it, in the folder of the run."""
    os.environ["NUMBA_CACHE_DIR"] = str(folder / KERNELS)
    from numba.core import config

    settings: Any = config
    settings.reload_config()  # it may have been imported before, and reads the environment once
