"""Phonons by finite displacements: frequencies of the potential beside the reference's over the Brillouin zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun, Property
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import Counted, single_point
from lang2mlip.science.evaluation.measured import Measured, of_reference, relax

__all__ = ["Frequencies", "Phonons", "primitive"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frequencies:
    """One calculator's frequencies, THz (negative: imaginary), shape (q points, bands), and the calls they took."""

    THz: Floats
    calls: int


class Phonons(Noun):
    """Harmonic frequencies on an even mesh, each at the calculator's own equilibrium (phonopy; A. Togo, J. Phys. Soc.
    Jpn. 92, 012001 (2023)). Long-range dipole terms of polar crystals are in neither side.
    """

    length_A: float = Field(default=8.0, gt=0, description="shortest edge of the supercell, Å")
    displacement_A: float = Field(default=0.01, gt=0, lt=0.2, description="how far atoms are moved, Å")
    mesh: int = Field(default=6, ge=1, le=40, description="q points along each reciprocal vector")
    fmax_eV_A: float = Field(default=1e-3, gt=0, description="largest force left after relaxing, eV/Å")
    limit_THz: float | None = Field(default=None, gt=0, description="limit of the rms difference, THz")

    def frequencies(self, atoms: Atoms, calculator: Any) -> Frequencies:
        """One calculator's. Raises PartFailed when it has no equilibrium here."""
        counted = Counted(calculator)
        cell, _ = relax(primitive(atoms), counted, "full", self.fmax_eV_A)
        return Frequencies(self.of(cell, counted), counted.calls)

    def of(self, cell: Atoms, counted: Counted) -> Floats:
        """THz, shape (q points, bands), of a cell as it is. Raises PartFailed on forces that are not finite."""
        phonon = self._displaced(cell)
        forces = [single_point(_from_phonopy(one), counted).forces for one in phonon.supercells_with_displacements]
        if any(not np.isfinite(force).all() for force in forces):
            raise PartFailed(f"A displaced cell of {cell.get_chemical_formula()} has forces that are not finite.")
        phonon.forces = np.array(forces)
        phonon.produce_force_constants()
        phonon.run_mesh([self.mesh] * 3, is_mesh_symmetry=False)
        return np.array(phonon.get_mesh_dict()["frequencies"])

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Both; `reference` is a calculator, or Frequencies from before, which cost nothing."""
        mine = self.frequencies(atoms, potential)
        known = of_reference(reference, Frequencies, lambda one: self.frequencies(atoms, one))
        if mine.THz.shape != known.THz.shape:
            raise PartFailed(f"The potential relaxes {subject} to another cell than the reference; no band matches.")
        away = float(np.sqrt(np.mean((mine.THz - known.THz) ** 2)))
        properties = (
            Property(name="phonon_frequencies", subject=subject, unit="THz rms", value=away, reference=0.0,
                     limit=self.limit_THz, deviation=away, deviation_unit="THz"),
            _highest(subject, mine.THz, known.THz),
            _lowest(subject, mine.THz, known.THz),
        )  # fmt: skip
        curves = {
            "phonon_dos": {"potential": _density(mine.THz, known.THz), "reference": _density(known.THz, mine.THz)}
        }
        return Measured(properties, curves, 0 if known is reference else known.calls)

    def _displaced(self, cell: Atoms) -> Any:
        from phonopy import Phonopy
        from phonopy.structure.atoms import PhonopyAtoms

        unit = PhonopyAtoms(symbols=list(cell.symbols), cell=cell.cell.array, positions=cell.positions)
        heights = cell.cell.volume / np.linalg.norm(np.cross(cell.cell[[1, 2, 0]], cell.cell[[2, 0, 1]]), axis=1)
        copies = np.maximum(1, np.ceil(self.length_A / heights)).astype(int)
        phonon = Phonopy(unit, supercell_matrix=np.diag(copies), log_level=0)
        phonon.generate_displacements(distance=self.displacement_A)
        return phonon


def primitive(atoms: Atoms) -> Atoms:
    """The primitive cell in its standard setting; the atoms where none is found."""
    import spglib

    found = spglib.standardize_cell((atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), to_primitive=True)
    if found is None:
        return Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)
    lattice, positions, numbers = found
    return Atoms(numbers=numbers, scaled_positions=positions, cell=lattice, pbc=True)


def _from_phonopy(one: Any) -> Atoms:
    return Atoms(list(one.symbols), positions=one.positions, cell=one.cell, pbc=True)


def _highest(subject: str, mine: Floats, known: Floats) -> Property:
    value, reference = float(mine.max()), float(known.max())
    return Property(name="highest_phonon", subject=subject, unit="THz", value=value, reference=reference,
                    deviation=100 * abs(value - reference) / max(1e-9, abs(reference)))  # fmt: skip


def _lowest(subject: str, mine: Floats, known: Floats) -> Property:
    """Imaginary modes of one side alone mean that the two disagree on what is stable."""
    value, reference = float(mine.min()), float(known.min())
    return Property(name="lowest_phonon", subject=subject, unit="THz", value=value, reference=reference,
                    deviation=abs(value - reference), deviation_unit="THz")  # fmt: skip


def _density(own: Floats, other: Floats, bins: int = 80) -> dict[str, list[float]]:
    """States per THz and band, on the same bins for both sides."""
    edges = np.linspace(min(0.0, float(own.min()), float(other.min())), 1.05 * max(own.max(), other.max()), bins + 1)
    counted = np.histogram(own.ravel(), edges, density=True)[0]
    return {"THz": (0.5 * (edges[1:] + edges[:-1])).tolist(), "states": counted.tolist()}
