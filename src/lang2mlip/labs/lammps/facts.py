"""What a script and its folder say of themselves before a run: units, elements, box, reach of the forces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_masses, chemical_symbols

from lang2mlip.labs.lammps.system import UNITS, System
from lang2mlip.science.lammps.commands import Command, commands
from lang2mlip.science.lammps.context import Run, runs_of
from lang2mlip.science.lammps.datafile import DataFile, read_data

__all__ = ["Facts", "number"]

_MASS_OFF = 0.01
_DEFAULT_STEP = {"lj": 0.005, "metal": 0.001, "real": 1.0, "si": 1e-8, "cgs": 1e-8, "electron": 0.001, "micro": 2.0,
                 "nano": 0.00045}  # fmt: skip
"""LAMMPS' own, in the units of the style (manual of the command units)."""

_REACH_IN_WORDS = ("lj/", "buck", "morse", "born", "yukawa", "mie", "gauss", "coul")
"""Pair styles whose numbers on the line of pair_style are cut-off radii."""

_REACH_IN_FILE = {"eam/alloy": 5, "eam/fs": 5, "eam/he": 5, "adp": 5, "eam": 3}
"""Pair style → the line of its file whose fifth number is the cut-off (manual of pair_eam)."""


@dataclass(frozen=True)
class Facts:
    """Of one script."""

    told: tuple[Command, ...]
    folder: Path
    units: str
    runs: tuple[Run, ...]
    elements: tuple[str | None, ...]
    """Of the LAMMPS types; None for a mass that is no element's, empty where nothing is known."""
    data: DataFile | None
    heights: tuple[float, ...]
    """Of the box along its periodic directions, in the script's unit of length; empty where that is not known."""
    reach: float | None
    """Of the forces, in the same unit."""

    @classmethod
    def of(cls, script: str, folder: Path, system: System | None) -> Facts:
        """Raises BadInput for a script that cannot be read."""
        told = tuple(commands(script))
        data = _data(told, folder)
        known = tuple(system.types) if system is not None else _elements(told, data)
        return cls(told, folder, _units(told), tuple(runs_of(script)), known, data, _heights(told, data, system),
                   _reach(told, folder))  # fmt: skip

    @property
    def time_fs(self) -> float | None:
        """A unit of time in fs; None for units that the rules of thumb do not know."""
        known = UNITS.get(self.units) if self.units != "lj" else None
        return known.time_fs if known else None

    def step(self, line: int) -> float | None:
        """The time step that holds at a line of the script, in its units; None where it is not a number."""
        said = [
            one.words[1] for one in self.told if one.name == "timestep" and one.number < line and len(one.words) > 1
        ]
        return number(said[-1]) if said else _DEFAULT_STEP.get(self.units)

    def named(self, *names: str) -> list[Command]:
        """The commands of these names."""
        return [one for one in self.told if one.name in names]

    def moving(self) -> list[Run]:
        """The runs that take steps."""
        still = {one.number for one in self.told if one.name == "run" and one.words[1:2] == ("0",)}
        return [run for run in self.runs if run.kind == "run" and run.line not in still]


def number(word: str) -> float | None:
    """The number that a word is; None where it is none."""
    try:
        return float(word)
    except ValueError:
        return None


def _units(told: Sequence[Command]) -> str:
    return next((one.words[1] for one in told if one.name == "units" and len(one.words) > 1), "lj")


def _data(told: Sequence[Command], folder: Path) -> DataFile | None:
    """The data file that the script reads, where it reads one and no more."""
    read = [one for one in told if one.name == "read_data" and len(one.words) > 1]
    file = folder / read[0].words[1] if len(read) == 1 else None
    style = next((one.words[1] for one in told if one.name == "atom_style" and len(one.words) > 1), "atomic")
    return read_data(file, style) if file is not None and file.is_file() else None


def _elements(told: Sequence[Command], data: DataFile | None) -> tuple[str | None, ...]:
    """By the masses."""
    masses = dict(data.masses) if data else {}
    for one in told:
        if one.name == "mass" and len(one.words) > 2 and one.words[1].isdigit() and (given := number(one.words[2])):
            masses[int(one.words[1])] = given
    return tuple(_element(masses[kind]) for kind in sorted(masses))


def _element(mass: float) -> str | None:
    nearest = int(np.argmin(np.abs(atomic_masses[1:] - mass))) + 1
    return chemical_symbols[nearest] if abs(atomic_masses[nearest] - mass) <= _MASS_OFF * mass else None


def _heights(told: Sequence[Command], data: DataFile | None, system: System | None) -> tuple[float, ...]:
    cell = system.atoms.cell.array if system is not None else data.cell if data is not None else None
    if cell is None or any(one.name in ("replicate", "change_box") for one in told):
        return ()
    sides = next((one.words[1:4] for one in told if one.name == "boundary"), ("p", "p", "p"))
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    return tuple(float(height) for height, side in zip(heights, sides, strict=False) if side == "p")


def _reach(told: Sequence[Command], folder: Path) -> float | None:
    style = next((one.words for one in told if one.name == "pair_style" and len(one.words) > 1), None)
    if style is None:
        return None
    if style[1].startswith(_REACH_IN_WORDS):
        return max((value for word in style[2:] if (value := number(word)) is not None), default=None)
    line = _REACH_IN_FILE.get(style[1])
    return _fifth_number(_files(told, folder), line) if line else None


def _files(told: Sequence[Command], folder: Path) -> Iterable[Path]:
    words = [word for one in told if one.name == "pair_coeff" for word in one.words[3:]]
    return (folder / word for word in words if re.search(r"\.[A-Za-z]", word) and (folder / word).is_file())


def _fifth_number(files: Iterable[Path], line: int) -> float | None:
    """The fifth number of that line, from 1, of the files; the largest of them."""
    found = []
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as text:
            words = next((words.split() for n, words in enumerate(text, 1) if n == line), [])
        found += [value for word in words[4:5] if (value := number(word)) is not None]
    return max(found, default=None)
