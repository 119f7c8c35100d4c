"""What a glass is made of: molecules and ions with a SMILES each, or atoms of a network, an ionic solid or a metal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
from ase import Atoms

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.conformer import conformer, drawn, signature
from lang2mlip.science.structures.gate import density_g_cm3, fragment_signature
from lang2mlip.science.structures.liquid import Counted, Matter, mass_of, molecular
from lang2mlip.science.structures.mixture import Mixture, ions_of
from lang2mlip.science.structures.standin import network
from lang2mlip.science.structures.standin.network import formal_charges
from lang2mlip.science.structures.units import units_of

__all__ = ["Molecular", "Network", "from_crystal", "from_mixture"]


@dataclass(frozen=True)
class Molecular:
    """Molecules and ions."""

    mixture: Mixture | None
    unit: tuple[tuple[str, int], ...]
    """Species of one formula unit, of a crystal."""
    density_g_cm3: float
    """Of the liquid or the crystal."""

    def counted(self, atoms: int, exact: bool = True) -> Counted:
        """Species and numbers in about so many atoms."""
        if self.mixture is None:
            units = max(1, round(atoms / sum(n * len(conformer(smiles, 0)) for smiles, n in self.unit)))
            return [(smiles, n * units) for smiles, n in self.unit]
        return ions_of(self.mixture, atoms, exact)

    def matter(self, atoms: int, rng: np.random.Generator, exact: bool = True) -> Matter:
        """Bodies to place."""
        return molecular(self.counted(atoms, exact), rng)

    def fragments(self, atoms: int) -> dict[str, int]:
        """Bond graph signature → number, as the gate counts them."""
        found: Counter[str] = Counter()
        for smiles, count in self.counted(atoms):
            found[signature(smiles)] += count
        return dict(found)

    @property
    def mass_per_atom(self) -> float:
        """amu."""
        sample = self.counted(1000, exact=False)
        return mass_of(sample) / sum(n * len(conformer(smiles, 0)) for smiles, n in sample)


@dataclass(frozen=True)
class Network:
    """Atoms without molecules."""

    crystal: Atoms
    shares: dict[str, float]
    """Element → atoms per formula unit, or share of an alloy."""
    whole_units: bool
    density_g_cm3: float

    def matter(self, atoms: int, rng: np.random.Generator, exact: bool = True) -> Matter:
        """Single atoms with the field of their crystal. Raises BadInput where the stand-in knows none."""
        bodies = [Atoms(symbol) for symbol in rng.permutation(self.symbols(atoms))]
        field = network(self.crystal, Atoms([body.symbols[0] for body in bodies]))
        if field is None:
            raise BadInput(
                f"The fast stand-in knows no field for {self.crystal.symbols.formula.reduce()[0]};"
                " use the builder `melt` and MD with the reference."
            )
        return Matter(bodies, Assembly.solid, field)

    def symbols(self, atoms: int) -> list[str]:
        """Elements of about so many atoms, in whole formula units."""
        size = sum(self.shares.values())
        if self.whole_units:
            units = max(1, round(atoms / size))
            return [symbol for symbol, n in self.shares.items() for _ in range(round(n * units))]
        exact = {symbol: share * atoms / size for symbol, share in self.shares.items()}
        counts = {symbol: int(n) for symbol, n in exact.items()}
        for symbol in sorted(exact, key=lambda s: counts[s] - exact[s])[: atoms - sum(counts.values())]:
            counts[symbol] += 1
        return [symbol for symbol, n in counts.items() for _ in range(n)]

    @property
    def mass_per_atom(self) -> float:
        """amu."""
        return float(Atoms(self.symbols(1000)).get_masses().mean())


def from_mixture(mixture: Mixture) -> Molecular:
    """Of molecules and salts. Raises BadInput when no density is known."""
    return Molecular(mixture, (), mixture.density_g_cm3())


def from_crystal(crystal: Atoms, occupation: dict[str, float] | None) -> Molecular | Network:
    """Of a crystal: its polyatomic ions by name, or its atoms. Raises BadInput for a polyatomic unit without one."""
    density = density_g_cm3(crystal)
    polyatomic = [unit.members for unit in units_of(crystal) if len(unit.members) > 1]
    if polyatomic and not occupation:
        return Molecular(None, _species(crystal, polyatomic), density)
    if occupation:
        alloy = Atoms(crystal)
        alloy.symbols = (list(occupation) * len(crystal))[: len(crystal)]
        return Network(alloy, dict(occupation), False, density)
    reduced = crystal.symbols.formula.reduce()[0].count()
    return Network(crystal, {symbol: float(n) for symbol, n in reduced.items()}, True, density)


def _species(crystal: Atoms, polyatomic: list[np.ndarray]) -> tuple[tuple[str, int], ...]:
    """SMILES and number in a formula unit; single atoms become ions that make it neutral."""
    symbols = crystal.get_chemical_symbols()
    known, found = _known_units(), Counter[str]()
    for members in polyatomic:
        pairs = _pairs(crystal, members)
        name = fragment_signature([symbols[n] for n in members], pairs)
        if name not in known:
            formula = crystal[members].symbols.formula
            raise BadInput(f"The unit {formula:hill} of the crystal is not known; use the builder `melt`.")
        found[known[name]] += 1
    single = sorted(set(range(len(crystal))) - {int(n) for members in polyatomic for n in members})
    charge = sum(_charge(smiles) * n for smiles, n in found.items())
    found.update(_single_ions([symbols[n] for n in single], charge))
    divisor = gcd(*found.values())
    return tuple((smiles, n // divisor) for smiles, n in found.items())


def _pairs(crystal: Atoms, members: np.ndarray) -> list[tuple[int, int]]:
    from lang2mlip.science.structures.gate import bonds

    place = {int(atom): n for n, atom in enumerate(members)}
    return [(place[i], place[j]) for i, j in bonds(crystal) if i in place and j in place]


def _single_ions(symbols: list[str], charge: int) -> list[str]:
    """A SMILES for each atom, with charges that cancel `charge`."""
    if not symbols:
        return []
    states = formal_charges(symbols, -charge)
    if states is None:
        raise BadInput(f"No charges of {', '.join(sorted(set(symbols)))} make the crystal neutral; use `melt`.")
    return [f"[{symbol}{states[symbol]:+d}]" if states[symbol] else f"[{symbol}]" for symbol in symbols]


def _charge(smiles: str) -> int:
    return sum(atom.GetFormalCharge() for atom in drawn(smiles).GetAtoms())


@lru_cache(maxsize=1)
def _known_units() -> dict[str, str]:
    return {signature(smiles): smiles for smiles in table("standin")["units"]["smiles"]}
