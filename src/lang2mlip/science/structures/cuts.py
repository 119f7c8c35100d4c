"""Where a crystal may be cut along a plane: its atomic layers, and which gap between them is opened."""

from __future__ import annotations

import numpy as np
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from lang2mlip.science.structures.facets import Facet

__all__ = ["best_cuts", "gap_below", "is_alike", "layers_of", "whole_count"]

_LAYER_GAP_A = 0.2
"""Atoms nearer in height than this belong to one atomic layer."""

_SAME_A = 0.05
"""Gaps that differ by less are equal."""


def layers_of(facet: Facet) -> list[np.ndarray]:
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


def gap_below(facet: Facet, layers: list[np.ndarray], n: int) -> float:
    """Empty height under layer `n`, counted on through the steps, Å."""
    z = facet.step.positions[:, 2]
    if n % len(layers):
        return float(z[layers[n % len(layers)]].min() - z[layers[n % len(layers) - 1]].max())
    return float(z[layers[0]].min() + facet.spacing_A - z[layers[-1]].max())


def best_cuts(facet: Facet, layers: list[np.ndarray]) -> list[int]:
    """Which layer to begin with, best first: faces alike, then fewest and longest bonds broken, then the widest gap."""

    def cost(n: int) -> tuple[bool, float, float]:
        gap = gap_below(facet, layers, n)
        bottom = float(facet.step.positions[layers[n], 2].min())
        broken = _broken_bonds(facet, bottom - gap / 2)
        return not is_alike(facet, layers, n), round(broken, 3), -round(gap, 3)

    return sorted(range(len(layers)), key=cost)


def is_alike(facet: Facet, layers: list[np.ndarray], first: int, count: int | None = None) -> bool:
    """`count` layers (one step) from layer `first` on read the same from above, in elements and in spacings."""
    places = range(first, first + (count or len(layers)))
    kinds = [sorted(facet.step.numbers[layers[n % len(layers)]]) for n in places]
    gaps = [gap_below(facet, layers, n) for n in places[1:]]
    return kinds == kinds[::-1] and bool(np.allclose(gaps, gaps[::-1], atol=_SAME_A))


def whole_count(facet: Facet, layers: list[np.ndarray], first: int, wanted: int) -> int:
    """Layers of a slab of whole steps; where all layers are alike it may end at any gap as wide as the first."""
    whole = -(-wanted // len(layers)) * len(layers)
    if len({tuple(sorted(facet.step.numbers[members])) for members in layers}) > 1:
        return whole
    opening = gap_below(facet, layers, first)
    ends = (n for n in range(wanted, whole) if gap_below(facet, layers, first + n) > opening - _SAME_A)
    return next(ends, whole)


def _broken_bonds(facet: Facet, height: float) -> float:
    """Bonds across the planes z = height + n × spacing, each weighted by how short it is."""
    step = facet.step
    first, second, shift, distance = neighbor_list("ijDd", step, 1.3 * covalent_radii[step.numbers])
    start = (step.positions[first, 2] - height) / facet.spacing_A
    crossings = np.floor(start + shift[:, 2] / facet.spacing_A) - np.floor(start)
    natural = covalent_radii[step.numbers[first]] + covalent_radii[step.numbers[second]]
    return float((np.maximum(crossings, 0) * (natural / distance) ** 6).sum())
