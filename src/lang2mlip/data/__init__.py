"""Knowledge as data: every table is a folder of YAML files, merged; a person can add a folder of their own.

`table("crystals")` reads `data/crystals/*.yaml` of the package and then `$LANG2MLIP_DATA/crystals/*.yaml`, so that a
person's entry replaces the built-in one of the same key. Every entry carries a `source`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lang2mlip.errors import BadInput

__all__ = ["table"]


@cache
def table(name: str) -> dict[str, dict[str, Any]]:
    """Key → entry of the table called `name`. Raises BadInput when a file is not a mapping of keys to entries."""
    merged: dict[str, dict[str, Any]] = {}
    for folder in _folders(name):
        for file in sorted(folder.glob("*.yaml")):
            merged.update(_read(file))
    return merged


def _folders(name: str) -> list[Path]:
    own = os.environ.get("LANG2MLIP_DATA")
    return [Path(__file__).parent / name, *([Path(own) / name] if own else [])]


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(f"The data file {file} cannot be read: {error}") from error
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise BadInput(f"The data file {file} must map each key to an entry with named fields.")
    return entries
