"""Is this MD still physics? Limits, a check that answers with a sentence, and a watch that remembers what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from ase.geometry import find_mic
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import chdtri

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.neighbours import closest_of, pair_key, pairs

__all__ = ["Health", "Reading", "Watch", "check", "pair_limits"]


class Health(Noun):
    """What may not happen in a run. A limit of None is not checked."""

    pair_factor: float = Field(default=0.5, ge=0, description="shortest distance allowed, times the covalent sum")
    pair_minimum_A: dict[str, float] = Field(
        default_factory=dict,
        description="shortest distance allowed for named pairs such as A-B, Å; wins over the factor",
    )
    max_force_eV_A: float | None = Field(default=100.0, gt=0, description="largest force on an atom, eV/Å")
    temperature_factor: float | None = Field(
        default=2.0, gt=1, description="highest temperature, times the aim and times what chance allows"
    )
    volume_ratio: tuple[float, float] | None = Field(default=(0.5, 2.0), description="volume over the first volume")
    energy_change_eV_atom: float | None = Field(
        default=3.0, gt=0, description="change of the potential energy since the start, either way, eV/atom"
    )
    bonds: tuple[tuple[int, int], ...] = Field(default=(), description="pairs of atoms that must stay bonded")
    bond_stretch: float = Field(default=1.6, gt=1, description="longest bond allowed, times its first length")


@dataclass(frozen=True)
class Reading:
    """What the integrator knows at a step beyond the atoms."""

    step: int
    energy_eV: float
    forces_eV_A: NDArray[np.float64]
    temperature_K: float
    target_K: float | None = None
    degrees_of_freedom: int = 0


_T_FLOOR_K = 300.0
"""Below this aim the heat of an unrelaxed start, not a runaway, sets the temperature."""

_RARE = 1e-9
"""Chance of a kinetic energy (chi-squared) that is not blamed on the potential."""


def pair_limits(numbers: NDArray[Any], health: Health) -> dict[str, float]:
    """The shortest distance allowed for each element pair of these atoms, Å."""
    kinds = sorted({int(number) for number in numbers})
    limits = {}
    for a in kinds:
        for b in kinds:
            key = pair_key(chemical_symbols[a], chemical_symbols[b])
            factor_limit = health.pair_factor * float(covalent_radii[a] + covalent_radii[b])
            limits[key] = health.pair_minimum_A.get(key, factor_limit)
    return limits


def check(atoms: Atoms, health: Health, reading: Reading | None = None) -> str | None:
    """The first limit that these atoms break, as a sentence with values, or None. For one configuration on its own."""
    watch = Watch(health, atoms)
    return watch.geometry(atoms) or (watch.reading(reading) if reading else None)


@dataclass
class Watch:
    """Checks one run against its limits, relative to its first configuration, and remembers the ranges seen.

    `seen` maps a quantity to (lowest, highest): `distance A-B` (Å), `force` (eV/Å), `temperature` (K),
    `energy` (eV/atom), `volume` (Å³/atom), `stretch` (of the watched bonds, times their first length).
    """

    health: Health
    start: Atoms
    start_energy_eV: float | None = None
    seen: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._limits = pair_limits(self.start.numbers, self.health)
        widest = float(covalent_radii[self.start.numbers].max()) if len(self.start) else 1.0
        self._search_A = max(2.6 * widest, *self._limits.values(), 0.5)
        self._bonds = np.array(self.health.bonds, dtype=int).reshape(-1, 2)
        self._lengths = self._bond_lengths(self.start)
        self._volume = self.start.cell.volume

    def geometry(self, atoms: Atoms) -> str | None:
        """Distances, bonds and volume: needs no calculator, so it can run before one is asked."""
        if not np.isfinite(atoms.positions).all():
            return "a position is not finite"
        return self._volume_trip(atoms) or self._distance_trip(atoms) or self._bond_trip(atoms)

    def reading(self, reading: Reading) -> str | None:
        """Forces, energy and temperature of a step."""
        n = max(1, len(reading.forces_eV_A))
        force = float(np.sqrt(np.einsum("ij,ij->i", reading.forces_eV_A, reading.forces_eV_A).max(initial=0.0)))
        if not (np.isfinite(force) and np.isfinite(reading.energy_eV)):
            return f"energy {reading.energy_eV} eV or a force is not finite"
        self._note({"force": force, "temperature": reading.temperature_K, "energy": reading.energy_eV / n})
        limit = self.health.max_force_eV_A
        if limit is not None and force > limit:
            return f"a force of {force:.1f} eV/Å is above {limit:g} eV/Å"
        return self._energy_trip(reading.energy_eV / n) or self._temperature_trip(reading)

    def _note(self, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            low, high = self.seen.get(key, (value, value))
            self.seen[key] = (float(min(low, value)), float(max(high, value)))

    def _distance_trip(self, atoms: Atoms) -> str | None:
        try:
            shortest = closest_of(pairs(atoms, self._search_A), atoms.numbers)
        except BadInput as error:
            return f"the cell collapsed: {error}"
        self._note({f"distance {key}": value for key, value in shortest.items()})
        for key, value in shortest.items():
            if value < self._limits[key]:
                return f"the pair {key} came to {value:.3f} Å, nearer than {self._limits[key]:.3f} Å"
        return None

    def _bond_trip(self, atoms: Atoms) -> str | None:
        if not len(self._bonds):
            return None
        ratio = self._bond_lengths(atoms) / self._lengths
        worst = int(ratio.argmax())
        self._note({"stretch": float(ratio[worst])})
        if ratio[worst] <= self.health.bond_stretch:
            return None
        i, j = self._bonds[worst]
        name = f"{atoms.symbols[i]}{i}-{atoms.symbols[j]}{j}"
        return f"the bond {name} stretched to {ratio[worst] * self._lengths[worst]:.2f} Å, {ratio[worst]:.2f} times"

    def _bond_lengths(self, atoms: Atoms) -> NDArray[np.float64]:
        if not len(self._bonds):
            return np.zeros(0)
        vectors = atoms.positions[self._bonds[:, 1]] - atoms.positions[self._bonds[:, 0]]
        return np.asarray(find_mic(vectors, atoms.cell, atoms.pbc)[1])

    def _volume_trip(self, atoms: Atoms) -> str | None:
        if not atoms.pbc.any() or self._volume <= 0:
            return None
        volume = atoms.cell.volume
        self._note({"volume": volume / len(atoms)})
        limits, ratio = self.health.volume_ratio, volume / self._volume
        if limits is not None and not limits[0] <= ratio <= limits[1]:
            return f"the volume is {ratio:.2f} times the first, outside {limits[0]:g} to {limits[1]:g}"
        return None

    def _energy_trip(self, energy_eV_atom: float) -> str | None:
        if self.start_energy_eV is None:
            self.start_energy_eV = energy_eV_atom * len(self.start)
        change = energy_eV_atom - self.start_energy_eV / max(1, len(self.start))
        limit = self.health.energy_change_eV_atom
        if limit is not None and abs(change) > limit:
            return f"the potential energy changed by {change:+.2f} eV/atom, more than {limit:g}"
        return None

    def _temperature_trip(self, reading: Reading) -> str | None:
        if reading.target_K is None or self.health.temperature_factor is None or reading.degrees_of_freedom < 1:
            return None
        rare = float(chdtri(reading.degrees_of_freedom, _RARE)) / reading.degrees_of_freedom
        limit = max(reading.target_K, _T_FLOOR_K) * self.health.temperature_factor * rare
        if reading.temperature_K > limit:
            return f"the temperature of {reading.temperature_K:.0f} K is above {limit:.0f} K, a runaway"
        return None
