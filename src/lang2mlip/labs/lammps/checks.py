"""What an expert looks at before a run: the words of the script against the potential, the atoms and the box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ase.data import atomic_masses, atomic_numbers
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.labs.lammps.system import UNITS, System, Units
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.commands import Command, commands
from lang2mlip.science.lammps.styles import unknown_style

__all__ = ["Remark", "faults", "inspect"]

_LONGEST_FS = 5.0
"""Beyond it no solid or liquid at common temperatures is followed; stiff bonds need much less."""

_FEWEST_DAMPING, _MOST_DAMPING = 10.0, 10_000.0
"""Time steps within which a thermostat's relaxation time is sensible (manual of fix nh: about 100)."""

_MASS_OFF = 0.02
_SMALL_A = 10.0


class Remark(Noun):
    """Something seen before the run."""

    kind: str = Field(description="refused | style | file | units | timestep | elements | masses | damping | box | run")
    what: str
    line: int | None = Field(default=None, description="of the script, from 1")
    fatal: bool = True


def inspect(script: str, folder: Path, system: System) -> list[Remark]:
    """Everything that is seen in the text; an empty list where nothing is."""
    why = refusal(script)
    if why is not None:
        return [Remark(kind="refused", what=why)]
    told = list(commands(script))
    style = unknown_style(script)
    found = [Remark(kind="style", what=style)] if style else []
    units = next((one.words[1] for one in told if one.name == "units" and len(one.words) > 1), "lj")
    looks = (_missing_files(told, folder), _units(told, units, system), _elements(told, system), _masses(told, system))
    found += [one for look in looks for one in look]
    known = UNITS.get(units)
    return found + (list(_times(told, known, system)) if known else []) + list(_box(told, system))


def faults(remarks: Sequence[Remark]) -> list[Remark]:
    """Those with which nothing is run."""
    return [one for one in remarks if one.fatal]


def _missing_files(told: Sequence[Command], folder: Path) -> Iterator[Remark]:
    """Files that a command reads and that are not there: told apart from errors of syntax."""
    for one in told:
        named = one.words[1:2] if one.name == "read_data" else one.words[3:] if one.name == "pair_coeff" else ()
        for word in named:
            if re.search(r"\.[A-Za-z]", word) and not (folder / word).is_file():
                yield Remark(kind="file", what=f"the file {word!r} is not in the folder of the run", line=one.number)


def _units(told: Sequence[Command], units: str, system: System) -> Iterator[Remark]:
    if units != system.potential.units:
        at = next((one.number for one in told if one.name == "units"), None)
        what = f"units {units}, but {system.potential.name} is in units {system.potential.units}"
        yield Remark(kind="units", what=what, line=at)


def _elements(told: Sequence[Command], system: System) -> Iterator[Remark]:
    """The order of the elements in pair_coeff against the types of the data file."""
    wanted = [system.potential.labels.get(one, one) for one in system.types]
    known = set(system.potential.labels.values())
    for one in told:
        if one.name != "pair_coeff" or one.words[1:3] != ("*", "*"):
            continue
        files = [n for n, word in enumerate(one.words) if "." in word]
        said = [word for word in one.words[(files[-1] if files else 3) + 1 :] if word in known or word == "NULL"]
        if said and said != wanted:
            what = f"pair_coeff names {' '.join(said)}, but the types of the data file are {' '.join(wanted)}"
            yield Remark(kind="elements", what=what, line=one.number)


def _masses(told: Sequence[Command], system: System) -> Iterator[Remark]:
    for one in told:
        if one.name != "mass" or len(one.words) < 3 or not one.words[1].isdigit():
            continue
        number = int(one.words[1])
        if number > len(system.types):
            yield Remark(kind="masses", what=f"there is no type {number}", line=one.number)
            continue
        element = system.types[number - 1]
        right = float(atomic_masses[atomic_numbers[element]])
        given = _number(one.words[2])
        if given is not None and abs(given - right) > _MASS_OFF * right:
            what = f"mass {given:g} for type {number}, which is {element} ({right:.3f}); is their order wrong?"
            yield Remark(kind="masses", what=what, line=one.number)


def _times(told: Sequence[Command], units: Units, system: System) -> Iterator[Remark]:
    """Time step and damping times, in fs whatever the units."""
    default = 0.001 if units.name == "metal" else 1.0
    step = default * units.time_fs
    light = {"H"} & set(system.types)
    for one in told:
        if one.name == "timestep" and (given := _number(one.words[1] if len(one.words) > 1 else "")) is not None:
            step = given * units.time_fs
            most = 1.0 if light else _LONGEST_FS
            if step > most:
                what = f"a time step of {step:g} fs follows no motion here; {most:g} fs at most (units {units.name})"
                yield Remark(kind="timestep", what=what, line=one.number)
        if one.name == "fix" and len(one.words) > 3 and one.words[3].startswith(("nvt", "npt")) and "temp" in one.words:
            at = one.words.index("temp") + 3
            damping = _number(one.words[at]) if len(one.words) > at else None
            ratio = None if damping is None else damping * units.time_fs / step
            if ratio is not None and not _FEWEST_DAMPING <= ratio <= _MOST_DAMPING:
                what = f"the thermostat's relaxation time is {ratio:.3g} time steps; about 100 is usual"
                yield Remark(kind="damping", what=what, line=one.number)


def _box(told: Sequence[Command], system: System) -> Iterator[Remark]:
    lengths = _heights(system)
    smallest = system.potential.smallest_cell_A
    if smallest and min(lengths) < smallest:
        what = f"the box is {min(lengths):.1f} Å across, {system.potential.name} needs {smallest:g} Å; take more atoms"
        yield Remark(kind="box", what=what)
    moving = any(one.name == "run" and one.words[1:2] != ("0",) for one in told)
    if moving and min(lengths) < _SMALL_A:
        what = f"the box is only {min(lengths):.1f} Å across: what is measured will depend on its size"
        yield Remark(kind="box", what=what, fatal=False)


def _heights(system: System) -> np.ndarray:
    return np.asarray(1.0 / np.linalg.norm(np.linalg.inv(system.atoms.cell.array), axis=0))


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
