"""Several ionic compounds as one glass or one melt of a stated composition, made without a crystal of it."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from ase.formula import Formula
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.liquid import SPARSE, Matter, flat, sparse
from lang2mlip.science.structures.mixture import volume_A3
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, key_for, perfect_density_g_cm3
from lang2mlip.science.structures.standin import (
    ForceField,
    Quench,
    Schedule,
    brought_together,
    equilibrate,
    melt_quench,
    settle,
)
from lang2mlip.science.structures.standin.blended import blended

__all__ = ["Blend", "BlendParameters"]

_GLASS_VOLUME, _MOLTEN_VOLUME = 1.05, 1.25
"""Volume of a glass and of a molten salt over the crystal's, where the data have no value: halides of the alkalis swell
by 1.2 to 1.4 from room temperature to their melts."""

_SWELLING_per_K = 3e-4
"""Of molten salts, by volume: 2.5 to 4e-4 for the alkali halides (G. J. Janz et al., Molten Salts 1, NSRDS-NBS 15,
1968)."""

_MELT_K = 3000.0
"""The melt that a glass is quenched from."""

_WINDOW = (0.8, 1.2)
"""Density at its own pressure over the one from the sum of volumes."""


class BlendParameters(Noun):
    """What is mixed, how much of it, and as what."""

    parts: dict[str, float] = Field(
        min_length=1, description="formula of each compound → its share, e.g. SiO2 60, Na2O 25, CaO 15"
    )
    by: Literal["mole", "weight"] = Field(default="mole", description="what the shares count")
    state: Literal["glass", "melt"] = Field(default="glass", description="melted and quenched, or kept molten")
    atoms: int = Field(default=200, ge=1, description="about this many atoms, in whole formula units")
    temperature_K: float = Field(default=300.0, gt=0, description="of the melt, or at the end of the quench, K")
    density_g_cm3: float | None = Field(
        default=None, gt=0, description="density to keep; none: tabulated for a melt of known salts, else its own"
    )
    expansion: float | None = Field(
        default=None, gt=0.5, lt=2, description="volume to keep, over the sum of the compounds' tabulated volumes"
    )
    melt_K: float = Field(default=_MELT_K, gt=0, le=10000, description="glass: temperature of the melt, K")
    run_ps: float = Field(default=10.0, ge=0.5, le=1000, description="time of the quench, or in the melt, ps")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if min(self.parts.values()) <= 0:
            raise ValueError("every share is more than nothing")
        if self.density_g_cm3 is not None and self.expansion is not None:
            raise ValueError("give either density_g_cm3 or expansion")
        return self


class Blend:
    """Builder of glasses and molten salts by composition. Whole formula units, so it is neutral."""

    Parameters: ClassVar[type[Noun]] = BlendParameters

    def __init__(self, parameters: BlendParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """A periodic cell. Raises BadInput when there is no field for it, PartFailed when the stand-in fails."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """As `build`, as one solid without molecules."""
        rng = np.random.default_rng(seed)
        matter = self._matter(self.counts(self.parameters.atoms), rng)
        start = sparse(matter, self._density(), rng)
        return equilibrate(start, self._schedule(), int(rng.integers(2**30)), field=matter.field)

    def layer(self, lateral_A: np.ndarray, thickness_A: float, seed: int) -> Assembly:
        """A flat piece, periodic along two vectors in the plane; `lateral_A` has shape (2, 2) or (2, 3)."""
        rng, lateral = np.random.default_rng(seed), np.asarray(lateral_A, float)
        volume = abs(np.linalg.det(lateral[:, :2])) * thickness_A
        mass = sum(n * _mass(one) for one, n in self.counts(1000).items())
        atoms = sum(n * len(Formula(one)) for one, n in self.counts(1000).items())
        count = max(1, round(volume / volume_A3(mass / atoms, self._density())))
        schedule = melt_quench(self._quench(), SPARSE, free=False)
        return flat(self._matter(self.counts(count), rng), lateral, thickness_A, schedule, rng)

    def expectations(self) -> Expectations:
        """Composition to the atom; the density as asked for, or near the sum of the compounds' volumes."""
        density, window = self._density(), _WINDOW if self._is_free else (0.99, 1.01)
        composition = "".join(f"{symbol}{n}" for symbol, n in self._atoms(self.counts(self.parameters.atoms)).items())
        return Expectations(density_g_cm3=(window[0] * density, window[1] * density), composition=composition)

    def counts(self, atoms: int) -> dict[str, int]:
        """Formula units of each compound in about so many atoms, nearest to the shares, one at least."""
        moles = self._moles
        units = atoms / sum(share * len(Formula(one)) for one, share in moles.items())
        exact = {one: share * units for one, share in moles.items()}
        found = {one: max(1, int(n)) for one, n in exact.items()}
        for one in sorted(exact, key=lambda o: found[o] - exact[o])[: max(0, round(units) - sum(found.values()))]:
            found[one] += 1
        return found

    @cached_property
    def _moles(self) -> dict[str, float]:
        """Mole fractions. Raises BadInput for what is no formula."""
        try:
            masses = {one: _mass(one) for one in self.parameters.parts}
        except (ValueError, KeyError) as error:
            raise BadInput(f"The compounds of a mixture are formulas like Na2O or LiF; {error}.") from error
        by_mole = self.parameters.by == "mole"
        moles = {one: share if by_mole else share / masses[one] for one, share in self.parameters.parts.items()}
        total = sum(moles.values())
        return {one: n / total for one, n in moles.items()}

    def _matter(self, counts: dict[str, int], rng: np.random.Generator) -> Matter:
        symbols = [symbol for symbol, n in self._atoms(counts).items() for _ in range(n)]
        bodies = [Atoms(symbol) for symbol in rng.permutation(symbols)]
        field: ForceField = blended(Atoms([body.symbols[0] for body in bodies]), _crystal)
        return Matter(bodies, Assembly.solid, field)

    def _atoms(self, counts: dict[str, int]) -> Counter[str]:
        return sum(
            (Counter({s: n * k for s, k in Formula(one).count().items()}) for one, n in counts.items()), Counter()
        )

    @property
    def _is_free(self) -> bool:
        """At its own density. A melt of salts whose volumes are tabulated keeps their sum: it is right to 3 %, while
        the stand-in, which has no dispersion, is 11 to 13 % too thin for alkali halides (measured)."""
        wish = self.parameters
        if wish.density_g_cm3 is not None or wish.expansion is not None:
            return False
        return wish.state == "glass" or not all(_molten_volume(one, wish.temperature_K) for one in wish.parts)

    def _density(self) -> float:
        """Of the sum of volumes, unless one is asked for, g/cm³."""
        wish = self.parameters
        mass = sum(share * _mass(one) for one, share in self._moles.items())
        volume = sum(share * self._volume(one) for one, share in self._moles.items())
        return wish.density_g_cm3 or mass / (volume * (wish.expansion or 1.0))

    def _volume(self, formula: str) -> float:
        """Of one mole of a compound in the glass or melt, cm³: tabulated, else from its crystal."""
        glass = table("standin")["glass_volumes"]["oxides"]
        if self.parameters.state == "glass":
            return float(glass[formula]) if formula in glass else _from_crystal(formula, _GLASS_VOLUME)
        return _molten_volume(formula, self.parameters.temperature_K) or _from_crystal(formula, _MOLTEN_VOLUME)

    def _schedule(self) -> Schedule:
        wish = self.parameters
        if wish.state == "glass":
            return melt_quench(self._quench(), SPARSE, free=self._is_free)
        together = brought_together(wish.temperature_K, SPARSE)
        return settle(wish.run_ps, wish.temperature_K, "iso" if self._is_free else "none").after(together)

    def _quench(self) -> Quench:
        wish = self.parameters
        hot = wish.temperature_K if wish.state == "melt" else max(wish.melt_K, wish.temperature_K)
        return Quench(melt_K=hot, quench_ps=wish.run_ps, anneal_K=wish.temperature_K, anneal_ps=0.3 * wish.run_ps)


def _molten_volume(formula: str, temperature_K: float) -> float | None:
    """Molar volume of the molten compound at a temperature, cm³/mol, from its tabulated density; None without one."""
    known = entry(key) if (key := key_for(formula)) else None
    if known is None or known.molten_density_g_cm3 is None or known.melting_K is None:
        return None
    swollen = 1.0 + _SWELLING_per_K * (temperature_K - known.melting_K)
    return _mass(formula) / known.molten_density_g_cm3 * max(swollen, 0.8)


def _from_crystal(formula: str, swollen: float) -> float:
    """Molar volume of the crystal times `swollen`, cm³/mol. Raises BadInput without a crystal."""
    key = key_for(formula)
    if key is None:
        raise BadInput(
            f"Neither a volume in glasses nor a crystal of {formula} is known, from which the density of the mixture"
            " would start; give density_g_cm3."
        )
    return swollen * _mass(formula) / perfect_density_g_cm3(CrystalSource(crystal=key))


def _mass(formula: str) -> float:
    """amu."""
    return float(Atoms(formula).get_masses().sum())


def _crystal(formula: str) -> Atoms | None:
    key = key_for(formula)
    return None if key is None else conventional(CrystalSource(crystal=key))
