"""Groups of clusters, polymers and boundaries within one crystal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from lang2mlip.contracts import Component, Role
from lang2mlip.contracts.base import Json
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.mixtures import ingredient
from lang2mlip.prepare.variants import GroupPlan, Variant, default_facets
from lang2mlip.science.structures.source import CrystalSource, conventional, entry

__all__ = ["boundaries", "clusters", "polymers"]

Parameters = dict[str, Json]

_ROLES: tuple[Role, ...] = ("train", "train", "train", "train", "validation", "test")
_SIZES = (55, 30, 90, 140, 70, 110)

_FCC, _CUBIC = 225, range(195, 231)
_TILTS = ((2, 1, 0), (3, 1, 0), (1, 1, 1), (2, 1, 1), (3, 2, 0), (4, 1, 0))
"""Boundary planes of short-period symmetric tilt boundaries of cubic crystals: Σ5, Σ5, Σ3, Σ3, Σ13 and Σ17
(A. P. Sutton and R. W. Balluffi, Interfaces in Crystalline Materials, Oxford 1995)."""

_CHAINS: tuple[tuple[Role, int, int, float], ...] = (
    ("train", 8, 120, 1.0),
    ("train", 12, 160, 1.25),
    ("train", 5, 120, 1.0),
    ("train", 16, 200, 1.0),
    ("validation", 10, 180, 1.0),
    ("test", 7, 140, 1.1),
)
"""Role, units in a chain, atoms, temperature over that of use."""

_RUN_PS = 10.0


def clusters(crystal: Parameters) -> GroupPlan:
    """Clusters of several sizes and shapes; a metal that packs densely takes its magic shapes too."""
    unit = conventional(CrystalSource(**crystal))
    dense = len(set(unit.symbols)) == 1 and "crystal" in crystal and entry(crystal["crystal"]).spacegroup == _FCC
    cubic = "crystal" in crystal and entry(crystal["crystal"]).spacegroup in _CUBIC
    shapes = ["sphere"] + (["truncated_octahedron", "octahedron", "cube"] if cubic else [])
    shapes = ["icosahedron", *shapes, "decahedron"] if dense and len(unit) == 4 else shapes
    return GroupPlan(
        name="cluster",
        variants=tuple(
            Variant(
                builder="cluster",
                role=role,
                parameters=crystal | {"shape": shape, "atoms": atoms, "rattle_A": 0.02},
                line=f"{shape.replace('_', ' ')} of about {atoms} atoms",
            )
            for role, atoms, shape in zip(_ROLES, _SIZES, cycle(shapes), strict=False)
        ),
    )


def boundaries(crystal: Parameters, facets: Sequence[tuple[int, ...]]) -> GroupPlan:
    """Symmetric tilt boundaries on several planes: those asked for, else short-period ones."""
    cubic = "crystal" in crystal and entry(crystal["crystal"]).spacegroup in _CUBIC
    planes = list(facets) or (list(_TILTS) if cubic else default_facets(crystal))
    return GroupPlan(
        name="boundary",
        variants=tuple(
            Variant(
                builder="solid_solid",
                role=role,
                parameters={"lower": crystal | {"miller": plane}, "thickness_A": (8.0, 8.0), "lateral_A": 8.0},
                line=f"symmetric tilt boundary on ({' '.join(map(str, plane))})",
            )
            for role, plane in zip(_ROLES, cycle(planes), strict=False)
        ),
    )


def polymers(chain: Component, dissolved: Sequence[Component], temperature_K: float) -> GroupPlan:
    """Melts of chains of several lengths, with their salts, at the temperature of use and above."""
    base: Parameters = {"smiles": chain.smiles} if chain.smiles else {"name": chain.name}
    if dissolved:
        base["dissolved"] = [ingredient(one) | {"per_unit": _per_unit(one, chain)} for one in dissolved]
    return GroupPlan(
        name="polymer",
        variants=tuple(
            Variant(
                builder="polymer",
                role=role,
                parameters=base
                | {"length": length, "atoms": atoms, "equilibrate_ps": _RUN_PS}
                | {"temperature_K": round(heat * temperature_K, 1)},
                line=f"chains of {length} units at {heat * temperature_K:g} K",
            )
            for role, length, atoms, heat in _CHAINS
        ),
    )


def _per_unit(solute: Component, chain: Component) -> float:
    """Formula units of the solute for each repeat unit; one to twenty where nothing is said."""
    parts = [parse_amount(one.amount).value if one.amount else None for one in (solute, chain)]
    if parts[0] is None or parts[1] is None:
        return 0.05
    return round(parts[0] / parts[1], 4)
