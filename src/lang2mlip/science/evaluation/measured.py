"""What every property measurement answers with, and the crystal work that several share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import spglib
from ase import Atoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from lang2mlip.contracts import Property
from lang2mlip.errors import BadInput, PartFailed, ReferenceFailed
from lang2mlip.science.atoms.drive import FAULTS, Counted

__all__ = ["Measured", "conventional", "of_reference", "per_cent", "relax", "space_group_number"]

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    """Numbers of the potential beside the reference's, curves that JSON can hold, and what they cost."""

    properties: tuple[Property, ...]
    curves: dict[str, Any]
    reference_calls: int


def of_reference(reference: Any, kind: type[T], measured: Callable[[Any], T]) -> T:
    """What the reference says: `reference` itself where it is a `kind` from before, else `measured` with it.

    Raises ReferenceFailed where it has no value, so that nobody takes its fault for the potential's.
    """
    if isinstance(reference, kind):
        return reference
    try:
        return measured(reference)
    except PartFailed as error:
        raise ReferenceFailed(f"The reference has no value here, so nothing can be judged by it: {error}") from error


def per_cent(name: str, subject: str, unit: str, values: tuple[float, float], limit: float | None = None) -> Property:
    """A property from (potential, reference) whose deviation is in % of the reference."""
    value, reference = values
    deviation = abs(value - reference) / abs(reference) * 100 if reference else float("inf")
    return Property(
        name=name, subject=subject, unit=unit, value=value, reference=reference, limit=limit, deviation=deviation
    )


def conventional(atoms: Atoms) -> Atoms:
    """The smallest conventional cell of a crystal, in its standard setting; the atoms where none is found."""
    _periodic(atoms)
    cell = spglib.standardize_cell(_spglib_cell(atoms), to_primitive=False, symprec=1e-3)
    if cell is None:
        return _bare(atoms)
    lattice, positions, numbers = cell
    return Atoms(numbers=numbers, scaled_positions=positions, cell=lattice, pbc=True)


def space_group_number(atoms: Atoms) -> int:
    """The number of the space group; 1 where none is found, or where the axes are not those of the standard setting."""
    found = spglib.get_symmetry_dataset(_spglib_cell(atoms), symprec=1e-3)
    if found is None or not np.allclose(found.std_rotation_matrix, np.eye(3), atol=1e-3):
        return 1
    return int(found.number)


def relax(
    atoms: Atoms, counted: Counted, cell: str = "fixed", fmax: float = 1e-3, steps: int = 200
) -> tuple[Atoms, float]:
    """(relaxed atoms, energy in eV); `cell` is fixed, volume (same shape) or full. Raises PartFailed."""
    moved: Atoms = atoms.copy()
    moved.calc = counted
    target: Any = moved
    if cell != "fixed":
        target = FrechetCellFilter(moved, hydrostatic_strain=cell == "volume")
    optimiser = BFGS(target, logfile=None)
    try:
        ended = optimiser.run(fmax=fmax, steps=steps)
        energy = float(moved.get_potential_energy())
    except FAULTS as error:
        raise PartFailed(f"Relaxing {atoms.get_chemical_formula()} failed: {error}") from error
    if not ended or not np.isfinite(energy):
        raise PartFailed(
            f"Relaxing {atoms.get_chemical_formula()} did not reach {fmax:g} eV/Å in {steps} steps; "
            "the potential may have no minimum here, so train it on such structures first."
        )
    moved.calc = None
    return moved, energy


def _bare(atoms: Atoms) -> Atoms:
    return Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def _periodic(atoms: Atoms) -> None:
    if not atoms.pbc.all() or atoms.cell.rank < 3:
        raise BadInput("A crystal property needs a cell that is periodic in three directions; this structure has none.")


def _spglib_cell(atoms: Atoms) -> tuple[Any, Any, Any]:
    return np.array(atoms.cell), atoms.get_scaled_positions(), atoms.numbers
