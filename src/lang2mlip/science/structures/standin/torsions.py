"""UFF's torsions: the barrier from RDKit, period and phase from the hybridisation (Rappé 1992, equations 15 to 17)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lang2mlip.units import KCAL_PER_MOL_IN_EV

__all__ = ["torsions"]

_CHALCOGENS = frozenset([8, 16, 34, 52, 84])


def torsions(molecule: Any, links: Iterable[tuple[int, ...]]) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """(i, j, k, l), (K eV, d, n) of K[1 + d cos(nφ)]; the barrier of a bond is shared by all torsions about it."""
    from rdkit.Chem import rdForceFieldHelpers as helpers

    rows: list[tuple[tuple[int, ...], tuple[float, ...]]] = []
    for j, k in links:
        ends = [(i, m) for i in _around(molecule, j, k) for m in _around(molecule, k, j) if i != m]
        for i, m in ends:
            barrier = helpers.GetUFFTorsionParams(molecule, i, j, k, m)
            if barrier:
                period, sign = _shape(molecule, (i, j, k, m))
                height = 0.5 * float(barrier) / len(ends) * KCAL_PER_MOL_IN_EV
                rows.append(((i, j, k, m), (round(height, 6), float(sign), float(period))))
    return rows


def _around(molecule: Any, atom: int, other: int) -> list[int]:
    return sorted(n.GetIdx() for n in molecule.GetAtomWithIdx(atom).GetNeighbors() if n.GetIdx() != other)


def _shape(molecule: Any, places: tuple[int, int, int, int]) -> tuple[int, int]:
    """Period n and sign d."""
    from rdkit.Chem import HybridizationType

    end_one, one, two, end_two = (molecule.GetAtomWithIdx(n) for n in places)
    flat = [atom.GetHybridization() == HybridizationType.SP2 for atom in (end_one, one, two, end_two)]
    heavy = [atom.GetAtomicNum() in _CHALCOGENS for atom in (one, two)]
    if flat[1] and flat[2]:
        return 2, -1
    if not flat[1] and not flat[2]:
        return (2, 1) if all(heavy) else (3, 1)
    tetrahedral, planar = (1, 0) if flat[1] else (0, 1)
    if heavy[tetrahedral] and not heavy[planar]:
        return 2, 1
    beyond = flat[0] if flat[1] else flat[3]
    return (3, 1) if beyond else (6, -1)
