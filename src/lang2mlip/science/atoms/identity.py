"""What makes two structures the same one: a hash of their content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["structure_id"]

_DECIMALS = 6
"""Positions and cell vectors count to 1e-6 Å."""


def structure_id(atoms: Atoms) -> str:
    """16 hexadecimal digits from the numbers, positions and cell (to 1e-6 Å), and periodic directions, in file order.

    Energies, velocities, names and other notes do not enter; a shifted, rotated or reordered copy is another structure.
    """
    digest = hashlib.sha256()
    digest.update(np.asarray(atoms.numbers, dtype="<i4").tobytes())
    digest.update(np.asarray(atoms.pbc, dtype="u1").tobytes())
    for lengths in (atoms.positions, atoms.cell.array):
        # Adding zero turns -0.0 into 0.0, whose bytes differ.
        rounded = np.round(np.asarray(lengths, dtype="<f8"), _DECIMALS) + 0.0
        digest.update(rounded.tobytes())
    return digest.hexdigest()[:16]
