"""Alloys of which no compound is tabulated: random solid solutions on the lattice of their main element."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from lang2mlip.contracts.base import Json
from lang2mlip.data import table
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, key_for

__all__ = ["described", "solid_solution"]

_SIZE_RULE = 0.15
"""Elements whose atoms differ by more in size do not mix well (W. Hume-Rothery, The Structure of Metals and Alloys,
Institute of Metals, London 1936)."""

_GUEST_SIZE_RULE = 0.2
"""The same for elements that share sites of a compound, by covalent radii: bromide for iodide passes."""

_PACKED = 8
"""Neighbours at least of an atom in a metal's lattice: 8 in bcc, 12 in fcc and hcp."""

_SAME_RATIO = 1e-3
"""Rounding of fractions in formulas."""

_REACH_A = 7.0
_SHELL = 1.12
"""The first shell ends at so many nearest-neighbour distances: hcp counts as 12, bcc as 8."""


def solid_solution(formula: str) -> dict[str, Json] | None:
    """How builders make this mixed crystal: host crystal, occupation of its sites, size; None if it is none.

    Elements that crystallise alike, or have a close-packed form each, and whose atoms are of like size form an alloy,
    its size by Vegard's rule. A compound with several elements in the place of one of a tabulated crystal shares the
    sites of that one, and keeps the crystal's size.
    """
    counts = parse_formula(formula) or {}
    return _alloy(counts) or _substituted(counts)


def _alloy(counts: Mapping[str, float]) -> dict[str, Json] | None:
    keys = {symbol: key_for(symbol) for symbol in counts}
    if len(counts) < 2 or not all(keys.values()):
        return None
    groups = {entry(str(key)).spacegroup for key in keys.values()}
    if len(groups) > 1:
        keys = {symbol: _packed_form(symbol) for symbol in counts}
    if not all(keys.values()):
        return None
    cells = {symbol: conventional(CrystalSource(crystal=key)) for symbol, key in keys.items()}
    sizes = np.array([neighbor_list("d", cell, _REACH_A).min() for cell in cells.values()])
    if sizes.max() > (1 + _SIZE_RULE) * sizes.min():
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


def _packed_form(symbol: str) -> str | None:
    """The first crystal of the element in which every atom has at least eight neighbours."""
    for key, fields in table("crystals").items():
        if fields["formula"] == symbol:
            cell = conventional(CrystalSource(crystal=key))
            if _neighbours(neighbor_list("d", cell, _REACH_A), len(cell)) >= _PACKED:
                return str(key)
    return None


def _substituted(counts: Mapping[str, float]) -> dict[str, Json] | None:
    """A tabulated crystal, one element of which gives its sites to several: the crystal with most of the elements."""
    found: dict[str, Json] | None = None
    most = 1
    for key, fields in table("crystals").items():
        host = parse_formula(str(fields["formula"])) or {}
        if len(host) <= most or not set(host) < set(counts):
            continue
        for shared in host:
            if _fits(counts, host, shared):
                inside = [symbol for symbol in counts if symbol == shared or symbol not in host]
                total = sum(counts[symbol] for symbol in inside)
                occupation = {symbol: counts[symbol] / total for symbol in inside}
                found, most = {"crystal": key, "sublattice": shared, "occupation": occupation}, len(host)
    return found


def _fits(counts: Mapping[str, float], host: Mapping[str, float], shared: str) -> bool:
    """The host's elements but the shared one are there in its proportions; the others fill the shared sites."""
    radii = [covalent_radii[atomic_numbers[one]] for one in counts if one == shared or one not in host]
    if max(radii) > (1 + _GUEST_SIZE_RULE) * min(radii):
        return False
    merged = {symbol: counts[symbol] for symbol in host}
    merged[shared] += sum(count for symbol, count in counts.items() if symbol not in host)
    ratios = [merged[symbol] / host[symbol] for symbol in host]
    return max(ratios) - min(ratios) < _SAME_RATIO * max(ratios)


def described(formula: str) -> str | None:
    """What is built for this alloy, in words; None when it is no solid solution."""
    made = solid_solution(formula)
    if made is None:
        return None
    shares = ", ".join(f"{100 * share:.0f} % {symbol}" for symbol, share in made["occupation"].items())
    sites = f"the {made['sublattice']} sites" if "sublattice" in made else "the lattice"
    return f"a random solid solution on {sites} of {made['crystal']} ({shares})"


def _neighbours(distances: np.ndarray, atoms: int) -> int:
    return int((distances < _SHELL * distances.min()).sum() // atoms)
