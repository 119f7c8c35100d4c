"""Whether molecules hold together in MD with the potential as they do with its reference, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.contracts import Json, Property, Task
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.evaluation.bonds import Events, compare, covalent_bonds, events
from lang2mlip.science.structures.gate import NONMETALS

__all__ = ["BondCount", "bonds_to_watch", "has_molecules"]

Side = tuple[Sequence[Atoms], dict[str, Json]]
"""Frames of a walk and its thermodynamic table."""


def has_molecules(task: Task) -> bool:
    """Whether the person named a molecule."""
    return any(component.molecule or component.smiles for component in task.components)


def bonds_to_watch(atoms: Atoms) -> tuple[tuple[int, int], ...]:
    """The bonds that MD must leave whole: those between non-metals; what surrounds a metal's ion comes and goes."""
    return covalent_bonds(atoms, NONMETALS)


class BondCount:
    """Events of the walks of both sides, summed over the walks of each group."""

    def __init__(self, desk: Desk) -> None:
        self._run: Path | None = desk.run if has_molecules(desk.task) else None
        self._found: dict[str, tuple[Events, Events]] = {}

    def add(self, walk: dict[str, Json], mine: Side, known: Sequence[Atoms]) -> None:
        """One walk of the reference, as its file tells, and the potential's repetition of it."""
        if self._run is None:
            return
        start = read_frames(self._run / walk["structure"])[-1]
        ours, theirs = _events(start, *mine), _events(start, known, walk["thermo"])
        if not ours.bonds:
            return
        group = walk["note"]["group"]
        before = self._found.get(group)
        self._found[group] = (before[0] + ours, before[1] + theirs) if before else (ours, theirs)

    def properties(self) -> list[Property]:
        """Bonds broken and made per ps in each group that has any."""
        found = []
        for group, (mine, known) in self._found.items():
            subject = f"{group}, {mine.bonds} bonds, {mine.time_ps:.2g} ps ({known.time_ps:.2g} ps)"
            found += [one.model_copy(update={"group": group}) for one in compare(subject, mine, known)]
        return found


def _events(start: Atoms, frames: Sequence[Atoms], thermo: dict[str, Json]) -> Events:
    return events(start, frames, max(thermo["time_ps"], default=0.0), NONMETALS)
