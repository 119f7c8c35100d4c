"""What is known better than the general fields say: bond lengths of polyatomic ions, from electronic structure, and how
large molecules are, from the densities of their liquids."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lang2mlip.data import table
from lang2mlip.science.structures.conformer import drawn, rdkit, signature

__all__ = ["bond_name", "known_lengths_A", "size_factor"]


def bond_name(bond: Any) -> str:
    """The two elements of a bond, each with its number of neighbours, in the order of the alphabet."""
    ends = (bond.GetBeginAtom(), bond.GetEndAtom())
    return "-".join(sorted(f"{atom.GetSymbol()}{atom.GetDegree()}" for atom in ends))


def known_lengths_A(smiles: str) -> dict[str, float]:
    """Name of a bond → length, Å; empty for what is no tabulated ion. How the ion is drawn does not matter."""
    charge = _charge(smiles)
    return _by_graph().get((signature(smiles), charge), {}) if charge else {}


def size_factor(smiles: str) -> float:
    """On all Lennard-Jones sizes of a molecule, dimensionless; 1 where no liquid was looked at."""
    return _by_canonical().get(_canonical(smiles), 1.0)


@lru_cache(maxsize=1)
def _by_canonical() -> dict[str, float]:
    return {_canonical(row["smiles"]): float(row["factor"]) for row in table("standin")["sizes"]["molecules"].values()}


def _canonical(smiles: str) -> str:
    return str(rdkit().MolToSmiles(drawn(smiles)))


@lru_cache(maxsize=1)
def _by_graph() -> dict[tuple[str, int], dict[str, float]]:
    rows = table("standin")["shapes"]["bonds_A"]
    return {(signature(smiles), _charge(smiles)): lengths for smiles, lengths in rows.items()}


def _charge(smiles: str) -> int:
    return sum(atom.GetFormalCharge() for atom in drawn(smiles).GetAtoms())
