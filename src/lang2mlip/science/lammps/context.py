"""What a script had set up when each of its runs began: fixes, targets, and the lines that set them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lang2mlip.errors import BadInput
from lang2mlip.science.lammps.commands import Command, commands

__all__ = ["Run", "Target", "line_of", "runs_of"]

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_RUNS = ("run", "minimize")
_HEATED = ("nvt", "npt", "temp/", "langevin", "nvt/", "npt/")
_WORKING = (
    "deform", "move", "addforce", "aveforce", "efield", "heat", "ehex", "indent", "spring", "wall/", "viscous", "nph",
    "box/relax", "thermal/conductivity", "viscosity", "adapt", "deposit", "evaporate", "setforce", "drag", "press/",
    "nve/limit", "msst", "nphug", "colvars", "flow/", "oscillat", "gravity", "atom/swap",
)  # fmt: skip
"""Fixes that put energy in or take it out, or of which that is not known."""


@dataclass(frozen=True)
class Target:
    """A temperature or pressure that a fix works towards during a run, at its start and its end."""

    quantity: str
    """Temp or Press: the thermo column."""
    start: float
    end: float
    line: int
    """Of the script."""

    @property
    def constant(self) -> bool:
        """Not a ramp."""
        return self.start == self.end


@dataclass(frozen=True)
class Run:
    """A run or minimisation of a script."""

    line: int
    kind: str
    fixes: dict[str, Command] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    """Fixes whose energy is part of the total."""
    last: dict[str, int] = field(default_factory=dict)
    """Command → the line where it last stood before this run: timestep, neigh_modify, …"""

    @property
    def conserves(self) -> bool:
        """Total energy ought to stay: NVE and nothing that does work."""
        styles = {name: _style(one) for name, one in self.fixes.items()}
        working = [style for style in styles.values() if style.startswith((*_HEATED, *_WORKING))]
        outside = [name for name, style in styles.items() if style == "external" and name not in self.counted]
        return any(style.startswith("nve") for style in styles.values()) and not working and not outside

    @property
    def targets(self) -> list[Target]:
        """Every target of all atoms that is written as numbers; those behind variables or of a group are left out.

        Thermo output is of all atoms, so it says nothing of a group's temperature.
        """
        return [target for one in self.fixes.values() if one.words[2] == "all" for target in _targets(one)]

    @property
    def mover(self) -> int:
        """The line of the fix that moves the atoms; else of the run."""
        moving = [one.number for one in self.fixes.values() if _style(one).startswith(("nve", "nvt", "npt", "nph"))]
        return moving[0] if moving else self.line


def runs_of(script: str) -> list[Run]:
    """The runs of a script in its order. Empty where it cannot be read, or where loops decide how many there are."""
    found, fixes, last, counted = list[Run](), dict[str, Command](), dict[str, int](), frozenset[str]()
    try:
        told = list(commands(script))
    except BadInput:
        return []
    if any(one.name in ("jump", "include", "next", "if") for one in told):
        return []
    for one in told:
        last = {**last, one.name: one.number}
        if one.name == "fix" and len(one.words) > 3:
            fixes = {**fixes, one.words[1]: one}
        elif one.name == "unfix" and len(one.words) > 1:
            fixes = {name: other for name, other in fixes.items() if name != one.words[1]}
        elif one.name == "fix_modify" and " energy yes" in one.text:
            counted |= {one.words[1]}
        elif one.name in _RUNS:
            found.append(Run(one.number, one.name, fixes, counted, last))
    return found


def line_of(script: str, command: str, after: int = 0) -> int | None:
    """The line of the script at which LAMMPS met this command, behind line `after`; None when it is not there."""
    wanted = " ".join(command.split())
    try:
        told = [one for one in commands(script) if one.number > after]
    except BadInput:
        told = []
    same = [one.number for one in told if " ".join(one.text.split()) == wanted]
    near = [one.number for one in told if "$" in one.text and one.name == wanted.split(" ")[0]] if wanted else []
    return next(iter([*same, *near]), None)


def _style(one: Command) -> str:
    return one.words[3]


def _targets(one: Command) -> Sequence[Target]:
    words, style = one.words, _style(one)
    found = []
    if style == "temp/rescale":
        found += _pair("Temp", words[5:7], one.number)
    elif style.startswith(("langevin", "temp/")):
        found += _pair("Temp", words[4:6], one.number)
    if style.startswith(("nvt", "npt", "nph")) and "temp" in words:
        found += _pair("Temp", words[words.index("temp") + 1 :][:2], one.number)
    if style.startswith(("npt", "nph", "press/")):
        at = next((words.index(word) for word in ("iso", "aniso", "tri") if word in words), None)
        found += _pair("Press", words[at + 1 : at + 3], one.number) if at is not None else []
    return found


def _pair(quantity: str, words: Sequence[str], line: int) -> list[Target]:
    if len(words) < 2 or not all(_NUMBER.fullmatch(word) for word in words):
        return []
    return [Target(quantity, float(words[0]), float(words[1]), line)]
