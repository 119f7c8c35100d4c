"""What an MD run has by a checkpoint, in one file: plain arrays and JSON, every number to the last bit."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.arrays_file import write_arrays
from lang2mlip.science.atoms.integrators import Forces, MDState
from lang2mlip.science.atoms.md_plan import Checkpoint, Halfway

__all__ = ["load_halfway", "save_halfway"]

_COLUMNS = ("positions", "cell", "energy", "forces", "stress")


def save_halfway(file: Path, halfway: Halfway, of: str, spent_s: float) -> None:
    """Write it whole or not at all. `of` says which walk it belongs to. Raises RunFault when the disk refuses."""
    told = {
        "of": of,
        "spent_s": spent_s,
        "point": halfway.point.to_json(),
        "info": [frame.info for frame in halfway.frames],
        "recent": [(state.step, kelvin) for state, kelvin in halfway.recent],
        "seen": halfway.seen,
        "calls": halfway.calls,
    }
    frames = [_of_frame(frame) for frame in halfway.frames]
    states = [(s.positions, s.cell, s.field.energy, s.field.forces, s.field.stress) for s, _ in halfway.recent]
    tables = {"told": np.array(json.dumps(told)), "rows": np.array(halfway.rows, dtype=float)}
    tables |= _stacked("frame", frames) | _stacked("recent", states)
    write_arrays(file, tables, "the run goes on from before")


def load_halfway(file: Path, of: str, template: Atoms) -> tuple[Halfway, float] | None:
    """What was saved, and the core-seconds it had cost; None where there is nothing whole that belongs to this walk."""
    try:
        with np.load(file, allow_pickle=False) as tables:
            told = json.loads(str(tables["told"]))
            if told["of"] != of:
                return None
            return _read(told, tables, template), float(told["spent_s"])
    except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile, BadInput):
        return None  # a walk that cannot be taken up is walked again from its start


def _read(told: dict[str, Any], tables: Any, template: Atoms) -> Halfway:
    frames = []
    for info, (positions, cell, field) in zip(told["info"], _unstacked("frame", tables), strict=True):
        frame: Atoms = template.copy()
        frame.set_constraint()
        frame.positions = positions
        frame.cell[:] = cell
        frame.info |= info
        labels = {"energy": field.energy, "forces": field.forces, "stress": field.stress}
        frame.calc = SinglePointCalculator(frame, **labels)
        frames.append(frame)
    recent = []
    for (step, kelvin), (positions, cell, field) in zip(told["recent"], _unstacked("recent", tables), strict=True):
        recent.append((MDState(step, positions, np.zeros_like(positions), cell, field), kelvin))
    rows = [tuple(row) for row in tables["rows"].tolist()]
    seen = {key: (float(low), float(high)) for key, (low, high) in told["seen"].items()}
    return Halfway(Checkpoint.from_json(told["point"]), frames, recent, rows, seen, int(told["calls"]))


def _of_frame(frame: Atoms) -> tuple[Any, ...]:
    found = getattr(frame.calc, "results", {})
    return frame.positions, frame.cell.array, found["energy"], found["forces"], found.get("stress")


def _stacked(name: str, rows: Sequence[tuple[Any, ...]]) -> dict[str, NDArray[np.float64]]:
    """A table for each column; a stress that was not asked for is NaN."""
    filled = [(*row[:4], np.full(6, np.nan) if row[4] is None else row[4]) for row in rows]
    return {f"{name}_{column}": np.array([row[k] for row in filled], dtype=float) for k, column in enumerate(_COLUMNS)}


def _unstacked(name: str, tables: Any) -> list[tuple[NDArray[np.float64], NDArray[np.float64], Forces]]:
    columns = [tables[f"{name}_{column}"] for column in _COLUMNS]
    return [
        (positions, cell, Forces(float(energy), forces, None if np.isnan(stress).all() else stress))
        for positions, cell, energy, forces, stress in zip(*columns, strict=True)
    ]
