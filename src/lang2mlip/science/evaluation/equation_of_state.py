"""Energy against volume: lattice parameter and bulk modulus (Birch 1947, third order)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.evaluation.measured import Measured, conventional, of_reference, per_cent
from lang2mlip.units import gpa

__all__ = ["BirchMurnaghan", "Curve", "EquationOfState", "birch_murnaghan"]


_ROUNDING_eV = 1e-10
"""Energies per atom that differ by less do so by rounding alone, and a minimum of theirs is none."""


@dataclass(frozen=True)
class BirchMurnaghan:
    """The minimum of the curve."""

    volume_A3_atom: float
    energy_eV_atom: float
    bulk_modulus_GPa: float


@dataclass(frozen=True)
class Curve:
    """One calculator's curve and its minimum."""

    volume_A3_atom: list[float]
    energy_eV_atom: list[float]
    minimum: BirchMurnaghan
    lattice_parameter_A: float

    def as_json(self) -> dict[str, list[float]]:
        """For the report."""
        return {"volume_A3_atom": self.volume_A3_atom, "energy_eV_atom": self.energy_eV_atom}


def birch_murnaghan(volumes: Sequence[float], energies: Sequence[float]) -> BirchMurnaghan:
    """The third-order curve through the points: E is a cubic in x = V^(−2/3), so the fit is linear and has one answer.

    Raises PartFailed when the fitted curve has no minimum within the volumes.
    """
    volume, energy = np.asarray(volumes, dtype=float), np.asarray(energies, dtype=float)
    scale = float(volume.mean())
    flat = bool(np.ptp(energy) <= _ROUNDING_eV + 1e-12 * float(np.abs(energy).max()))
    cubic = np.polynomial.Polynomial.fit((volume / scale) ** (-2 / 3), energy, 3).convert()
    slope, bend = cubic.deriv(1), cubic.deriv(2)
    for root in () if flat else slope.roots():
        x = float(np.real(root))
        if abs(np.imag(root)) > 1e-9 or x <= 0 or bend(x) <= 0:
            continue
        at = x**-1.5
        if volume.min() <= at * scale <= volume.max():
            # B = V d²E/dV² and, at the minimum, d²E/dV² = E''(x) (dx/dV)² with dx/dV = −(2/3) x / V
            modulus = float(bend(x)) * (2 / 3 * x) ** 2 / (at * scale)
            return BirchMurnaghan(at * scale, float(cubic(x)), gpa(modulus))
    raise PartFailed(
        f"The energy has no minimum between {volume.min():.2f} and {volume.max():.2f} Å³/atom; "
        "give a structure nearer to equilibrium, or train the potential on strained cells."
    )


class EquationOfState(Noun):
    """Energy of a crystal, evenly expanded and compressed, atoms at their fractional places."""

    points: int = Field(default=9, ge=5, description="volumes")
    volume_range: float = Field(default=0.06, gt=0, lt=0.5, description="largest change of the volume, either way")
    lattice_percent: float | None = Field(default=None, description="limit for the lattice parameter, %")
    bulk_modulus_percent: float | None = Field(default=None, description="limit for the bulk modulus, %")
    reduce: bool = Field(default=True, description="use the smallest conventional cell; not for Γ-only methods")

    def curve(self, atoms: Atoms, calculator: Any) -> Curve:
        """One calculator's curve; costs `points` calls. Raises PartFailed."""
        crystal = conventional(atoms) if self.reduce else atoms.copy()
        strains = np.linspace(1 - self.volume_range, 1 + self.volume_range, self.points)
        volumes, energies = [], []
        for strain in strains:
            cell = crystal.copy()
            cell.set_cell(crystal.cell * strain ** (1 / 3), scale_atoms=True)
            volumes.append(cell.cell.volume / len(cell))
            energies.append(single_point(cell, calculator).energy / len(cell))
        minimum = birch_murnaghan(volumes, energies)
        standard = conventional(atoms)
        stretch = (minimum.volume_A3_atom * len(standard) / standard.cell.volume) ** (1 / 3)
        return Curve(volumes, energies, minimum, float(standard.cell.lengths()[0] * stretch))

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both curves; `reference` is a calculator, or a Curve from before, which costs nothing."""
        mine = self.curve(atoms, potential)
        known = of_reference(reference, Curve, lambda one: self.curve(atoms, one))
        a = (mine.lattice_parameter_A, known.lattice_parameter_A)
        b = (mine.minimum.bulk_modulus_GPa, known.minimum.bulk_modulus_GPa)
        return Measured(
            (
                per_cent("lattice_parameter", subject, "Å", a, self.lattice_percent),
                per_cent("bulk_modulus", subject, "GPa", b, self.bulk_modulus_percent),
            ),
            {"eos": {"potential": mine.as_json(), "reference": known.as_json()}},
            0 if known is reference else self.points,
        )
