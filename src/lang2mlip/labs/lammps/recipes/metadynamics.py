"""The free energy of two atoms against their distance, by well-tempered metadynamics through colvars."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.contracts.protocols import Metadynamics as Protocol
from lang2mlip.contracts.protocols import Variable
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.lammps.colvars import colvars
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["PairFreeEnergy"]

Floats = NDArray[np.float64]

_FILE = "colvars.in"
_HILLS = "bias"
_FEWEST = 50
_WALL_kT = 100.0
"""Stiffness of the wall in the model's own units, over the width of a hill; elsewhere it is 1 eV, as much at 100 K. A
stiffer one throws the pair out of the box."""

_PAIRS = 4
"""Pairs of atoms, each under a bias of its own: they are alike, and the mean over them is as good as a longer run."""

_ROOM_FOR_A_PAIR = 20
"""Atoms of the box for each pair, so that pairs hardly feel one another."""

_PARTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of the hills: their sum goes on wandering about the free energy, and the mean of its later states does so less."""


class PairFreeEnergy(Dynamics):
    """A. Barducci, G. Bussi and M. Parrinello, Phys. Rev. Lett. 100, 020603 (2008); distance as the variable.

    Barriers between two atoms of a liquid are some two kT: larger hills and more bias only add noise, as measured here.
    """

    key: ClassVar[str] = "metadynamics"
    line: ClassVar[str] = "Free energy of a pair by metadynamics"

    molten: bool = Field(default=True, description="melt it first: in a crystal a distance hardly changes")
    ps: float = Field(default=300.0, gt=0, description="length, ps")
    hill_kT: float = Field(default=0.05, gt=0, le=5, description="height of a hill, kT")
    bias: float = Field(default=3.0, gt=1, le=100, description="bias factor: the distance feels so many times T")
    every_ps: float = Field(default=0.2, gt=0, description="time between hills, ps")
    width_A: float = Field(default=0.2, gt=0, description="width of a hill, Å")

    def measures(self) -> str:
        """In words."""
        return f"potential of mean force of two atoms, its first well and barrier, at {self.temperature_K:g} K"

    def structure(self, component: Component) -> Atoms:
        """The crystal; atoms 1 and 2 are neighbours in it, and so are 3 and 4 and so on, pairs far from one another."""
        atoms = super().structure(component)
        first = _pairs(atoms, _count(atoms))
        sorted_: Atoms = atoms[[*first, *(n for n in range(len(atoms)) if n not in first)]]
        return sorted_

    def files(self, system: System) -> dict[str, str]:
        """The input of colvars."""
        wall = _WALL_kT * self.temperature_K if system.reduced else 1.0 / system.units.energy_eV
        text = ""
        for n in range(_count(system.atoms)):
            one = _spoken(colvars(self._protocol(system, n)), system.units.energy_eV, wall)
            text += re.sub(r"\bvariable\b", f"pair{n + 1}", one if n == 0 else one.partition("\n")[2])
        return {_FILE: text}

    def _protocol(self, system: System, pair: int) -> Protocol:
        atoms = (2 * pair + 1, 2 * pair + 2)
        reach = 0.45 * float(min(1 / np.linalg.norm(np.linalg.inv(system.atoms.cell.array), axis=0)))
        return Protocol(
            temperature_K=self.temperature_K, ps=self.ps, every=system.steps(self.every_ps),
            hill_eV=self.hill_kT * BOLTZMANN_EV_PER_K * self.temperature_K,
            bias_temperature_K=(self.bias - 1) * self.temperature_K,
            variable=Variable(kind="distance", atoms=atoms, width=self.width_A, range=(0.0, reach)),
        )  # fmt: skip

    def stages(self, system: System) -> list[Stage]:
        """Rest, and production at constant volume under the growing bias."""
        bias = f"fix             pair all colvars {_FILE} output {_HILLS} tstat move"
        move = self._nvt(system, self.temperature_K)
        run = f"run             {system.steps(self.ps)}"
        production = Stage("production", ("reset_timestep  0", move, bias, run), ("unfix           pair",))
        return [*self.opening(system), production]

    def longer(self) -> None:
        """The bias grows to the end; there is no rest to wait for."""

    def read(self, seen: Seen) -> Findings:
        """The sum of the hills, without the share of the sphere's surface; its first well and what lies behind it."""
        pairs = _hills(seen.folder)
        seen_at = np.concatenate([hills[:, 1] for hills in pairs])
        r = np.linspace(np.quantile(seen_at, 0.01), np.quantile(seen_at, 0.99), 200)
        each = [[self._free_energy(hills[: max(_FEWEST // 2, int(one * len(hills)))], r, seen) for one in _PARTS]
                for hills in pairs]  # fmt: skip
        free = np.mean(each, axis=(0, 1))
        well = _well(r, free)
        spread = _spread(r, free, each)
        how = f"sum of the hills, mean of {len(_PARTS)} times over the second half of the run"
        how += f" and of {len(pairs)} pairs; error: between the pairs" if len(pairs) > 1 else "; error: its ends"
        numbers = (
            Number(name="well_distance", value=well[0], error=spread[0], unit="Å", how=how),
            Number(name="barrier", value=well[1], error=spread[1], unit="eV", how=f"well to first maximum; {how}"),
            Number(name="well_depth", value=well[2], error=spread[2], unit="eV", how=f"below zero at far; {how}"),
            number("temperature", seen.mean("production", "Temp"), "K"),
        )
        curve = Curve(name="pair_free_energy", x_label="distance (Å)", y_label="free energy (eV)",
                      x=tuple(r), y=tuple(free))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,))

    def _free_energy(self, hills: Floats, r: Floats, seen: Seen) -> Floats:
        """w at the distances `r`, eV, zero at the farthest: -(T + dT)/dT x hills + 2 kT ln r.

        dT is what the bias adds to the temperature.
        """
        centre, width, height = hills[:, 1], hills[:, 2], hills[:, 3] * seen.system.units.energy_eV
        bias = (height * np.exp(-((r[:, None] - centre) ** 2) / (2 * width**2))).sum(axis=1)
        free = -self.bias / (self.bias - 1) * bias + 2 * BOLTZMANN_EV_PER_K * self.temperature_K * np.log(r)
        return np.asarray(free - free[-20:].mean())


def _spoken(text: str, energy_eV: float, wall: float) -> str:
    """In the units of the script: colvars takes energies as LAMMPS has them, so that of a hill and of the wall."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["hillWeight"]:
            line = f"  {words[0]} {float(words[1]) / energy_eV:g}"
        elif words[:1] == ["forceConstant"]:
            line = f"  {words[0]} {wall:g}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _count(atoms: Atoms) -> int:
    """Of pairs that a box has room for."""
    return max(1, min(_PAIRS, len(atoms) // _ROOM_FOR_A_PAIR))


def _pairs(atoms: Atoms, count: int) -> list[int]:
    """Indices of `count` pairs of neighbours, all of the same two elements, each as far from the others as can be."""
    found: list[int] = []
    kinds = atoms.numbers
    for _ in range(count):
        alike = [n for n in range(len(atoms)) if n not in found and (not found or kinds[n] == kinds[found[0]])]
        away = [min((float(atoms.get_distance(n, m, mic=True)) for m in found), default=0.0) for n in alike]
        one = alike[int(np.argmax(away))]
        near = np.argsort(atoms.get_distances(one, range(len(atoms)), mic=True))[1:]
        other = next(int(n) for n in near if n not in found and (not found or kinds[n] == kinds[found[1]]))
        found += [one, other]
    return found


def _hills(folder: Path) -> list[Floats]:
    """For each pair rows of step, centre, standard deviation and height, as colvars wrote them.

    Raises PartFailed for few.
    """
    found = []
    for file in sorted(folder.glob(f"{_HILLS}*hills.traj")):
        found.append(np.array([line.split() for line in file.read_text().splitlines() if line[:1] != "#"], dtype=float))
    fewest = min(map(len, found), default=0)
    if fewest < _FEWEST:
        raise PartFailed(f"{folder} holds {fewest} hills, too few for a free energy; run longer.")
    return found


def _spread(r: Floats, free: Floats, each: list[list[Floats]]) -> list[float]:
    """Errors of the well's place, of the barrier and of the depth: between pairs, or between the ends of one."""
    if len(each) == 1:
        well, ends = _well(r, free), (_well(r, each[0][0]), _well(r, each[0][-1]))
        return [max(abs(one[n] - well[n]) for one in ends) for n in range(3)]
    bottom, top = _places(r, free)
    curves = [np.mean(parts, axis=0) for parts in each]
    values = [(_well(r, one)[0], one[top] - one[bottom], one[bottom]) for one in curves]
    return [float(np.std([value[n] for value in values], ddof=1) / np.sqrt(len(each))) for n in range(3)]


def _places(r: Floats, free: Floats) -> tuple[int, int]:
    """Indices of the first well and of the maximum behind it."""
    bottom = int(np.argmin(free[: int(0.6 * len(r))]))
    return bottom, bottom + int(np.argmax(free[bottom : bottom + len(r) // 2]))


def _well(r: Floats, free: Floats) -> tuple[float, float, float]:
    """(where the first well is, the barrier behind it, its depth)."""
    bottom, top = _places(r, free)
    return float(r[bottom]), float(free[top] - free[bottom]), float(-free[bottom])
