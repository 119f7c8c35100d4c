"""Lists of labelled Atoms in extxyz files: written whole or not at all, read back as they were.

What survives a round trip, to the last bit: symbols, positions, cell, pbc, energy, forces, stress, other per-atom
arrays, and `info` values that are a number, a truth value, a text, or a list of numbers (tuples and arrays come back as
lists). What does not: momenta, constraints (they would hide forces), and info values of other kinds, which are left
out. Numbers have all digits that tell them apart because a structure's id is a hash of them. A text
that a reader of extxyz would take for a number or a truth value is written as `text:` and its percent-encoding.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import voigt_6_to_full_3x3_stress
from pydantic_core import to_json

from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.extxyz import head_line, read_plain

__all__ = ["labelled", "parse_frames", "read_frames", "write_frames"]

_COLUMN = {"f": ("R", "%s"), "i": ("I", "%d"), "b": ("L", "%s"), "U": ("S", "%s")}
_PLAIN_TEXT = re.compile(r"(?!(?i:t|f|true|false|nan|inf|infinity)\b)[A-Za-z_][^\t\n\"\\={}\[\],:]*")
_TEXT = "text:"
_RESERVED = {"Lattice", "Properties", "pbc", "energy", "forces", "stress"}


def labelled(atoms: Atoms, **labels: Any) -> Atoms:
    """A copy that carries labels (energy in eV, forces in eV/Å, stress in eV/Å³ Voigt) and no constraint."""
    frame: Atoms = atoms.copy()
    frame.set_constraint()
    frame.calc = SinglePointCalculator(frame, **{key: value for key, value in labels.items() if value is not None})
    return frame


def write_frames(path: Path | str, frames: Iterable[Atoms]) -> int:
    """Write all frames to one file, replacing it in one move; the number written. Raises RunFault."""
    target = Path(path)
    count = 0
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for frame in frames:
                file.writelines(_lines(frame))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner may read
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise RunFault(f"Cannot write {target}: {error.strerror}. Free some space or choose another folder.") from error
    return count


def read_frames(path: Path | str) -> list[Atoms]:
    """All frames of a file, labels in a SinglePointCalculator. Raises RunFault when it is missing or damaged."""
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise RunFault(f"Cannot read {source}: {error.strerror}.") from error
    return parse_frames(text, source)


def parse_frames(text: str, source: Path | str) -> list[Atoms]:
    """The frames in the text of a file or of a part of it. Raises RunFault, which names `source`, for anything else."""
    try:
        if not text:
            return []
        if not text.endswith("\n"):
            raise ValueError("it ends within a line")
        plain = read_plain(text)
        return [_native(frame) for frame in (_read_any(text) if plain is None else plain)]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise RunFault(f"{source} is not a whole extxyz file ({error}); restore it or make it again.") from error


def _read_any(text: str) -> Iterator[Atoms]:
    """Whatever extxyz can hold, at ASE's pace."""
    from ase.io.extxyz import read_xyz

    frames: Iterator[Atoms] = read_xyz(StringIO(text), slice(None))
    return frames


def _lines(frame: Atoms) -> Iterator[str]:
    """The text of one frame."""
    results = getattr(frame.calc, "results", {})
    columns = {"species": np.array(frame.get_chemical_symbols()), "pos": frame.positions}
    if results.get("forces") is not None:
        columns["forces"] = np.asarray(results["forces"], dtype=float)
    skipped = {"numbers", "positions", "momenta", *columns}
    columns |= {name: values for name, values in frame.arrays.items() if name not in skipped}
    shapes = {name: values.shape[1] if values.ndim > 1 else 1 for name, values in columns.items()}
    head: dict[str, Any] = {"Lattice": frame.cell.array} if frame.cell.rank else {}
    head["Properties"] = ":".join(f"{name}:{_COLUMN[columns[name].dtype.kind][0]}:{n}" for name, n in shapes.items())
    head |= {key: _written(value) for key, value in frame.info.items() if _simple(value) and key not in _RESERVED}
    if results.get("energy") is not None:
        head["energy"] = float(results["energy"])
    if results.get("stress") is not None:
        head["stress"] = voigt_6_to_full_3x3_stress(np.asarray(results["stress"], dtype=float))
    head["pbc"] = frame.pbc
    yield f"{len(frame)}\n{head_line(head)}\n"
    row = " ".join(" ".join([_COLUMN[columns[name].dtype.kind][1]] * n) for name, n in shapes.items()) + "\n"
    table = [_cells(values.reshape(len(frame), -1)) for values in columns.values()]
    yield row * len(frame) % tuple(chain.from_iterable(chain.from_iterable(zip(*table, strict=True))))


def _cells(values: np.ndarray) -> Iterable[Sequence[Any]]:
    """What the rows of a column hold, as its format takes it; (n, width)."""
    if values.dtype.kind == "b":
        return [["T" if value else "F" for value in row] for row in values.tolist()]
    rows: list[list[Any]] = values.tolist()
    if values.dtype.kind != "f" or not values.size or not np.isfinite(values).all():
        return rows
    # The JSON writer finds the shortest digits that give the same number, in half the time that str() takes.
    words = to_json(values.ravel().tolist()).decode()[1:-1].split(",")
    return zip(*[iter(words)] * values.shape[1], strict=True)


def _written(value: Any) -> Any:
    """An info value as extxyz takes it without changing its kind."""
    if isinstance(value, str) and not _PLAIN_TEXT.fullmatch(value):
        return _TEXT + quote(value)
    if isinstance(value, list | tuple | np.ndarray):
        return f"_JSON {json.dumps(np.asarray(value).tolist())}"
    return value


def _native(frame: Atoms) -> Atoms:
    """The frame with info in Python's own kinds."""
    frame.info = {key: _read(value) for key, value in frame.info.items()}
    return frame


def _read(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return unquote(value[len(_TEXT) :]) if isinstance(value, str) and value.startswith(_TEXT) else value


def _simple(value: Any) -> bool:
    if isinstance(value, bool | int | float | str | np.bool_ | np.integer | np.floating):
        return True
    return isinstance(value, list | tuple | np.ndarray) and np.asarray(value).dtype.kind in "ifb"
