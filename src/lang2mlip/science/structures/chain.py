"""Polymer chains: repeat units joined head to tail, with the tacticity that was asked for, as one SMILES."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.conformer import rdkit

if TYPE_CHECKING:
    from rdkit.Chem.rdchem import Mol

__all__ = ["Tacticity", "chain_smiles", "has_stereo", "unit_mass"]

Tacticity = Literal["isotactic", "syndiotactic", "atactic"]


def chain_smiles(unit: str, length: int, tacticity: Tacticity, seed: int) -> str:
    """The SMILES of a chain of `length` units that ends in hydrogen. `unit` has a `*` at its head and one at its tail.

    Raises BadInput for a unit without exactly two of them.
    """
    chem = rdkit()
    chain, size = _joined(unit, length)
    hands = np.random.default_rng(seed).integers(2, size=length)
    for place in _stereo_places(unit):
        for number in range(length):
            turn = {"isotactic": 0, "syndiotactic": number % 2, "atactic": int(hands[number])}[tacticity]
            tags = (chem.ChiralType.CHI_TETRAHEDRAL_CW, chem.ChiralType.CHI_TETRAHEDRAL_CCW)
            chain.GetAtomWithIdx(number * size + place).SetChiralTag(tags[turn])
    chem.SanitizeMol(chain)
    return str(chem.MolToSmiles(chain))


def has_stereo(unit: str) -> bool:
    """The unit has a centre that can be left- or right-handed, so that tacticity means something."""
    return bool(_stereo_places(unit))


def unit_mass(unit: str) -> float:
    """amu of one repeat unit."""
    from ase.data import atomic_masses

    plain, _ = _joined(unit, 3)
    longer, _ = _joined(unit, 4)
    chem = rdkit()
    masses = []
    for chain in (plain, longer):
        chem.SanitizeMol(chain)
        masses.append(sum(atomic_masses[a.GetAtomicNum()] for a in chem.AddHs(chain).GetAtoms()))
    return float(masses[1] - masses[0])


@cache
def _parts(unit: str) -> tuple[Any, int, int, tuple[int, ...]]:
    """The unit without its stars, the atoms at head and tail, and the order of its atoms before."""
    chem = rdkit()
    whole: Mol | None = chem.MolFromSmiles(unit)
    stars = [atom for atom in whole.GetAtoms() if atom.GetAtomicNum() == 0] if whole is not None else []
    if whole is None or len(stars) != 2 or any(star.GetDegree() != 1 for star in stars):
        raise BadInput(f"{unit!r} is no repeat unit: write it with two ends, like *CC* or *CC(*)c1ccccc1.")
    kept = [atom.GetIdx() for atom in whole.GetAtoms() if atom.GetAtomicNum() != 0]
    ends = [kept.index(star.GetNeighbors()[0].GetIdx()) for star in stars]
    body = chem.RWMol(whole)
    for index in sorted((star.GetIdx() for star in stars), reverse=True):
        body.RemoveAtom(index)
    return body.GetMol(), ends[0], ends[1], tuple(kept)


def _joined(unit: str, length: int) -> tuple[Any, int]:
    """The chain without stereochemistry, and the atoms of one unit; every unit's bonds stand in the same order."""
    chem = rdkit()
    body, head, tail, _ = _parts(unit)
    size = body.GetNumAtoms()
    chain = chem.RWMol()
    for number in range(length):
        chain = chem.RWMol(chem.CombineMols(chain, body))
        if number:
            chain.AddBond((number - 1) * size + tail, number * size + head, chem.BondType.SINGLE)
    for atom in chain.GetAtoms():
        # Hydrogens that the unit's ends lost to the stars come back at the ends of the chain alone.
        atom.SetNoImplicit(False)
        atom.SetNumExplicitHs(0)
    return chain, size


@cache
def _stereo_places(unit: str) -> tuple[int, ...]:
    """Atoms of the unit that are centres of chirality within a chain."""
    chem = rdkit()
    chain, size = _joined(unit, 6)
    chem.SanitizeMol(chain)
    found = chem.FindMolChiralCenters(chain.GetMol(), includeUnassigned=True, useLegacyImplementation=False)
    return tuple(sorted({index % size for index, _ in found if size <= index < 5 * size}))
