"""Isothermal elastic constants at a temperature, from mean stresses in strained boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from lang2mlip.labs.lammps.recipe import Dynamics, Findings, Number, Seen, Stage
from lang2mlip.labs.lammps.recipes.strains import EQUAL, KEEP_BOX, STRESS, Matrix, polycrystal, strained, symmetry
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.atoms.statistics import block_mean

__all__ = ["HotElasticConstants"]

_UNSORTED = "atom_modify     sort 0 0.0   # so that each atom meets the same chance in both ways of a strain"
"""Of a strained crystal and its opposite, under the same random forces, the fluctuations are much the same."""

_SETTLE = 0.1
"""Share of the measured time that a box which was just strained is first left to itself."""

_TOGETHER = {"cubic": ((1, 4), (2, 5), (3, 6))}
"""Voigt numbers that are strained at once: in a cubic crystal a stretch and the shear across it act on different
stresses, so that two are had for the price of one. All others are strained one by one."""

_WAYS = {"plus": 1, "minus": -1}
_AT_REST = "unstrained"
_OF_MEAN_BOX = "in the unstrained box: as far from the one asked for as the edges of the box are uncertain"

_PER_PRESSURE = 5.0
"""About by how much a constant grows with pressure, GPa per GPa: of bulk moduli of most solids 4 to 6 (O. L. Anderson,
Equations of State of Solids for Geophysics and Ceramic Science (1995)). Only the error of the box rests on it."""

_EDGES = ("lx", "ly", "lz", "xy", "xz", "yz")
_AVERAGED = (
    *(f"variable        {one}_now equal {one}" for one in _EDGES),
    f"fix             mean all ave/time 1 1 1 {' '.join(f'v_{one}_now' for one in _EDGES)} ave running",
)
_MEAN = {one: f"$(f_mean[{n}]+(f_mean[{n}]==0)*{one}:%.15g)" for n, one in enumerate(_EDGES, 1)}
"""Of each edge and tilt; those of the moment where nothing was averaged, as in a script that is only looked through."""

_SIDES = [f"{side} final 0 {_MEAN[edge]}" for side, edge in zip("xyz", _EDGES, strict=False)]
_TILTS = [f"{tilt} final {_MEAN[tilt]}" for tilt in _EDGES[3:]]
_TO_MEAN = (
    f"change_box      all {' '.join(_SIDES)} &\n"
    f"                {' '.join(_TILTS)} remap units box   # the mean box, not the one of the last step",
    "unfix           mean",
)

_Entry = tuple[int, int]


class HotElasticConstants(Dynamics):
    """Rest under the pressure, the mean box, and from there each strain both ways at constant temperature.

    Stresses are measured under Langevin's random forces (T. Schneider and E. Stoll, Phys. Rev. B 17, 1302 (1978)). A
    chain of thermostats leaves the energy of each vibration where it is for as long as that lives, picoseconds, and
    the stress with it: measured here, means of the same length are three times as uncertain, which blocks do not show.
    A box strained one way and the other meets the same random forces, so that most of the noise cancels in the
    difference, whatever the size of the strain: measured here, six to fifteen times less is left than of two means.
    """

    key: ClassVar[str] = "elastic_hot"
    line: ClassVar[str] = "Elastic constants at a temperature"

    strain: float = Field(default=0.003, gt=0, lt=0.05, description="size of each strain, either way")
    rest_ps: float = Field(default=5.0, gt=0, description="time to come to rest before the box is measured, ps")
    box_ps: float = Field(default=20.0, gt=0, description="time over which the edges of the box are averaged, ps")
    ps: float = Field(default=20.0, gt=0, description="time over which the stress of each strained box is averaged, ps")

    @model_validator(mode="after")
    def _solid(self) -> Self:
        if self.molten:
            raise ValueError("a liquid has no elastic constants; ask for those of the crystal")
        return self

    def measures(self) -> str:
        """In words."""
        held = "in the box given" if self.held else f"at {self.pressure_GPa:g} GPa"
        return (
            f"isothermal elastic constants at {self.temperature_K:g} K {held}, and from them bulk, shear and Young's"
            " modulus of a polycrystal (Voigt, Reuss, Hill)"
        )

    def stages(self, system: System) -> list[Stage]:
        """Rest, the mean box, and the strained boxes."""
        begin, *rest = self.opening(system)
        found = [replace(begin, lines=(_UNSORTED, *begin.lines)), *rest, self._mean_box(system)]
        found.append(self._measured(system, _AT_REST, (), 0))
        for n, numbers in enumerate(_patterns(system), 1):
            for way, sign in _WAYS.items():
                lines = strained(sign * self.strain, *numbers)
                found.append(self._measured(system, _name(numbers, way), lines, n))
        return found

    def _mean_box(self, system: System) -> Stage:
        """The box is kept as it is on average, not as it was at the last step."""
        move = "fix             move all nve" if self.held else _without_heat(self._npt(system, self.temperature_K))
        fixes = (move, self._chance(system, 0), *_AVERAGED)
        after = ("unfix           heat", "unfix           move", *_TO_MEAN, *KEEP_BOX)
        return Stage("box", (*fixes, f"run             {system.steps(self.box_ps)}"), after)

    def _chance(self, system: System, number: int) -> str:
        """Langevin's thermostat, with random numbers of its own."""
        kelvin, damping = f"{self.temperature_K:g}", system.units.of_fs(self.damping_fs)
        return f"fix             heat all langevin {kelvin} {kelvin} {damping} {self.seed + 11 + number} zero yes"

    def _measured(self, system: System, name: str, lines: tuple[str, ...], chance: int) -> Stage:
        """Strained at once, left to settle, and measured: the last of its two runs is the one that is read."""
        runs = tuple(f"run             {system.steps(ps)}" for ps in (_SETTLE * self.ps, self.ps))
        fixes = ("reset_timestep  0", "fix             move all nve", self._chance(system, chance))
        return Stage(name, (*lines, *fixes, *runs), ("unfix           heat", "unfix           move"))

    def longer(self) -> Self:
        """Twice the time to come to rest, for the box, and for each stress."""
        twice = {name: 2 * getattr(self, name) for name in ("rest_ps", "box_ps", "ps")}
        return self.model_copy(update=twice)

    def read(self, seen: Seen) -> Findings:
        """Central differences of mean stresses; what symmetry makes equal is averaged."""
        kind, how = symmetry(seen.system), self._how()
        places = {number: _name(some, "") for some in _patterns(seen.system) for number in some}
        pressure, off = self._pressure(seen)
        matrix = np.zeros((6, 6)) if kind == "cubic" else self._whole(seen, places)
        numbers, noise = [], []
        for group in EQUAL[kind]:
            value, error = self._constant(seen, places, group)
            here = _mask(group)
            matrix = np.where(here, value, matrix)
            noise.append(here * error)
            name, error = f"C{group[0][0]}{group[0][1]}", float(np.hypot(error, off))
            numbers.append(Number(name=name, value=value, error=error, unit="GPa", how=how))
        return Findings(numbers=(*numbers, *polycrystal(matrix, [*noise, off * (np.sum(noise, axis=0) > 0)]), pressure))

    def _pressure(self, seen: Seen) -> tuple[Number, float]:
        """Of the mean box; and by how much constants are off, GPa, because it is not quite the one asked for."""
        mean = block_mean(seen.series(_AT_REST, "Press"))
        off = 0.0 if self.held else float(np.hypot(mean.value - (self.pressure_GPa or 0.0), mean.error))
        told = Number(name="pressure", value=mean.value, error=mean.error, unit="GPa", how=_OF_MEAN_BOX)
        return told, _PER_PRESSURE * off

    def _how(self) -> str:
        under = "" if self.held or not self.pressure_GPa else ", stress-strain coefficients (Birch) under this pressure"
        return (
            f"isothermal{under}; central difference of mean stresses; error: the larger of that by blocking and of the"
            " spread among what symmetry makes equal, and that of the box"
        )

    def _constant(self, seen: Seen, places: Mapping[int, str], group: tuple[_Entry, ...]) -> tuple[float, float]:
        """(mean, standard error) in GPa over all strains that tell something of the group."""
        rows = {k: [j for j in places if (min(j, k), max(j, k)) in group] for k in places}
        found = [(*self._slope(seen, places[k], some), len(some)) for k, some in rows.items() if some]
        values, errors, weights = np.array(found).T
        weights /= weights.sum()
        value, blocked = float(weights @ values), float(np.linalg.norm(weights * errors))
        spread = float(np.sqrt(weights @ (values - value) ** 2 / max(1, len(found) - 1)))
        return value, max(blocked, spread)

    def _slope(self, seen: Seen, place: str, rows: Sequence[int]) -> tuple[float, float]:
        """(mean change of these stresses with the strain, its error), GPa.

        Blocks are of the sum over the stresses and of the difference of both ways, for they fluctuate together.
        """
        plus, minus = (np.mean([seen.series(place + way, STRESS[j - 1]) for j in rows], axis=0) for way in _WAYS)
        change = block_mean((minus - plus) / (2 * self.strain))  # pressure is minus stress
        return change.value, change.error

    def _whole(self, seen: Seen, places: Mapping[int, str]) -> Matrix:
        """All thirty-six, made symmetric, GPa."""
        whole = np.array([[self._slope(seen, places[k], [j])[0] for k in range(1, 7)] for j in range(1, 7)])
        return np.asarray((whole + whole.T) / 2)


def _without_heat(npt: str) -> str:
    """The barostat alone."""
    return re.sub(r"npt temp \S+ \S+ \S+", "nph", npt)


def _patterns(system: System) -> tuple[tuple[int, ...], ...]:
    return _TOGETHER.get(symmetry(system), tuple((number,) for number in range(1, 7)))


def _name(numbers: tuple[int, ...], way: str) -> str:
    return f"strain {' and '.join(str(one) for one in numbers)} {way}"


def _mask(group: tuple[_Entry, ...]) -> Matrix:
    """One where an entry of the matrix belongs to the group, zero elsewhere."""
    found = np.zeros((6, 6))
    for i, j in group:
        found[i - 1, j - 1] = found[j - 1, i - 1] = 1.0
    return found
