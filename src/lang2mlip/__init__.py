"""From a sentence to a machine-learned interatomic potential, with the evidence that it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ase.calculators.calculator import Calculator

__all__ = ["__version__", "load_potential"]

__version__ = "0.1.0"


def load_potential(where: str | Path) -> Calculator:
    """An ASE calculator from a run folder, a potential folder or a native file; serves any number of atoms.

    Energy in eV, forces in eV/Å, stress in eV/Å³. Raises BadInput when nothing loadable is there.
    """
    from lang2mlip.doors.potential import load

    return load(where)
