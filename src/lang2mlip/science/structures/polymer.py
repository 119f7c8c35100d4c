"""Polymers: one chain in vacuum, or a melt of chains (with a salt dissolved in it) at its own density."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.data import table
from lang2mlip.errors import UnknownName
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.chain import Tacticity, chain_smiles, unit_mass
from lang2mlip.science.structures.conformer import conformer, ions, signature
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.liquid import SPARSE, Counted, assembled, flat, mass_of, molecular, sparse
from lang2mlip.science.structures.mixture import volume_A3
from lang2mlip.science.structures.molecule import find_molecule
from lang2mlip.science.structures.standin import brought_together, equilibrate, settle

__all__ = ["Dissolved", "Polymer", "PolymerParameters"]

_UNKNOWN_DENSITY = 1.0
"""g/cm³, to start from where no density is known; the stand-in finds the polymer's own."""

_WINDOW = 0.25
"""The density may differ from the tabulated one by this share after the stand-in."""


class Dissolved(Noun):
    """A salt or molecule in the polymer."""

    name: str | None = Field(default=None, description="key or name in the molecule table")
    smiles: str | None = Field(default=None, description="SMILES instead of a name")
    per_unit: float = Field(gt=0, description="formula units for each repeat unit, e.g. 0.05 for 20:1")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.name is None) == (self.smiles is None):
            raise ValueError("give either name or smiles")
        return self


class PolymerParameters(Noun):
    """Which chains, how long, how many."""

    name: str | None = Field(default=None, description="key or name in the polymer table")
    smiles: str | None = Field(default=None, description="repeat unit with two ends, like *CC(*)C, instead of a name")
    length: int = Field(default=10, ge=1, le=200, description="repeat units in a chain")
    tacticity: Tacticity = Field(default="atactic", description="of units with a chiral centre")
    state: Literal["chain", "melt"] = Field(default="melt", description="chain: one in vacuum; melt: a periodic box")
    atoms: int = Field(default=200, ge=1, description="melt: about this many, in whole chains")
    dissolved: tuple[Dissolved, ...] = Field(default=(), description="melt: salts or molecules in it")
    density_g_cm3: float | None = Field(default=None, gt=0, description="to start from; from the table when not given")
    equilibrate_ps: float = Field(default=10.0, gt=0, le=1000, description="constant pressure in the stand-in, ps")
    temperature_K: float = Field(default=300.0, gt=0, description="temperature of that, K")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.name is None) == (self.smiles is None):
            raise ValueError("give either name or smiles")
        return self


class Polymer:
    """Builder of polymers. Chains are drawn by the seed, each an own one where they are atactic."""

    Parameters: ClassVar[type[Noun]] = PolymerParameters

    def __init__(self, parameters: PolymerParameters) -> None:
        self.parameters = parameters
        self._seed = 0

    def build(self, seed: int) -> Atoms:
        """Not periodic for a chain, cubic and periodic for a melt. Raises BadInput for no repeat unit."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """As `build`, with every atom's chain or ion."""
        self._seed, rng, wish = seed, np.random.default_rng(seed), self.parameters
        if wish.state == "chain":
            smiles = self._chain(0)
            return assembled(conformer(smiles, int(rng.integers(2**31))), [(smiles, 1)])
        start = sparse(molecular(self._species(), rng), self._density(), rng)
        schedule = settle(wish.equilibrate_ps, wish.temperature_K)
        together = brought_together(wish.temperature_K, SPARSE)
        return equilibrate(start, schedule.after(together), int(rng.integers(2**30)))

    def layer(self, lateral_A: np.ndarray, thickness_A: float, seed: int) -> Assembly:
        """A flat piece of the melt: periodic along two vectors in the plane, shape (2, 2) or (2, 3), atoms within."""
        lateral = np.asarray(lateral_A, float)
        volume = abs(np.linalg.det(lateral[:, :2])) * thickness_A
        sample = self._species()
        per_atom = mass_of(sample) / sum(count * len(conformer(smiles, 0)) for smiles, count in sample)
        atoms = max(1, round(volume / volume_A3(per_atom, self._density())))
        piece = Polymer(self.parameters.model_copy(update={"atoms": atoms}))
        piece._seed, rng = seed, np.random.default_rng(seed)
        schedule = brought_together(self.parameters.temperature_K, SPARSE)
        return flat(molecular(piece._species(), rng), lateral, thickness_A, schedule, rng)

    def expectations(self) -> Expectations:
        """Every chain and ion whole (of the last seed that was built); a melt near its density."""
        if self.parameters.state == "chain":
            return Expectations(fragments={signature(self._chain(0)): 1})
        intact: Counter[str] = Counter()
        for smiles, count in self._species():
            intact[signature(smiles)] += count
        window = None
        if self._known is not None and not self.parameters.dissolved:
            window = ((1 - _WINDOW) * self._known, (1 + _WINDOW) * self._known)
        return Expectations(fragments=dict(intact), density_g_cm3=window)

    @cached_property
    def _entry(self) -> dict[str, object]:
        wish, polymers = self.parameters, table("polymers")
        if wish.smiles is not None:
            return next((one for one in polymers.values() if one["smiles"] == wish.smiles), {"smiles": wish.smiles})
        by_name = {str(name).casefold(): one for one in polymers.values() for name in one["names"]}
        found: dict[str, object] | None = polymers.get(str(wish.name)) or by_name.get(str(wish.name).casefold())
        if found is None:
            raise UnknownName.of("polymer", str(wish.name), polymers)
        return found

    @property
    def _unit(self) -> str:
        return str(self._entry["smiles"])

    @property
    def _known(self) -> float | None:
        found = self.parameters.density_g_cm3 or self._entry.get("density_g_cm3")
        return None if found is None else float(str(found))

    def _density(self) -> float:
        return self._known or _UNKNOWN_DENSITY

    def _chain(self, number: int) -> str:
        wish = self.parameters
        return chain_smiles(self._unit, wish.length, wish.tacticity, self._seed + number)

    def _species(self) -> Counted:
        """SMILES of each chain and ion with its number: whole chains of about the atoms asked for, one at least."""
        wish = self.parameters
        chain = len(conformer(self._chain(0), 0))
        solutes = [(ions(_structure(one)), one.per_unit * wish.length) for one in wish.dissolved]
        per_chain = chain + sum(share * sum(len(conformer(ion, 0)) for ion in parts) for parts, share in solutes)
        chains = max(1, round(wish.atoms / per_chain))
        counted = list(Counter(self._chain(number) for number in range(chains)).items())
        for parts, share in solutes:
            units = max(1, round(share * chains))
            counted += [(ion, parts.count(ion) * units) for ion in dict.fromkeys(parts)]
        return counted

    @property
    def unit_mass(self) -> float:
        """amu of one repeat unit."""
        return unit_mass(self._unit)


def _structure(one: Dissolved) -> str:
    return one.smiles if one.smiles is not None else str(find_molecule(one.name or "")["smiles"])
