"""Layers of a stack: each made in the common lateral cell, laid on the one below until their nearest atoms touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from pydantic import Field, model_validator
from scipy.spatial import cKDTree

from lang2mlip.catalogue import load
from lang2mlip.contracts.base import Json, Noun, check
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.assembly import Assembly, joined
from lang2mlip.science.structures.facets import three_indices
from lang2mlip.science.structures.lateral import Fit, common_cell, spread
from lang2mlip.science.structures.source import CrystalSource, conventional, occupied
from lang2mlip.science.structures.surface import Surface, SurfaceParameters, layer_spacing_A

__all__ = ["Layer", "Piece", "Stacking", "laid", "made", "scaled"]

_DEEPEST_A = 2.0
"""How far a rough layer may sink into the one below before its lowest atom counts as touching."""


class Piece(Noun):
    """A part that another builder makes."""

    builder: str = Field(description="structure class of the part: surface, amorphous, molecule, …")
    parameters: dict[str, Json] = Field(default_factory=dict, description="validated by that builder's own model")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        try:
            self.validated()
        except UnknownName as error:
            raise ValueError(str(error)) from error
        except BadInput as error:
            raise ValueError(str(error)) from error
        return self

    def validated(self) -> Noun:
        """The parameters as the builder's own model. Raises BadInput."""
        kind: type[Noun] = load("structure", self.builder).Parameters
        return check(kind, self.parameters, self.builder)


class Layer(Piece):
    """One layer of a stack."""

    thickness_A: float = Field(gt=0, le=200, description="thickness, Å; a crystal takes whole steps of at least this")


@dataclass(frozen=True)
class Stacking:
    """How layers come together."""

    lateral_A: float
    gap_A: float
    """Smallest distance between atoms of two layers, Å."""
    max_strain: float
    vacuum_A: float
    """Empty length above the stack; 0: periodic."""


def made(layers: Sequence[Layer], how: Stacking, seed: int) -> tuple[Assembly, list[Fit]]:
    """The layers on top of each other, and how the crystals fit. Raises BadInput when they cannot be brought together.

    The first crystal sets the cell in the plane. `atoms.arrays["layer"]` counts from the bottom.
    """
    crystals = {n: _surface(layer) for n, layer in enumerate(layers) if _is_crystal(layer)}
    slabs = {n: _slab(wish, layers[n].thickness_A, seed) for n, wish in crystals.items()}
    cell, fits = common_cell([slab.cell.array[:2, :2] for slab in slabs.values()], how.lateral_A, how.max_strain)
    parts = []
    for number, layer in enumerate(layers):
        own = (seed + 7919 * number) % 2**31
        if number in slabs:
            fit = fits[list(slabs).index(number)]
            parts.append(_crystal(slabs[number], crystals[number], (fit, cell), own))
        else:
            parts.append(_disordered(layer, cell, own))
    return laid(parts, cell, how), fits


def laid(parts: Sequence[Assembly], cell: np.ndarray, how: Stacking) -> Assembly:
    """The parts above each other, touching; periodic along z, or with vacuum above."""
    stack = Atoms()
    for part in parts:
        atoms = Atoms(part.atoms.numbers, part.atoms.positions)
        lift = _contact(stack, atoms, cell, how.gap_A) if len(stack) else -float(atoms.positions[:, 2].min())
        atoms.positions[:, 2] += lift
        stack = Atoms(stack + atoms)
    span = float(np.ptp(stack.positions[:, 2]))
    vectors = np.zeros((3, 3))
    vectors[:2, :2] = cell
    vectors[2, 2] = span + how.vacuum_A if how.vacuum_A else _contact(stack, stack, cell, how.gap_A)
    stack.set_cell(vectors)
    stack.pbc = (True, True, not how.vacuum_A)
    if how.vacuum_A:
        stack.center(axis=2)
    assembly = joined(parts, stack)
    charges = [part.atoms.get_initial_charges() for part in parts]
    if any(one.any() for one in charges):
        stack.set_initial_charges(np.concatenate(charges))
    return assembly


def scaled(parameters: Any, size_of: Callable[[CrystalSource], float]) -> Any:
    """The same parameters with every crystal in them, however deep, `size_of(crystal)` times as large."""
    if isinstance(parameters, Piece):
        inside = scaled(parameters.validated(), size_of)
        return parameters.model_copy(update={"parameters": inside.model_dump(exclude_defaults=True)})
    if isinstance(parameters, tuple | list):
        return type(parameters)(scaled(one, size_of) for one in parameters)
    if not isinstance(parameters, Noun):
        return parameters
    changed = {name: scaled(getattr(parameters, name), size_of) for name in type(parameters).model_fields}
    if isinstance(parameters, CrystalSource):
        changed["scale"] = parameters.scale * size_of(parameters)
    return parameters.model_copy(update=changed)


