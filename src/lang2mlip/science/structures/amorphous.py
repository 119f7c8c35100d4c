"""Solids without order: put at random, melted and quenched in the fast stand-in."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from ase import Atoms
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.liquid import SPARSE, flat, sparse
from lang2mlip.science.structures.mixture import Ingredient, Mixture, volume_A3
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, mixtures, occupied
from lang2mlip.science.structures.standin import Quench, equilibrate, melt_quench
from lang2mlip.science.structures.substance import Molecular, Network, from_crystal, from_mixture

__all__ = ["Amorphous", "AmorphousParameters"]

_OVER_MELTING = 2.5
"""The melt is this many times as hot as the crystal melts, so that it forgets its start within picoseconds."""

_MELT_K, _MOLECULAR_MELT_K = 3000.0, 1000.0
"""Where no melting point is known."""

_LOOSER = 1.05
"""Volume of a glass over that of its crystal, at first."""

_WINDOW = (0.75, 1.15)
"""Density of a glass at its own pressure over that of the crystal or liquid."""


class AmorphousParameters(CrystalSource):
    """Which solid, and how it is quenched."""

    molecules: tuple[Ingredient, ...] = Field(
        default=(), description="molecules or salts, instead of crystal, prototype or file"
    )
    atoms: int = Field(default=200, ge=1, description="about this many atoms")
    density_g_cm3: float | None = Field(
        default=None, gt=0, description="density to keep; neither this nor `expansion`: its own at no pressure"
    )
    expansion: float | None = Field(
        default=None, gt=0.5, lt=2, description="volume to keep, over that of the crystal or of the tabulated density"
    )
    melt_K: float | None = Field(default=None, gt=0, le=10000, description="temperature of the melt, K")
    quench_ps: float = Field(default=10.0, ge=0.5, le=1000, description="time in the melt and on the way down, ps")
    anneal_K: float = Field(default=300.0, gt=0, description="temperature at the end, K")
    anneal_ps: float = Field(default=3.0, ge=0, le=1000, description="time at that temperature, ps")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        """Replaces the rule of a crystal source."""
        names = ("crystal", "prototype", "file", "molecules")
        given = [name for name in names if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(names)}; got {given or 'none'}")
        if self.prototype and (self.formula is None or self.a is None):
            raise ValueError("prototype needs formula and a")
        if self.density_g_cm3 is not None and self.expansion is not None:
            raise ValueError("give either density_g_cm3 or expansion")
        return self


class Amorphous:
    """Builder of glasses. Molecules and polyatomic ions stay whole."""

    Parameters: ClassVar[type[Noun]] = AmorphousParameters

    def __init__(self, parameters: AmorphousParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """A periodic cell. Raises BadInput when there is no field for it, PartFailed when the stand-in fails."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """As `build`, with every atom's body; a network or metal is one solid."""
        rng = np.random.default_rng(seed)
        matter = self._substance.matter(self.parameters.atoms, rng)
        start = sparse(matter, self._density(), rng)
        schedule = melt_quench(self._quench(), SPARSE, free=self._is_free)
        return equilibrate(start, schedule, int(rng.integers(2**30)), field=matter.field)

    def layer(self, lateral_A: np.ndarray, thickness_A: float, seed: int) -> Assembly:
        """A flat piece of the glass: periodic along two vectors in the plane, atoms within the height.

        `lateral_A`: the two vectors, shape (2, 2) or (2, 3). Raises BadInput when it does not fit.
        """
        rng, lateral = np.random.default_rng(seed), np.asarray(lateral_A, float)
        volume = abs(np.linalg.det(lateral[:, :2])) * thickness_A
        count = max(1, round(volume / volume_A3(self._substance.mass_per_atom, self._density())))
        matter = self._substance.matter(count, rng, exact=False)
        return flat(matter, lateral, thickness_A, melt_quench(self._quench(), SPARSE, free=False), rng)

    def expectations(self) -> Expectations:
        """Composition, whole molecules, and the density: as asked for, or near that of the crystal or liquid."""
        density = self._density()
        low, high = (_WINDOW[0] * density * _LOOSER, _WINDOW[1] * density * _LOOSER)
        if not self._is_free:
            low, high = 0.99 * density, 1.01 * density
        if isinstance(self._substance, Molecular):
            return Expectations(density_g_cm3=(low, high), fragments=self._substance.fragments(self.parameters.atoms))
        formula = Atoms(self._substance.symbols(self.parameters.atoms)).symbols.formula
        return Expectations(density_g_cm3=(low, high), composition=str(formula))

    @cached_property
    def _substance(self) -> Molecular | Network:
        wish = self.parameters
        if wish.molecules:
            return from_mixture(Mixture(wish.molecules, wish.density_g_cm3))
        crystal = conventional(wish)
        if wish.sublattice is not None or (wish.occupation is None and mixtures(wish)):
            return from_crystal(occupied(Atoms(crystal.repeat(2)), wish, np.random.default_rng(0)), None)
        return from_crystal(crystal, wish.occupation)

    @property
    def _is_free(self) -> bool:
        return self.parameters.density_g_cm3 is None and self.parameters.expansion is None

    def _density(self) -> float:
        wish = self.parameters
        return wish.density_g_cm3 or self._substance.density_g_cm3 / (wish.expansion or _LOOSER)

    def _quench(self) -> Quench:
        wish = self.parameters
        known = entry(wish.crystal).melting_K if wish.crystal else None
        usual = _MOLECULAR_MELT_K if wish.molecules else _MELT_K
        melt = wish.melt_K or (_OVER_MELTING * known if known else usual)
        return Quench(
            melt_K=max(melt, wish.anneal_K), quench_ps=wish.quench_ps, anneal_K=wish.anneal_K, anneal_ps=wish.anneal_ps
        )
