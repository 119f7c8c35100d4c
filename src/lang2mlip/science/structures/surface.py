"""Slabs: any Miller indices of any crystal, cut where it costs least, with vacuum on both sides."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from pydantic import Field, field_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.science.structures.facets import Facet, three_indices
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.source import CrystalSource, conventional, mixtures, occupied, primitive
from lang2mlip.science.structures.supercell import heights

__all__ = ["Surface", "SurfaceParameters", "is_mirrored", "layer_spacing_A"]

_LAYER_GAP_A = 0.2
"""Atoms nearer in height than this belong to one atomic layer."""


class SurfaceParameters(CrystalSource):
    """Which crystal, cut how, how thick and how wide."""

    miller: tuple[int, ...] = Field(description="Miller indices on the conventional cell: 3, or 4 for hexagonal axes")
    layers: int = Field(default=6, ge=1, description="atomic layers at least; compounds keep whole formula units")
    atoms: int = Field(default=40, ge=1, description="about this many atoms: sets the lateral size")
    lateral: tuple[int, int] | None = Field(default=None, description="copies of the smallest surface cell instead")
    vacuum_A: float = Field(default=12.0, ge=0, description="empty length along the normal, Å")
    termination: int = Field(default=0, ge=0, description="0: the best cut; 1, 2, …: the next best ones")
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")

    @field_validator("miller")
    @classmethod
    def _a_plane(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        three_indices(value)
        return value


class Surface:
    """Builder of slabs. Periodic along the surface only; the third cell vector is the normal."""

    Parameters: ClassVar[type[Noun]] = SurfaceParameters

    def __init__(self, parameters: SurfaceParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The slab, centred in its vacuum. Raises BadInput for an unknown crystal."""
        wish = self.parameters
        unit = conventional(wish)
        facet = Facet.of(unit, primitive(unit), three_indices(wish.miller))
        slab = _slab(facet, wish)
        slab = Atoms(slab.repeat((*(wish.lateral or _lateral(slab, wish.atoms)), 1)))
        rng = np.random.default_rng(seed)
        slab = occupied(slab, wish, rng)
        if wish.rattle_A:
            noise = rng.normal(size=slab.positions.shape)
            slab.positions += wish.rattle_A * noise
        slab.pbc = (True, True, False)
        slab.center(vacuum=wish.vacuum_A / 2, axis=2)
        return slab

    def expectations(self) -> Expectations:
        """The vacuum that was asked for, and the crystal's composition."""
        if mixtures(self.parameters):
            return Expectations(vacuum_A=self.parameters.vacuum_A)
        formula = conventional(self.parameters).symbols.formula.reduce()[0]
        return Expectations(vacuum_A=self.parameters.vacuum_A, composition=str(formula))


def layer_spacing_A(unit: Atoms, indices: tuple[int, int, int]) -> float:
    """Mean distance between atomic layers of a plane."""
    facet = Facet.of(unit, primitive(unit), indices)
    return facet.spacing_A / len(_layers(facet))


def is_mirrored(unit: Atoms, indices: tuple[int, int, int]) -> bool:
    """The best cut gives two faces alike, so that the slab has no dipole whatever the charges."""
    facet = Facet.of(unit, primitive(unit), indices)
    return any(_mirrored(facet, _layers(facet), cut) for cut in range(len(_layers(facet))))