def _is_crystal(layer: Piece) -> bool:
    return not hasattr(load("structure", layer.builder), "layer") and isinstance(layer.validated(), CrystalSource)


def _surface(layer: Layer) -> SurfaceParameters:
    """The crystalline layer as a surface; a bulk crystal lies on its basal plane."""
    wish = layer.validated()
    if isinstance(wish, SurfaceParameters):
        return wish
    if layer.builder != "bulk":
        raise BadInput(f"A layer cannot be made by the builder {layer.builder!r}; use surface, amorphous or molecule.")
    shared = {name: getattr(wish, name) for name in CrystalSource.model_fields}
    return SurfaceParameters(miller=(0, 0, 1), **shared)


def _slab(wish: SurfaceParameters, thickness_A: float, seed: int) -> Atoms:
    """One surface cell of the crystal, at least as thick as asked for."""
    spacing = layer_spacing_A(conventional(wish), three_indices(wish.miller))
    layers = max(1, ceil(thickness_A / spacing - 1e-6))
    plain = {"layers": layers, "lateral": (1, 1), "vacuum_A": 10.0, "occupation": None, "rattle_A": 0.0}
    slab: Atoms = Surface(wish.model_copy(update=plain)).build(seed)
    return slab


def _crystal(slab: Atoms, wish: SurfaceParameters, place: tuple[Fit, np.ndarray], seed: int) -> Assembly:
    rng = np.random.default_rng(seed)
    atoms = occupied(spread(slab, *place), wish, rng)
    if wish.rattle_A:
        atoms.positions += rng.normal(scale=wish.rattle_A, size=atoms.positions.shape)
    return Assembly.solid(atoms)


def _disordered(layer: Layer, cell: np.ndarray, seed: int) -> Assembly:
    """A layer of a liquid or a glass from its own builder."""
    kind = load("structure", layer.builder)
    if not hasattr(kind, "layer"):
        raise BadInput(f"A layer cannot be made by the builder {layer.builder!r}; use surface, amorphous or molecule.")
    part: Assembly = kind(layer.validated()).layer(cell, layer.thickness_A, seed)
    return part


def _contact(lower: Atoms, upper: Atoms, cell: np.ndarray, gap_A: float) -> float:
    """How far `upper` must be lifted so that its nearest atom just touches `lower`, through the sides as well, Å.

    Atoms touch at `gap_A`, or at the sum of their covalent radii where that is larger.
    """
    radii = (covalent_radii[lower.numbers], covalent_radii[upper.numbers])
    reach = max(gap_A, float(radii[0].max() + radii[1].max()))
    ceiling, floor = float(lower.positions[:, 2].max()), float(upper.positions[:, 2].min())
    below = np.flatnonzero(lower.positions[:, 2] > ceiling - reach - _DEEPEST_A)
    above = np.flatnonzero(upper.positions[:, 2] < floor + reach + _DEEPEST_A)
    places, origin = _with_images(lower.positions[below, :2], cell, reach)
    inside = _folded(upper.positions[above, :2], cell)
    near = cKDTree(inside).sparse_distance_matrix(cKDTree(places), reach, output_type="ndarray")
    i, j = above[near["i"]], below[origin[near["j"]]]
    touch = np.maximum(gap_A, radii[0][j] + radii[1][i])
    side = np.sqrt(np.maximum(0.0, touch**2 - near["v"] ** 2))
    lifts = lower.positions[j, 2] + side - upper.positions[i, 2]
    least = ceiling - floor - _DEEPEST_A
    return float(max(least, lifts[near["v"] < touch].max(initial=least)))


def _folded(planar: np.ndarray, cell: np.ndarray) -> np.ndarray:
    fractions = planar @ np.linalg.inv(cell)
    return np.asarray((fractions - np.floor(fractions)) @ cell)


def _with_images(planar: np.ndarray, cell: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Points with all their periodic images within reach of the cell, and the number of each."""
    folded = _folded(planar, cell)
    heights = abs(np.linalg.det(cell)) / np.linalg.norm(cell[::-1], axis=1)
    most = [ceil(reach / height) for height in heights]
    shifts = [(a, b) for a in range(-most[0], most[0] + 1) for b in range(-most[1], most[1] + 1)]
    places = np.concatenate([folded + np.array(shift) @ cell for shift in shifts])
    return places, np.tile(np.arange(len(planar)), len(shifts))
