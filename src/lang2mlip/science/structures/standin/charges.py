"""Partial charges of a molecule or ion: MMFF94's where it has them, else by equal electronegativity."""

from __future__ import annotations

from typing import Any

import numpy as np

from lang2mlip.data import table

__all__ = ["ION_SCALE", "partial_charges"]

ION_SCALE = 0.75
"""Charges of ions times this: stands for the electronic screening that fixed charges lack (Leontyev and Stuchebrukhov,
Phys. Chem. Chem. Phys. 13, 2613 (2011), find 0.7 to 0.75)."""

_COULOMB = 14.3996
"""e²/4πε₀ in eV Å."""


def partial_charges(molecule: Any, given: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Charges in e, shape (n,), of a molecule with its hydrogens; `given` are tabulated ones, NaN where unknown.

    Neutral molecules add up to nought, ions to 0.75 of their formal charge.
    """
    formal = np.array([atom.GetFormalCharge() for atom in molecule.GetAtoms()], float)
    total = formal.sum()
    known = _of_mmff(molecule) if np.isnan(given).any() else given
    if known is None:
        known = _equalised([atom.GetSymbol() for atom in molecule.GetAtoms()], positions, total)
    if known is None:
        known = formal
    even = known + (total - known.sum()) / len(known)
    return np.asarray(even * (ION_SCALE if total else 1.0))


def _of_mmff(molecule: Any) -> np.ndarray | None:
    from rdkit.Chem import rdForceFieldHelpers as helpers

    if not helpers.MMFFHasAllMoleculeParams(molecule):
        return None
    properties = helpers.MMFFGetMoleculeProperties(molecule)
    return np.array([properties.GetMMFFPartialCharge(n) for n in range(molecule.GetNumAtoms())])


def _equalised(symbols: list[str], positions: np.ndarray, total: float) -> np.ndarray | None:
    """Minimum of Σ χq + ½Jq² + Coulomb, damped at short range after Ohno, with the given sum."""
    values = table("standin")["electronegativity"]["elements"]
    if not set(symbols) <= set(values):
        return None
    chi, hardness = np.array([values[symbol] for symbol in symbols]).T
    n = len(symbols)
    distance = np.linalg.norm(positions[:, None] - positions, axis=2)
    damping = 2 * _COULOMB / (hardness[:, None] + hardness)
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n] = _COULOMB / np.sqrt(distance**2 + damping**2)
    matrix[n, :n] = matrix[:n, n] = 1.0
    return np.asarray(np.linalg.solve(matrix, np.append(-chi, total))[:n])
