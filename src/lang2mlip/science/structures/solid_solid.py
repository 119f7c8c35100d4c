"""Two crystals face to face: matched with the strain told, or a crystal and its mirror image (a tilt boundary)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.layers import Layer, Stacking, laid, made
from lang2mlip.science.structures.source import conventional
from lang2mlip.science.structures.stack import told
from lang2mlip.science.structures.surface import SurfaceParameters

__all__ = ["SolidSolid", "SolidSolidParameters"]

_REACH_A = 5.0


class SolidSolidParameters(Noun):
    """Which two faces meet, and how well they must fit."""

    lower: SurfaceParameters = Field(description="crystal and face of the lower side")
    upper: SurfaceParameters | None = Field(
        default=None, description="of the upper side; none: the mirror image of the lower, a symmetric tilt boundary"
    )
    thickness_A: tuple[float, float] = Field(default=(10.0, 10.0), description="at least, of the lower and upper side")
    lateral_A: float = Field(default=12.0, gt=3, le=200, description="wanted edge in the plane, Å")
    max_strain: float = Field(default=0.05, gt=0, lt=0.3, description="largest strain in the plane; beyond: refused")
    gap_A: float | None = Field(
        default=None, gt=0.5, le=6, description="smallest distance across; none: the mean bond length of the two sides"
    )
    shift: tuple[float, float] | None = Field(
        default=None, description="of the upper side in the plane, in shares of the cell; none: random by the seed"
    )
    vacuum_A: float = Field(default=0.0, ge=0, description="empty length above; 0: periodic, with two boundaries")


class SolidSolid:
    """Builder of boundaries between crystals. The lower side keeps its lattice; the upper one bears the strain."""

    Parameters: ClassVar[type[Noun]] = SolidSolidParameters

    def __init__(self, parameters: SolidSolidParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The pair, `arrays["layer"]` 0 and 1. Raises BadInput, with the best fit found, when none is good enough."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, as two solids."""
        wish, how = self.parameters, self._stacking()
        sides = [wish.lower] if wish.upper is None else [wish.lower, wish.upper]
        layers = [_layer(side, thick) for side, thick in zip(sides, wish.thickness_A, strict=False)]
        whole, fits = made(layers, how, seed)
        parts = [_part(whole, n) for n in range(len(layers))]
        if wish.upper is None:
            parts.append(_mirrored(parts[0]))
        rng = np.random.default_rng(seed)
        _shift(parts[1], wish.shift or tuple(rng.random(2)))
        pair = laid(parts, whole.atoms.cell.array[:2, :2], how)
        return told(pair, _how(fits[-1].strain, mirrored=wish.upper is None))

    def expectations(self) -> Expectations:
        """The vacuum that was asked for."""
        return Expectations(vacuum_A=self.parameters.vacuum_A or None)

    def _stacking(self) -> Stacking:
        wish = self.parameters
        sides = [wish.lower, wish.upper or wish.lower]
        gap = wish.gap_A or sum(_bond_A(conventional(side)) for side in sides) / 2
        return Stacking(wish.lateral_A, gap, wish.max_strain, wish.vacuum_A)


def _layer(side: SurfaceParameters, thickness_A: float) -> Layer:
    return Layer(builder="surface", parameters=side.model_dump(exclude_defaults=True), thickness_A=thickness_A)


def _part(whole: Assembly, layer: int) -> Assembly:
    """One side by itself, at its place."""
    atoms = Atoms(whole.atoms[whole.layer == layer])
    atoms.pbc = (True, True, False)
    return Assembly.solid(atoms)


def _mirrored(side: Assembly) -> Assembly:
    atoms = Atoms(side.atoms)
    atoms.positions[:, 2] *= -1
    return side.with_atoms(atoms)


def _shift(side: Assembly, shares: tuple[float, ...]) -> None:
    side.atoms.positions[:, :2] += np.array(shares[:2]) @ side.atoms.cell.array[:2, :2]


def _bond_A(unit: Atoms) -> float:
    """The shortest distance in a crystal, Å."""
    return float(neighbor_list("d", unit, _REACH_A).min())


def _how(strain: float, mirrored: bool) -> str:
    if mirrored:
        return "a crystal and its mirror image"
    return f"two crystals matched in the plane, the upper one strained by {strain:.2%}"
