"""The universal screened nuclear repulsion of Ziegler, Biersack and Littmark, switched off inside the bonds.

J. F. Ziegler, J. P. Biersack, U. Littmark, *The Stopping and Range of Ions in Matter*, Pergamon 1985.
It carries a potential where no reference data can: two nuclei far inside each other's shells.
"""

from __future__ import annotations

import numpy as np
from ase.data import covalent_radii

__all__ = ["REACH", "zbl", "zbl_reach"]

COULOMB_EV_A = 14.399645478
"""e²/(4πε₀) in eV·Å (CODATA 2018)."""

BOHR_A = 0.529177210903
SCREENING = ((0.18175, 3.19980), (0.50986, 0.94229), (0.28022, 0.40290), (0.02817, 0.20162))
"""(weight, decay) of each exponential of the universal screening function."""


REACH = 0.8
"""Where it ends, in covalent sums: bonds and close contacts of a melt are left to the data (measured: a MACE model that
had to undo a core reaching to 1.0 missed the forces by half as much again)."""


def zbl_reach(z1: int, z2: int) -> float:
    """Distance in Å from which the repulsion of two elements is zero (covalent radii: Cordero 2008, as in ASE)."""
    return REACH * float(covalent_radii[z1] + covalent_radii[z2])


def zbl(distance_A: np.ndarray, z1: int, z2: int, p: int = 6) -> np.ndarray:
    """Repulsion energy in eV of two nuclei; zero from its reach outwards, with two smooth derivatives there.

    The envelope is 1 − (p+1)(p+2)/2 uᵖ + p(p+2) uᵖ⁺¹ − p(p+1)/2 uᵖ⁺² with u = r / reach.
    """
    length = 0.88534 * BOHR_A / (z1**0.23 + z2**0.23)
    screening = sum(weight * np.exp(-decay * distance_A / length) for weight, decay in SCREENING)
    u = np.minimum(distance_A / zbl_reach(z1, z2), 1.0)
    envelope = 1 - (p + 1) * (p + 2) / 2 * u**p + p * (p + 2) * u ** (p + 1) - p * (p + 1) / 2 * u ** (p + 2)
    energy: np.ndarray = COULOMB_EV_A * z1 * z2 / distance_A * screening * envelope
    return energy
