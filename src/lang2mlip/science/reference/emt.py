"""Effective medium theory: ASE's EMT, summed over all pairs at once instead of atom by atom."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT, beta
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.data import table
from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.reference.calculator import Computed, Floats, voigt
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.pairs import PairList, Pairs, per_atom

__all__ = ["EMTReference", "FastEMT"]


class EMTReference(Method):
    """Effective medium theory for the fcc metals it was fitted for, and their alloys.

    ASE's table has four more elements "just for fun", by its own words: those are no reference for anything.
    """

    class Settings(Noun):
        """Settings of EMT."""

        asap_cutoff: bool = Field(
            default=False,
            description="cut-off from the largest atom present (as ASAP does) instead of the largest in the table",
        )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str]:
        """The metals that EMT was fitted for."""
        return frozenset(table("references")["emt"]["elements"])

    def packages(self) -> tuple[str, ...]:
        """ASE supplies the parameters."""
        return ("ase",)

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³)."""
        return FastEMT(self.elements(), asap_cutoff=self.settings.asap_cutoff)


class FastEMT(Computed):
    """ASE's EMT with the same parameters and formulas, evaluated over a half list of pairs.

    Equations of Jacobsen et al. (1996) in the notation of ase.calculators.emt, which also supplies the parameters:
    `own` is what the second atom of a pair gives to the first, `other` what the first gives to the second.
    """

    def __init__(self, metals: frozenset[str], asap_cutoff: bool = False) -> None:
        super().__init__(("energy", "free_energy", "energies", "forces", "stress"))
        self._metals = metals
        self._table = EMT(asap_cutoff=asap_cutoff)

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Energy, forces and, in a cell, stress. Raises UnsupportedElement for what EMT was not fitted for."""
        if "numbers" in changes:
            self._initialise(atoms)
        pairs, n = self._pairs.within(atoms), len(atoms)
        energies, slope = self._sum(pairs, n)
        forces, virial = pairs.forces(slope, n)
        energy = float(energies.sum())
        results = {"energy": energy, "free_energy": energy, "energies": energies, "forces": forces}
        return results | ({"stress": voigt(virial, atoms.get_volume())} if atoms.cell.rank == 3 else {})

    def _initialise(self, atoms: Atoms) -> None:
        strange = sorted(set(atoms.symbols) - self._metals)
        if strange:
            raise UnsupportedElement(
                f"EMT cannot treat {', '.join(strange)}; it is for {', '.join(sorted(self._metals))}."
            )
        self._table.initialize(atoms)
        self._species, self._chi = self._table.ia2iz, self._table.chi
        self.par: dict[str, Floats] = {name: values[self._species] for name, values in self._table.par.items()}
        self._pairs = PairList(self._table.rc_list)

    def _sum(self, pairs: Pairs, n_atoms: int) -> tuple[Floats, Floats]:
        """Energy of each atom (eV) and dE/dr of each pair (eV/Å)."""
        r, a, b = pairs.length, pairs.first, pairs.second
        weight = 1.0 / (1.0 + np.exp(self._table.acut * (r - self._table.rc)))
        decay = self._table.acut * (weight - 1.0)
        eta_a, eta_b = self.par["eta2"][a], self.par["eta2"][b]
        chi = self._chi[self._species[a], self._species[b]]
        own = np.exp(-eta_b * (r - beta * self.par["s0"][b])) * chi * weight
        other = np.exp(-eta_a * (r - beta * self.par["s0"][a])) / chi * weight
        density = per_atom(pairs.first, own, n_atoms) + per_atom(pairs.second, other, n_atoms)
        cohesive, slope_s = self._cohesive(density)
        pair_energy, pair_slope = self._pair_energy(pairs, weight, decay)
        half = 0.5 * pair_energy
        energies = cohesive + per_atom(pairs.first, half, n_atoms) + per_atom(pairs.second, half, n_atoms)
        slope = slope_s[pairs.first] * own * (decay - eta_b) + slope_s[pairs.second] * other * (decay - eta_a)
        return energies - self.par["E0"], slope + pair_slope

    def _cohesive(self, density: Floats) -> tuple[Floats, Floats]:
        """E_c plus the one-body part of E_AS of each atom, and its derivative by the density."""
        energies, slope = np.zeros(len(density)), np.zeros(len(density))
        bound = density > 0.0  # an atom without neighbours has only E0, as in ASE
        p = {name: values[bound] for name, values in self.par.items()}
        ds = -np.log(density[bound] * p["inv12gamma1"]) / (beta * p["eta2"])
        stretch = p["lambda"] * ds
        fade = np.exp(-stretch)
        six = 6.0 * p["V0"] * np.exp(-p["kappa"] * ds)
        energies[bound] = p["E0"] * (1.0 + stretch) * fade + six
        slope_ds = -p["E0"] * p["lambda"] * stretch * fade - p["kappa"] * six
        slope[bound] = -slope_ds / (beta * p["eta2"] * density[bound])
        return energies, slope

    def _pair_energy(self, pairs: Pairs, weight: Floats, decay: Floats) -> tuple[Floats, Floats]:
        """The pair part of E_AS (eV) and its dE/dr (eV/Å)."""
        a, b = pairs.first, pairs.second
        chi = self._chi[self._species[a], self._species[b]]
        kappa_a, kappa_b = self.par["kappa"][a], self.par["kappa"][b]
        stretched = pairs.length / beta
        own = self.par["neghalfv0overgamma2"][a] * np.exp(-kappa_b * (stretched - self.par["s0"][b])) * chi * weight
        other = self.par["neghalfv0overgamma2"][b] * np.exp(-kappa_a * (stretched - self.par["s0"][a])) / chi * weight
        return own + other, own * (decay - kappa_b / beta) + other * (decay - kappa_a / beta)
