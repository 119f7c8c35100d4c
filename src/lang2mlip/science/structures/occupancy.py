"""Sites that several elements share, or that are partly empty: filled with whole atoms, none on top of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.gate import PAIR_FACTOR

__all__ = ["EMPTY", "SITE", "arrangeable", "emptied", "filled", "mean_mass", "shared", "whole_counts"]

Shares = Mapping[str, float]
"""Element → share of the sites; what is missing to 1 is empty."""

SITE = "site"
"""Array of a crystal with shared sites: 0 for a plain site, n for the n-th of its shared sublattices."""

EMPTY = "X"
"""What stands on an empty site until the end."""

_ROOM = 1.12
"""Atoms of shared sites keep this times the distance below which the gate sees an overlap."""

_SWEEPS = 400


def shared(mixtures: Sequence[Shares]) -> list[dict[str, float]]:
    """The shares with what is empty written out. Raises BadInput where they are no shares."""
    complete = []
    for one in mixtures:
        total = sum(one.values())
        if min(one.values(), default=0.0) < 0 or not 0 < total < 1 + 1e-3:
            raise BadInput(f"The shares of a site are positive and make 1 at most, not {dict(one)}.")
        empty = {EMPTY: 1.0 - total} if total < 1 - 1e-3 else {}
        complete.append({**one, **empty})
    return complete


def whole_counts(shares: Shares, sites: int, owed: dict[str, float] | None = None) -> dict[str, int]:
    """Whole atoms for so many sites, as near to the shares as can be (largest remainder).

    `owed` carries what rounding left over from one sublattice to the next, so that sums over all come out right.
    """
    carried = owed if owed is not None else {}
    exact = {symbol: share * sites + carried.get(symbol, 0.0) for symbol, share in shares.items()}
    counts = {symbol: max(0, int(value + 1e-9)) for symbol, value in exact.items()}
    for _ in range(abs(sites - sum(counts.values()))):
        step = 1 if sum(counts.values()) < sites else -1
        worst = max(exact, key=lambda symbol: step * (exact[symbol] - counts[symbol]))
        counts[worst] += step
    carried.update({symbol: value - counts[symbol] for symbol, value in exact.items()})
    return counts


def filled(atoms: Atoms, mixtures: Sequence[Shares], rng: np.random.Generator) -> Atoms:
    """Every shared site with one atom or `EMPTY`, drawn at random; split sites too near each other are not both used.

    Raises BadInput when no such filling is found.
    """
    mixed: Atoms = atoms.copy()
    owed = dict[str, float]()
    symbols = np.array(mixed.get_chemical_symbols(), dtype="U2")
    for number, shares in enumerate(shared(mixtures), start=1):
        sites = np.flatnonzero(mixed.arrays[SITE] == number)
        counts = whole_counts(shares, len(sites), owed)
        drawn = [symbol for symbol, count in counts.items() for _ in range(count)]
        symbols[sites] = rng.permutation(np.array(drawn, dtype="U2")) if drawn else []
    _disentangle(mixed, symbols, rng)
    mixed.symbols = symbols.tolist()
    return mixed


def emptied(atoms: Atoms) -> Atoms:
    """Without the empty sites and the marks of shared ones."""
    solid: Atoms = atoms[[n for n, symbol in enumerate(atoms.symbols) if symbol != EMPTY]]
    del solid.arrays[SITE]
    return solid


def mean_mass(atoms: Atoms, mixtures: Sequence[Shares]) -> float:
    """Mass of a crystal whose shared sites hold what they hold on average, amu."""
    masses: np.ndarray = atoms.get_masses()
    for number, shares in enumerate(mixtures, start=1):
        mean = sum(share * atomic_masses[atomic_numbers[symbol]] for symbol, share in shares.items())
        masses[atoms.arrays[SITE] == number] = mean
    return float(masses.sum())


def arrangeable(sites: Atoms) -> list[np.ndarray]:
    """The sites of each shared sublattice whose atoms may change places freely: no two are too near each other.

    `sites`: before they are filled, the chief element on each.
    """
    crowded = set(_rivals(sites)[0].tolist())
    found = [np.flatnonzero(sites.arrays[SITE] == n) for n in range(1, int(sites.arrays[SITE].max()) + 1)]
    return [members for members in found if not crowded & set(members.tolist())]


def _disentangle(atoms: Atoms, symbols: np.ndarray, rng: np.random.Generator) -> None:
    """Move atoms from crowded sites to empty ones of the crystal until no two are on top of each other."""
    first, second = _rivals(atoms)
    if not len(first):
        return
    for _ in range(_SWEEPS):
        both = (symbols[first] != EMPTY) & (symbols[second] != EMPTY)
        if not both.any():
            return
        pick = int(rng.choice(np.flatnonzero(both)))
        mover = int(first[pick])
        _move(mover, symbols, (first, second), rng)
    raise BadInput(
        f"The shared sites of {atoms.symbols.formula.reduce()[0]} cannot be filled without two atoms on top of each"
        " other; make the cell larger, or give an ordered version of the structure."
    )


def _move(mover: int, symbols: np.ndarray, rivals: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    """Take the atom to the empty site with the fewest rivals, chance deciding between equals."""
    first, second = rivals
    symbol, symbols[mover] = symbols[mover], EMPTY
    crowd = np.bincount(first[symbols[second] != EMPTY], minlength=len(symbols)).astype(float)
    open_sites = np.flatnonzero(symbols == EMPTY)
    # Chance keeps two atoms from changing places for ever.
    cost = crowd[open_sites] + rng.random(len(open_sites)) * 0.9
    cost[open_sites == mover] += 0.5
    symbols[int(open_sites[int(np.argmin(cost))])] = symbol


def _rivals(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of shared sites that cannot both be occupied, each both ways."""
    radii = _ROOM * PAIR_FACTOR * covalent_radii[atoms.numbers]
    first, second = neighbor_list("ij", atoms, radii)
    keep = (atoms.arrays[SITE][first] > 0) & (atoms.arrays[SITE][second] > 0) & (first != second)
    return first[keep], second[keep]