def _slab(facet: Facet, wish: SurfaceParameters) -> Atoms:
    """One surface cell of the slab, upright along z; cell vector c spans the slab."""
    layers = _layers(facet)
    first = _cuts(facet, layers)[wish.termination % len(layers)]
    count = _layer_count(facet, layers, first, wish.layers)
    stack = [(layers[n % len(layers)], n // len(layers)) for n in range(first, first + count)]
    step = facet.step
    positions = np.concatenate([step.positions[members] + lift * step.cell.array[2] for members, lift in stack])
    numbers = np.concatenate([step.numbers[members] for members, _ in stack])
    vectors = step.cell.array.copy()
    vectors[2] = (0.0, 0.0, float(np.ptp(positions[:, 2])) + 1.0)
    slab = Atoms(numbers, positions, cell=vectors, pbc=(True, True, False))
    slab.wrap()
    return slab


def _layers(facet: Facet) -> list[np.ndarray]:
    """Indices of the atoms of each atomic layer of one step, from below."""
    z = facet.step.positions[:, 2]
    order = np.argsort(z, kind="stable")
    splits = np.flatnonzero(np.diff(z[order]) > _LAYER_GAP_A) + 1
    layers = np.split(order, splits)
    # The top of one step and the bottom of the next may be one layer.
    if len(layers) > 1 and z[order[0]] + facet.spacing_A - z[order[-1]] < _LAYER_GAP_A:
        moved = layers.pop()
        facet.step.positions[moved] -= facet.step.cell.array[2]
        layers[0] = np.concatenate([moved, layers[0]])
    return layers


def _gap_below(facet: Facet, layers: list[np.ndarray], n: int) -> float:
    z = facet.step.positions[:, 2]
    if n % len(layers):
        return float(z[layers[n % len(layers)]].min() - z[layers[n % len(layers) - 1]].max())
    return float(z[layers[0]].min() + facet.spacing_A - z[layers[-1]].max())


def _cuts(facet: Facet, layers: list[np.ndarray]) -> list[int]:
    """Which layer to begin with, best first: faces alike, then fewest and longest bonds broken, then the widest gap."""

    def cost(n: int) -> tuple[bool, float, float]:
        gap = _gap_below(facet, layers, n)
        bottom = float(facet.step.positions[layers[n], 2].min())
        broken = _broken_bonds(facet, bottom - gap / 2)
        return not _mirrored(facet, layers, n), round(broken, 3), -round(gap, 3)

    return sorted(range(len(layers)), key=cost)


def _mirrored(facet: Facet, layers: list[np.ndarray], first: int) -> bool:
    """The step that begins with layer `first` reads the same from above, in elements and in spacings."""
    ordered = [layers[(first + n) % len(layers)] for n in range(len(layers))]
    kinds = [sorted(facet.step.numbers[members]) for members in ordered]
    gaps = [_gap_below(facet, layers, first + n) for n in range(1, len(layers))]
    return kinds == kinds[::-1] and bool(np.allclose(gaps, gaps[::-1], atol=0.05))


def _broken_bonds(facet: Facet, height: float) -> float:
    """Bonds across the planes z = height + n × spacing, each weighted by how short it is."""
    step = facet.step
    first, second, shift, distance = neighbor_list("ijDd", step, 1.3 * covalent_radii[step.numbers])
    start = (step.positions[first, 2] - height) / facet.spacing_A
    crossings = np.floor(start + shift[:, 2] / facet.spacing_A) - np.floor(start)
    natural = covalent_radii[step.numbers[first]] + covalent_radii[step.numbers[second]]
    return float((np.maximum(crossings, 0) * (natural / distance) ** 6).sum())


def _layer_count(facet: Facet, layers: list[np.ndarray], first: int, wanted: int) -> int:
    """Layers of the slab: whole steps, but where all layers are alike it may end at any gap as wide as the first."""
    whole = -(-wanted // len(layers)) * len(layers)
    if len({tuple(sorted(facet.step.numbers[members])) for members in layers}) > 1:
        return whole
    opening = _gap_below(facet, layers, first)
    ends = (n for n in range(wanted, whole) if _gap_below(facet, layers, first + n) > opening - 0.05)
    return next(ends, whole)


def _lateral(slab: Atoms, target: int) -> tuple[int, int]:
    """Copies along the two surface vectors: the roundest of at most 1.3 × `target` atoms, then the nearest count."""
    most = max(1, int(1.3 * target / len(slab)))
    face = heights(slab.cell.array)[:2]
    return min(
        ((i, j) for i in range(1, most + 1) for j in range(1, most // i + 1)),
        key=lambda n: (-round(float(min(face * n)), 3), abs(len(slab) * n[0] * n[1] - target)),
    )
