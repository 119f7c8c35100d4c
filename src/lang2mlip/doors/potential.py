"""A potential from wherever it lies: a run, a deliverable, a model folder, a native file."""

from __future__ import annotations

import json
from pathlib import Path

from ase.calculators.calculator import Calculator

from lang2mlip.catalogue import load as load_part
from lang2mlip.contracts.parts import Trainer
from lang2mlip.errors import BadInput

__all__ = ["load"]

FAMILIES = {".mtp": "mtp", ".almtp": "mtp", ".model": "mace", ".xml": "gap", ".snapcoeff": "snap"}
"""Ending of a native file → the family that reads it."""


def load(where: str | Path) -> Calculator:
    """An ASE calculator for any number of atoms. Raises BadInput when nothing loadable is there."""
    path = Path(where)
    for candidate in (path, path / "potential", Path("runs") / path / "potential"):
        if (candidate / "potential.json").exists():
            return _from_card(candidate)
    files = [path] if path.is_file() else [file for file in path.glob("*") if file.suffix in FAMILIES]
    if len(files) == 1:
        return _native(files[0])
    raise BadInput(f"No potential in {path}: no run with a potential/ folder, no such folder, no native file.")


def _from_card(folder: Path) -> Calculator:
    facts = json.loads((folder / "potential.json").read_text(encoding="utf-8"))
    trainer: Trainer = load_part("potential", facts["family"])()
    return trainer.calculator(folder / "model")


def _native(file: Path) -> Calculator:
    family = FAMILIES.get(file.suffix)
    if family is None:
        raise BadInput(f"{file} is of no kind that can be loaded; known endings: {', '.join(FAMILIES)}.")
    trainer: Trainer = load_part("potential", family)()
    return trainer.calculator(file.parent if (file.parent / "extras.json").exists() else file)
