"""Slabs: any Miller indices of any crystal, cut where it costs least, with vacuum on both sides."""

from __future__ import annotations

from math import ceil
from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from pydantic import Field, field_validator, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.cuts import best_cuts, is_alike, layers_of, whole_count
from lang2mlip.science.structures.facets import Facet, named_plane, three_indices
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.occupancy import SITE
from lang2mlip.science.structures.source import CrystalSource, conventional, mixtures, occupied, primitive
from lang2mlip.science.structures.standin.network import formal_charges
from lang2mlip.science.structures.supercell import heights

__all__ = ["Surface", "SurfaceParameters", "Termination", "is_mirrored", "layer_spacing_A", "terminations"]

_POLAR_A = 0.1
"""Centres of positive and of negative charge further apart in height make a slab polar."""


class SurfaceParameters(CrystalSource):
    """Which crystal, cut how, how thick and how wide."""

    miller: tuple[int, ...] = Field(
        description="Miller indices on the conventional cell: 3, or 4 for hexagonal axes; also as text: (10-10)"
    )
    layers: int = Field(default=6, ge=1, description="atomic layers at least; compounds keep whole formula units")
    atoms: int = Field(default=40, ge=1, description="about this many atoms: sets the lateral size")
    lateral: tuple[int, int] | None = Field(default=None, description="copies of the smallest surface cell instead")
    lateral_A: tuple[float, float] | None = Field(
        default=None, description="at least this wide across each of the two surface vectors instead, Å"
    )
    vacuum_A: float = Field(default=12.0, ge=0, description="empty length along the normal, Å")
    termination: int = Field(default=0, ge=0, description="0: the best cut; 1, 2, …: the next best ones")
    faces: Literal["stoichiometric", "symmetric"] = Field(
        default="stoichiometric", description="whole formula units, or both faces alike whatever that does to them"
    )
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")

    @field_validator("miller", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return named_plane(value) if isinstance(value, str) else value

    @field_validator("miller")
    @classmethod
    def _a_plane(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        three_indices(value)
        return value

    @model_validator(mode="after")
    def _one_width(self) -> Self:
        if self.lateral is not None and self.lateral_A is not None:
            raise ValueError("give either lateral or lateral_A")
        return self


class Termination(Noun):
    """One way to cut a crystal along a plane."""

    number: int = Field(description="as the parameter `termination`: 0 is the best")
    bottom: str = Field(description="what the lowest atomic layer is made of")
    top: str = Field(description="what the uppermost atomic layer is made of")
    stoichiometric: bool = Field(description="whole formula units")
    symmetric: bool = Field(description="both faces alike")
    polar: bool = Field(description="a dipole along the normal, by formal charges")

    def line(self) -> str:
        """One line for people."""
        words = ["stoichiometric" if self.stoichiometric else "off stoichiometry"]
        words += ["both faces alike" if self.symmetric else "faces differ"]
        words += ["polar"] if self.polar else []
        return f"termination {self.number}: {self.bottom} below, {self.top} above; {', '.join(words)}"


class Surface:
    """Builder of slabs. Periodic along the surface only; the third cell vector is the normal."""

    Parameters: ClassVar[type[Noun]] = SurfaceParameters

    def __init__(self, parameters: SurfaceParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The slab, centred in its vacuum; `info["how"]` says where it is polar. Raises BadInput for an unknown crystal
        or a cut that it does not have."""
        wish, rng = self.parameters, np.random.default_rng(seed)
        slab, cut = _cut(_facet(wish), wish, wish.termination)
        slab = occupied(slab.repeat((*_copies(slab, wish), 1)), wish, rng)
        if SITE in slab.arrays:
            del slab.arrays[SITE]
        if wish.rattle_A:
            noise = rng.normal(size=slab.positions.shape)
            slab.positions += wish.rattle_A * noise
        slab.pbc = (True, True, False)
        slab.center(vacuum=wish.vacuum_A / 2, axis=2)
        if cut.polar:
            slab.info["how"] = f"a polar cut: {cut.bottom} below, {cut.top} above"
        return slab

    def assemble(self, seed: int) -> Assembly:
        """The same, as one solid."""
        return Assembly.solid(self.build(seed))

    def expectations(self) -> Expectations:
        """The vacuum that was asked for, and the crystal's composition."""
        if mixtures(self.parameters) or self.parameters.faces == "symmetric":
            return Expectations(vacuum_A=self.parameters.vacuum_A)
        formula = conventional(self.parameters).symbols.formula.reduce()[0]
        return Expectations(vacuum_A=self.parameters.vacuum_A, composition=str(formula))


def terminations(wish: SurfaceParameters) -> list[Termination]:
    """All cuts of the plane, the best first; those that look the same are told once. Raises BadInput."""
    facet = _facet(wish)
    found: dict[tuple[object, ...], Termination] = {}
    for number in range(len(layers_of(facet))):
        try:
            _, cut = _cut(facet, wish, number)
        except BadInput:
            continue
        found.setdefault((cut.bottom, cut.top, cut.symmetric, cut.polar), cut)
    return list(found.values())


def layer_spacing_A(unit: Atoms, indices: tuple[int, int, int]) -> float:
    """Mean distance between atomic layers of a plane."""
    facet = Facet.of(unit, primitive(unit), indices)
    return facet.spacing_A / len(layers_of(facet))


def is_mirrored(unit: Atoms, indices: tuple[int, int, int]) -> bool:
    """The best cut gives two faces alike, so that the slab has no dipole whatever the charges."""
    facet = Facet.of(unit, primitive(unit), indices)
    layers = layers_of(facet)
    return any(is_alike(facet, layers, cut) for cut in range(len(layers)))


def _facet(wish: SurfaceParameters) -> Facet:
    unit = conventional(wish)
    lengths, angles = unit.cell.lengths(), unit.cell.angles()
    hexagonal = abs(lengths[0] / lengths[1] - 1) < 1e-3 and np.allclose(angles, (90, 90, 120), atol=0.1)
    if len(wish.miller) == 4 and not hexagonal:
        raise BadInput(
            f"The four indices {wish.miller} belong to hexagonal axes, which {unit.symbols.formula.reduce()[0]} does"
            " not have; give three."
        )
    return Facet.of(unit, primitive(unit), three_indices(wish.miller))


def _cut(facet: Facet, wish: SurfaceParameters, number: int) -> tuple[Atoms, Termination]:
    """One surface cell of the slab, upright along z, cell vector c spanning it; and what its faces are."""
    layers, step = layers_of(facet), facet.step
    first = best_cuts(facet, layers)[number % len(layers)]
    count = whole_count(facet, layers, first, wish.layers)
    if wish.faces == "symmetric":
        count = _alike_count(facet, layers, first, wish)
    stack = [(layers[n % len(layers)], n // len(layers)) for n in range(first, first + count)]
    slab: Atoms = step[np.concatenate([members for members, _ in stack])]
    slab.positions = np.concatenate([step.positions[members] + lift * step.cell.array[2] for members, lift in stack])
    vectors = step.cell.array.copy()
    vectors[2] = (0.0, 0.0, float(np.ptp(slab.positions[:, 2])) + 1.0)
    slab.set_cell(vectors)
    slab.pbc = (True, True, False)
    slab.wrap()
    ends = [step.symbols[stack[n][0]].formula.reduce()[0].format("metal") for n in (0, -1)]
    whole = slab.symbols.formula.reduce()[0].count() == step.symbols.formula.reduce()[0].count()
    told = Termination(
        number=number,
        bottom=ends[0],
        top=ends[1],
        stoichiometric=whole,
        symmetric=is_alike(facet, layers, first, count),
        polar=whole and _dipole_A(slab) > _POLAR_A,
    )
    return slab, told


def _dipole_A(slab: Atoms) -> float:
    """How far the centres of positive and negative charge are apart in height, with formal charges.

    Where those are not known: the largest distance between the mean heights of two elements.
    """
    height = slab.positions[:, 2]
    charges = formal_charges(slab.get_chemical_symbols(), 0)
    if charges is None:
        return float(np.ptp([height[slab.numbers == kind].mean() for kind in np.unique(slab.numbers)]))
    each = np.array([charges[symbol] for symbol in slab.symbols], float)
    return float(2 * abs(each @ height) / max(abs(each).sum(), 1.0))


def _alike_count(facet: Facet, layers: list[np.ndarray], first: int, wish: SurfaceParameters) -> int:
    """Layers of the thinnest slab, thick enough, with both faces alike. Raises BadInput where there is none."""
    for count in range(wish.layers, wish.layers + len(layers)):
        if is_alike(facet, layers, first, count):
            return count
    raise BadInput(
        f"The plane {wish.miller} of {facet.step.symbols.formula.reduce()[0]} has no slab with both faces alike for"
        f" termination {wish.termination}; choose another termination, or faces: stoichiometric."
    )


def _copies(slab: Atoms, wish: SurfaceParameters) -> tuple[int, int]:
    """Copies along the two surface vectors, as asked for."""
    if wish.lateral is not None:
        return wish.lateral
    face = heights(slab.cell.array)[:2]
    if wish.lateral_A is not None:
        first, second = (max(1, ceil(width / one - 1e-6)) for width, one in zip(wish.lateral_A, face, strict=True))
        return first, second
    return _roundest(slab, wish.atoms)


def _roundest(slab: Atoms, target: int) -> tuple[int, int]:
    """Copies along the two surface vectors: the roundest of at most 1.3 × `target` atoms, then the nearest count."""
    most = max(1, int(1.3 * target / len(slab)))
    face = heights(slab.cell.array)[:2]
    return min(
        ((i, j) for i in range(1, most + 1) for j in range(1, most // i + 1)),
        key=lambda n: (-round(float(min(face * n)), 3), abs(len(slab) * n[0] * n[1] - target)),
    )
