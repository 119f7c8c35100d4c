"""Lennard-Jones with a cut-off that lets energy and force go to zero smoothly."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.data import table
from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.reference.calculator import Computed, Floats, voigt
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.pairs import PairList, per_atom

__all__ = ["LJReference", "LennardJones", "Pair"]


class Pair(Noun):
    """Lennard-Jones parameters of one element."""

    epsilon_eV: float = Field(gt=0, description="depth of the well, eV")
    sigma_A: float = Field(gt=0, description="distance where the energy crosses zero, Å")


class LJReference(Method):
    """Lennard-Jones for rare gases (cited parameters) or for any element with parameters of one's own."""

    class Settings(Noun):
        """Settings of Lennard-Jones."""

        parameters: dict[str, Pair] = Field(
            default_factory=dict, description="per element: epsilon_eV and sigma_A; empty: the table data/lj"
        )
        cutoff_sigma: float = Field(default=3.0, gt=1.2, description="cut-off in units of each pair's sigma")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str]:
        """Elements that have parameters."""
        return frozenset(self._parameters())

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³)."""
        return LennardJones(self._parameters(), self.settings.cutoff_sigma)

    def _parameters(self) -> dict[str, Pair]:
        if self.settings.parameters:
            return self.settings.parameters
        known = table("lj")
        return {symbol: Pair(epsilon_eV=e["epsilon_eV"], sigma_A=e["sigma_A"]) for symbol, e in known.items()}


class LennardJones(Computed):
    """4ε[(σ/r)¹² − (σ/r)⁶]·w(r); w falls from 1 at 0.8 r_c to 0 at r_c with two continuous derivatives.

    Mixed pairs by the Lorentz–Berthelot rules.
    """

    def __init__(self, parameters: dict[str, Pair], cutoff_sigma: float) -> None:
        super().__init__(("energy", "free_energy", "energies", "forces", "stress"))
        self._sigma, self._epsilon = np.full(119, np.nan), np.full(119, np.nan)
        for number, symbol in enumerate(chemical_symbols):
            if symbol in parameters:
                self._sigma[number] = parameters[symbol].sigma_A
                self._epsilon[number] = parameters[symbol].epsilon_eV
        self._reach = cutoff_sigma
        self._pairs = PairList(cutoff_sigma * float(np.nanmax(self._sigma)))

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Energy, forces and, in a cell, stress. Raises UnsupportedElement for an element without parameters."""
        self._refuse(atoms)
        pairs, n = self._pairs.within(atoms), len(atoms)
        z1, z2 = atoms.numbers[pairs.first], atoms.numbers[pairs.second]
        sigma = 0.5 * (self._sigma[z1] + self._sigma[z2])
        half, slope = self._pair(pairs.length, sigma, np.sqrt(self._epsilon[z1] * self._epsilon[z2]))
        energies = per_atom(pairs.first, half, n) + per_atom(pairs.second, half, n)
        forces, virial = pairs.forces(slope, n)
        energy = float(energies.sum())
        results = {"energy": energy, "free_energy": energy, "energies": energies, "forces": forces}
        return results | ({"stress": voigt(virial, atoms.get_volume())} if atoms.cell.rank == 3 else {})

    def _refuse(self, atoms: Atoms) -> None:
        missing = sorted({chemical_symbols[z] for z in atoms.numbers if np.isnan(self._sigma[z])})
        if missing:
            raise UnsupportedElement(
                f"Lennard-Jones has no parameters for {', '.join(missing)}. Give them in its settings."
            )

    def _pair(self, r: Floats, sigma: Floats, epsilon: Floats) -> tuple[Floats, Floats]:
        """Half the energy of each pair (eV) and its dE/dr (eV/Å)."""
        six = (sigma / r) ** 6
        bare, bare_slope = 4 * epsilon * (six**2 - six), -24 * epsilon * (2 * six**2 - six) / r
        weight, weight_slope = _fade(r, self._reach * sigma)
        return 0.5 * bare * weight, bare_slope * weight + bare * weight_slope


def _fade(r: Floats, cutoff: Floats) -> tuple[Floats, Floats]:
    """1 − 10t³ + 15t⁴ − 6t⁵ with t from 0 at 0.8 `cutoff` to 1 at `cutoff`, and its derivative by r."""
    width = 0.2 * cutoff
    t = np.clip((r - 0.8 * cutoff) / width, 0.0, 1.0)
    return 1 - t**3 * (10 - 15 * t + 6 * t**2), -30 * t**2 * (1 - t) ** 2 / width
