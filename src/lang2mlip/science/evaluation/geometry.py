"""Shape and vibrations of a molecule: bonds, angles and harmonic frequencies at each calculator's own minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import invcm
from ase.vibrations import VibrationsData
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun, Property
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.atoms.neighbours import bond_graph
from lang2mlip.science.evaluation.measured import Measured, of_reference, relax

__all__ = ["Geometry", "Shape"]

Values = NDArray[np.float64]

_RELAX_STEPS = 400
"""Molecules have soft torsions; crystals need far fewer."""


@dataclass(frozen=True)
class Shape:
    """One calculator's minimum: atoms, wavenumbers of the harmonic vibrations (cm⁻¹, ascending; imaginary ones
    negative) without the motions of the whole molecule, and the calls it all took."""

    atoms: Atoms
    wavenumbers: Values
    calls: int


class Geometry(Noun):
    """Bond lengths, bond angles and harmonic wavenumbers of one molecule in vacuum, root mean square deviations."""

    fmax_eV_A: float = Field(default=2e-3, gt=0, description="largest force left after relaxing, eV/Å")
    displacement_A: float = Field(default=0.01, gt=0, description="step of the finite differences, Å")
    bond_limit_A: float | None = Field(default=None, description="limit for the bond lengths, Å")
    angle_limit_degrees: float | None = Field(default=None, description="limit for the angles, degrees")
    wavenumber_limit_per_cm: float | None = Field(default=None, description="limit for the wavenumbers, cm⁻¹")

    def shape(self, atoms: Atoms, calculator: Any) -> Shape:
        """One calculator's, from these atoms; about 30 + 6 N calls. Raises PartFailed; BadInput for a crystal."""
        if atoms.pbc.any():
            raise BadInput("The geometry of a molecule is measured in vacuum; this structure is periodic.")
        counted = Counted(calculator)
        relaxed, _ = relax(atoms, counted, "fixed", self.fmax_eV_A, _RELAX_STEPS)
        return Shape(relaxed, self._wavenumbers(relaxed, counted), counted.calls)

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both; `reference` is a calculator, or a Shape from before, which costs nothing."""
        known = of_reference(reference, Shape, lambda one: self.shape(atoms, one))
        mine = self.shape(atoms, potential)
        bonds = bond_graph(known.atoms)
        if bonds != bond_graph(mine.atoms):
            raise PartFailed(f"Relaxed with the potential, {subject} has other bonds than with the reference.")
        columns = (
            ("bond_length", "Å", self.bond_limit_A, _bonds(known, bonds), _bonds(mine, bonds)),
            ("bond_angle", "°", self.angle_limit_degrees, _angles(known, bonds), _angles(mine, bonds)),
            ("wavenumber", "cm⁻¹", self.wavenumber_limit_per_cm, known.wavenumbers, mine.wavenumbers),
        )
        found = tuple(_rms(name, subject, unit, limit, (m, k)) for name, unit, limit, k, m in columns if len(k))
        curves = {"wavenumbers": {"potential": mine.wavenumbers.tolist(), "reference": known.wavenumbers.tolist()}}
        return Measured(found, curves, 0 if known is reference else known.calls)

    def _wavenumbers(self, relaxed: Atoms, counted: Counted) -> Values:
        """cm⁻¹, from central differences of the forces; the motions of the whole molecule left out."""
        count = 3 * len(relaxed)
        hessian = np.zeros((count, count))
        for row in range(count):
            forces = [self._displaced(relaxed, counted, row, sign * self.displacement_A) for sign in (1, -1)]
            hessian[row] = (forces[1] - forces[0]) / (2 * self.displacement_A)
        data = VibrationsData.from_2d(relaxed, 0.5 * (hessian + hessian.T))
        energies = data.get_energies()
        signed = np.where(np.abs(energies.imag) > np.abs(energies.real), -np.abs(energies.imag), energies.real) / invcm
        whole = _whole_motions(relaxed)
        return np.sort(signed[np.argsort(np.abs(signed))[whole:]])

    @staticmethod
    def _displaced(relaxed: Atoms, counted: Counted, row: int, size: float) -> Values:
        moved = relaxed.copy()
        moved.positions[row // 3, row % 3] += size
        return single_point(moved, counted).forces.ravel()


def _whole_motions(atoms: Atoms) -> int:
    """Motions of the molecule as a whole: 3 of an atom, 5 of a line, 6 of anything else."""
    if len(atoms) == 1:
        return 3
    moments = atoms.get_moments_of_inertia()
    return 5 if moments.min() < 1e-3 * moments.max() else 6


def _bonds(shape: Shape, bonds: tuple[tuple[int, int], ...]) -> Values:
    return np.array([shape.atoms.get_distance(i, j) for i, j in bonds])


def _angles(shape: Shape, bonds: tuple[tuple[int, int], ...]) -> Values:
    """Every angle between two bonds of one atom, degrees."""
    at: dict[int, list[int]] = {}
    for i, j in bonds:
        at.setdefault(i, []).append(j)
        at.setdefault(j, []).append(i)
    triples = [(a, centre, b) for centre, ends in at.items() for n, a in enumerate(ends) for b in ends[n + 1 :]]
    return np.array([shape.atoms.get_angle(*triple) for triple in triples])


def _rms(name: str, subject: str, unit: str, limit: float | None, values: tuple[Values, Values]) -> Property:
    """Means of both, with the root mean square of the differences as the deviation."""
    mine, known = values
    deviation = float(np.sqrt(np.mean((mine - known) ** 2)))
    return Property(
        name=name,
        subject=subject,
        unit=unit,
        value=float(mine.mean()),
        reference=float(known.mean()),
        limit=limit,
        deviation=deviation,
        deviation_unit=unit,
    )
