"""Stacks: layers of crystals, glasses and liquids on top of each other, brought to rest in the fast stand-in."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations, density_g_cm3
from lang2mlip.science.structures.lateral import Fit
from lang2mlip.science.structures.layers import Layer, Stacking, made
from lang2mlip.science.structures.resting import rested

__all__ = ["Stack", "StackParameters", "told"]

_SWELLING = 0.75
_CONTACT_A = 2.2

_DENSITY_WINDOW = (0.75, 1.25)
"""Of a whole stack over that of its layers side by side: thin layers lose some density to their interfaces."""


class StackParameters(Noun):
    """Which layers, how wide, and how they are brought together."""

    layers: tuple[Layer, ...] = Field(min_length=2, description="layers from the bottom")
    lateral_A: float = Field(
        default=15.0, gt=3, le=200, description="wanted edge in the plane, Å; the first crystal sets the exact cell"
    )
    gap_A: float = Field(default=2.2, ge=1, le=6, description="smallest distance between atoms of two layers, Å")
    vacuum_A: float = Field(default=0.0, ge=0, description="empty length above the stack, Å; 0: periodic")
    max_strain: float = Field(
        default=0.05, gt=0, lt=0.3, description="largest strain of a crystal that must fit the first one"
    )
    equilibrate_ps: float = Field(default=10.0, ge=0, description="time in the fast stand-in, ps; 0: as laid")
    temperature_K: float = Field(default=300.0, gt=0, description="temperature of that time, K")


class Stack:
    """Builder of stacks. Crystals are held while the layers between them come to rest; only the height is free."""

    Parameters: ClassVar[type[Noun]] = StackParameters

    def __init__(self, parameters: StackParameters) -> None:
        self.parameters = parameters
        self._density: tuple[float, float] | None = None

    def build(self, seed: int) -> Atoms:
        """The stack, `arrays["layer"]` counting from the bottom. Raises BadInput when layers do not fit together."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, with molecules and layers known."""
        wish = self.parameters
        how = Stacking(wish.lateral_A, wish.gap_A, wish.max_strain, wish.vacuum_A)
        laid, fits = made(wish.layers, how, seed)
        self._density = None if wish.vacuum_A else _density_window(laid, wish.layers)
        assembly = rested(laid, wish.equilibrate_ps, wish.temperature_K, seed)
        return told(assembly, _how(fits))

    def expectations(self) -> Expectations:
        """The vacuum that was asked for, less what a liquid's surface swells; after a build, the density of its layers.

        Molecules, charges and layers are the assembly's own affair.
        """
        vacuum = self.parameters.vacuum_A
        return Expectations(vacuum_A=_SWELLING * vacuum if vacuum else None, density_g_cm3=self._density)


def _density_window(laid: Assembly, layers: tuple[Layer, ...]) -> tuple[float, float]:
    """Lowest and highest sound density of the whole: every layer as thick as asked for, and the room between them."""
    atoms, height = laid.atoms, 0.0
    for number, layer in enumerate(layers):
        own = laid.layer == number
        # A crystal has whole steps; the slice that its outermost atoms fill is about a contact wide.
        crystal = laid.held[own].all()
        height += float(np.ptp(atoms.positions[own, 2])) + _CONTACT_A if crystal else layer.thickness_A
    density = density_g_cm3(atoms) * float(atoms.cell.array[2, 2]) / height
    return _DENSITY_WINDOW[0] * density, _DENSITY_WINDOW[1] * density


def told(assembly: Assembly, how: str) -> Assembly:
    """The assembly with its layers in `arrays["layer"]` and one sentence on how it was made in `info["how"]`."""
    atoms = assembly.atoms
    atoms.set_array("layer", assembly.layer.astype(int))
    before = str(atoms.info.get("how", ""))
    atoms.info["how"] = "; ".join(part for part in (before, how) if part)
    return assembly


def _how(fits: list[Fit]) -> str:
    strained = [fit.strain for fit in fits[1:]]
    if not strained:
        return "layers laid on each other"
    return f"layers laid on each other, crystals strained by {', '.join(f'{one:.1%}' for one in strained)} to fit"
