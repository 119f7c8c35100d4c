"""Thermal expansion of a crystal, without MD and so without its noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import Counted
from lang2mlip.science.evaluation.measured import Measured, of_reference, per_cent, relax
from lang2mlip.science.evaluation.phonons import Phonons, primitive
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["Expansion", "ThermalExpansion"]

Floats = NDArray[np.float64]

_STILL_THZ = 0.05
"""Modes below this are the crystal as a whole, which expands nothing."""

_H_EV_PER_THZ = 4.135667696e-3
"""Planck's constant."""


@dataclass(frozen=True)
class Expansion:
    """One calculator's linear expansion coefficient, its Grüneisen parameter, and the calls they took."""

    per_million_K: float
    grueneisen: float
    calls: int


class ThermalExpansion(Noun):
    """α = γ C_V / (3 B V), γ the mean over modes of −d ln ν / d ln V, each by its heat capacity; over all directions
    (E. Grüneisen, Ann. Phys. 344, 257 (1912)).
    """

    temperature_K: float = Field(default=300.0, gt=0, description="K")
    stretch: float = Field(default=0.01, gt=0, lt=0.1, description="lengths are changed by this share to either side")
    limit_percent: float | None = Field(default=None, description="limit, % of the reference")
    phonons: Phonons = Field(default_factory=lambda: Phonons(mesh=4), description="how frequencies are computed")

    def expansion(self, atoms: Atoms, calculator: Any) -> Expansion:
        """One calculator's. Raises PartFailed where the crystal is not stable."""
        counted = Counted(calculator)
        cell, lowest = relax(primitive(atoms), counted, "full", self.phonons.fmax_eV_A)
        smaller, larger = (self._stretched(cell, counted, sign * self.stretch) for sign in (-1, 1))
        spread = (larger[0] - smaller[0]) / 2
        curvature = (larger[2] + smaller[2] - 2 * lowest) / spread**2
        middle = self.phonons.of(cell, counted)
        if curvature <= 0 or min(float(each.min()) for each in (middle, smaller[1], larger[1])) < -_STILL_THZ:
            raise PartFailed(
                f"The crystal {atoms.get_chemical_formula()} is not stable near its equilibrium, so it has no thermal "
                "expansion; train on strained cells first, or ask for another phase."
            )
        heat = _heat_capacity(middle, self.temperature_K) * (np.minimum(smaller[1], larger[1]) > _STILL_THZ)
        each = _grueneisen(smaller, larger)
        mean = float((heat * each).sum() / heat.sum())
        stiffness = float(cell.cell.volume) * curvature
        alpha = mean * float(heat.sum()) / len(middle) / (3 * stiffness * float(cell.cell.volume))
        return Expansion(1e6 * alpha, mean, counted.calls)

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both; `reference` is a calculator, or an Expansion from before, which costs nothing."""
        mine = self.expansion(atoms, potential)
        known = of_reference(reference, Expansion, lambda one: self.expansion(atoms, one))
        where, pair = f"{subject}, {self.temperature_K:.0f} K", (mine.per_million_K, known.per_million_K)
        alpha = per_cent("thermal_expansion", where, "10⁻⁶/K", pair, self.limit_percent)
        parameter = per_cent("grueneisen_parameter", subject, "", (mine.grueneisen, known.grueneisen))
        found = (alpha.model_copy(update={"group": subject}), parameter)
        return Measured(found, {}, 0 if known is reference else known.calls)

    def _stretched(self, cell: Atoms, counted: Counted, share: float) -> tuple[float, Floats, float]:
        """(volume in Å³, frequencies in THz, energy in eV) of the cell with lengths changed by a share."""
        changed = cell.copy()
        changed.set_cell((1 + share) * cell.cell.array, scale_atoms=True)
        relaxed, energy = relax(changed, counted, "fixed", self.phonons.fmax_eV_A)
        return float(relaxed.cell.volume), self.phonons.of(relaxed, counted), energy


def _grueneisen(smaller: tuple[float, Floats, float], larger: tuple[float, Floats, float]) -> Floats:
    """−d ln ν / d ln V of each mode, the shape of the frequencies."""
    change = np.log(np.maximum(larger[1], _STILL_THZ)) - np.log(np.maximum(smaller[1], _STILL_THZ))
    return np.asarray(-change / np.log(larger[0] / smaller[0]))


def _heat_capacity(THz: Floats, temperature_K: float) -> Floats:
    """Of each mode, eV/K (Einstein); the classical one for modes that stand still."""
    ratio = np.maximum(_H_EV_PER_THZ * np.abs(THz) / (BOLTZMANN_EV_PER_K * temperature_K), 1e-6)
    return np.asarray(BOLTZMANN_EV_PER_K * (ratio / (2 * np.sinh(ratio / 2))) ** 2)
