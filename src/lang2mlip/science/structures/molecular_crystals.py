"""Which crystal of the table a molecule or salt packs into, found by its bond graph: no isomer is mistaken."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import gcd

from ase.formula import Formula

from lang2mlip.data import table
from lang2mlip.science.structures.conformer import conformer, ions, signature
from lang2mlip.science.structures.gate import fragments
from lang2mlip.science.structures.source import CrystalSource, conventional

__all__ = ["crystal_of_molecule"]


@cache
def crystal_of_molecule(smiles: str) -> str | None:
    """Key of the first crystal in the table made of this molecule, or of the ions of this salt; None without one.

    Raises BadInput for what is no SMILES, NotInstalled without RDKit.
    """
    wanted = _reduced(Counter(signature(species) for species in ions(smiles)))
    composition = _reduced(_atoms(smiles))
    for key, fields in table("crystals").items():
        if _reduced(Counter(Formula(str(fields["formula"])).count())) == composition and _made_of(key) == wanted:
            return str(key)
    return None


def _atoms(smiles: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for species in ions(smiles):
        found.update(conformer(species, 0).get_chemical_symbols())
    return found


def _reduced(counts: Counter[str]) -> dict[str, int]:
    divisor = gcd(*counts.values())
    return {one: n // divisor for one, n in counts.items()}


@cache
def _made_of(key: str) -> dict[str, int]:
    """Bond graph of each molecule and ion → number in a formula unit."""
    return _reduced(fragments(conventional(CrystalSource(crystal=key))))
