"""Alloys of which no compound is tabulated: random solid solutions on the lattice of their main element."""

from __future__ import annotations

import numpy as np
from ase.neighborlist import neighbor_list

from lang2mlip.contracts.base import Json
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, key_for

__all__ = ["described", "solid_solution"]

_SIZE_RULE = 0.15
"""Elements whose atoms differ by more in size do not mix well (W. Hume-Rothery, The Structure of Metals and Alloys,
Institute of Metals, London 1936)."""

_PACKED = 8
"""Neighbours at least of an atom in a metal's lattice: 8 in bcc, 12 in fcc and hcp."""

_REACH_A = 7.0
_SHELL = 1.12
"""The first shell ends at so many nearest-neighbour distances: hcp counts as 12, bcc as 8."""


def solid_solution(formula: str) -> dict[str, Json] | None:
    """How builders make this alloy: host crystal, occupation of its sites, size by Vegard's rule; None if it is none.

    Elements that crystallise alike, or are all close-packed, and whose atoms are of like size form one.
    """
    counts = parse_formula(formula) or {}
    keys = {symbol: key_for(symbol) for symbol in counts}
    if len(counts) < 2 or not all(keys.values()):
        return None
    cells = {symbol: conventional(CrystalSource(crystal=key)) for symbol, key in keys.items()}
    shells = {symbol: neighbor_list("d", cell, _REACH_A) for symbol, cell in cells.items()}
    sizes = np.array([shell.min() for shell in shells.values()])
    alike = len({entry(str(key)).spacegroup for key in keys.values()}) == 1
    packed = all(_neighbours(shells[symbol], len(cells[symbol])) >= _PACKED for symbol in counts)
    if not (alike or packed) or sizes.max() > (1 + _SIZE_RULE) * sizes.min():
        return None
    host = max(counts, key=lambda symbol: counts[symbol])
    total = sum(counts.values())
    volume = {symbol: cell.cell.volume / len(cell) for symbol, cell in cells.items()}
    mean = sum(count * volume[symbol] for symbol, count in counts.items()) / total
    return {
        "crystal": keys[host],
        "occupation": {symbol: count / total for symbol, count in counts.items()},
        "scale": round(float((mean / volume[host]) ** (1 / 3)), 5),
    }


def described(formula: str) -> str | None:
    """What is built for this alloy, in words; None when it is no solid solution."""
    made = solid_solution(formula)
    if made is None:
        return None
    shares = ", ".join(f"{100 * share:.0f} % {symbol}" for symbol, share in made["occupation"].items())
    return f"a random solid solution on the lattice of {made['crystal']} ({shares})"


def _neighbours(distances: np.ndarray, atoms: int) -> int:
    return int((distances < _SHELL * distances.min()).sum() // atoms)
