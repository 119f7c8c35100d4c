"""Two liquids as two slabs that share two interfaces, at rest with each other in the fast stand-in."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts.base import Json, Noun
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.layers import Layer
from lang2mlip.science.structures.molecule import Ingredient
from lang2mlip.science.structures.stack import Stack, StackParameters, told
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["LiquidLiquid", "LiquidLiquidParameters", "slab_density_g_cm3"]

_MARGIN_A = 4.0
"""From either interface, where a liquid is no longer itself."""


class LiquidLiquidParameters(Noun):
    """Which two liquids, and how much of them."""

    lower: tuple[Ingredient, ...] = Field(min_length=1, description="the liquid below, one species or a mixture")
    upper: tuple[Ingredient, ...] = Field(min_length=1, description="the liquid above")
    lower_liquid: dict[str, Json] = Field(
        default_factory=dict, description="further parameters of the molecule builder, e.g. density_g_cm3"
    )
    upper_liquid: dict[str, Json] = Field(default_factory=dict, description="the same for the liquid above")
    lateral_A: float = Field(default=16.0, gt=3, le=200, description="edge in the plane, Å")
    thickness_A: float = Field(default=18.0, gt=3, le=200, description="thickness of each liquid, Å")
    equilibrate_ps: float = Field(default=10.0, ge=0, description="time in the fast stand-in, ps; 0: as laid")
    temperature_K: float = Field(default=300.0, gt=0, description="temperature of that time, K")


class LiquidLiquid:
    """Builder of liquid–liquid interfaces, periodic in three directions; only the height is free."""

    Parameters: ClassVar[type[Noun]] = LiquidLiquidParameters

    def __init__(self, parameters: LiquidLiquidParameters) -> None:
        self.parameters = parameters
        self._stack = _stack(parameters)

    def build(self, seed: int) -> Atoms:
        """The two slabs; `arrays["layer"]` is 0 below and 1 above. Raises BadInput for an unknown molecule."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, with molecules known."""
        assembly = self._stack.assemble(seed)
        found = [f"{slab_density_g_cm3(assembly.atoms, layer):.3f}" for layer in (0, 1)]
        return told(assembly, f"{found[0]} and {found[1]} g/cm³ away from the interfaces")

    def expectations(self) -> Expectations:
        """Molecules, charges and the order of the layers are the assembly's own affair."""
        return self._stack.expectations()


def _stack(wish: LiquidLiquidParameters) -> Stack:
    halves = ((wish.lower, wish.lower_liquid), (wish.upper, wish.upper_liquid))
    layers = tuple(
        Layer(builder="molecule", parameters=_mixture(species) | more, thickness_A=wish.thickness_A)
        for species, more in halves
    )
    shared = {name: getattr(wish, name) for name in ("lateral_A", "equilibrate_ps", "temperature_K")}
    return Stack(StackParameters(layers=layers, **shared))


def slab_density_g_cm3(atoms: Atoms, layer: int, margin_A: float = _MARGIN_A) -> float:
    """Density of one layer of a periodic stack, away from both its interfaces, g/cm³; all atoms there count.

    NaN where the layer is not thicker than the two margins.
    """
    height = float(atoms.cell.array[2, 2])
    own = atoms.arrays["layer"] == layer
    phase = np.angle(np.exp(2j * np.pi * atoms.positions[own, 2] / height).sum()) / (2 * np.pi)
    z = np.mod(atoms.positions[:, 2] / height - phase + 0.5, 1.0) * height
    # A few molecules wander: where the middle nine tenths end is the interface.
    low, high = np.quantile(z[own], [0.05, 0.95]) + np.array([margin_A, -margin_A])
    inside = (z > low) & (z < high)
    if high <= low:
        return float("nan")
    area = atoms.get_volume() / height
    return float(atoms.get_masses()[inside].sum() / (area * (high - low)) * AMU_PER_A3_IN_G_PER_CM3)


def _mixture(species: tuple[Ingredient, ...]) -> dict[str, Json]:
    return {"molecules": [one.model_dump(exclude_defaults=True) for one in species], "state": "liquid"}
