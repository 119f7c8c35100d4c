"""Groups of liquids, solutions and molecular glasses: boxes around their density and composition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lang2mlip.contracts import Component, Role
from lang2mlip.contracts.base import Json
from lang2mlip.prepare.mixtures import has_salt, ingredients, solvents_of
from lang2mlip.prepare.variants import GroupPlan, Variant

__all__ = ["liquids", "molecular_glass", "wet_groups"]

Parameters = dict[str, Json]

_ATOMS_PER_A3 = 0.1
"""Of common liquids: 0.08 to 0.11 (from their tabulated densities)."""

_A3_PER_MOLAR = 1660.5
"""Volume that holds one particle at 1 mol/L, Å³."""

_RUN_PS = 10.0
"""Constant pressure in the fast stand-in before a liquid counts as one."""

_MADE: tuple[tuple[Role, int, float, float], ...] = (
    ("train", 60, 1.0, 1.0),
    ("train", 72, 1.3, 1.5),
    ("train", 60, 1.0, 0.6),
    ("train", 110, 1.15, 1.0),
    ("validation", 80, 1.0, 1.0),
    ("test", 96, 1.1, 1.25),
)
"""Role, atoms, temperature over that of use (a hot liquid is a thin one), strength of a solution over the one asked
for."""

_GLASSES: tuple[tuple[Role, int, float | None], ...] = (
    ("train", 90, None),
    ("train", 100, 1.06),
    ("train", 90, 0.97),
    ("train", 150, None),
    ("validation", 120, None),
    ("test", 140, 1.03),
)
"""Role, atoms, volume over the normal; None: its own, at no pressure."""


def wet_groups(components: Sequence[Component], name: str, temperature_K: float) -> Iterator[GroupPlan]:
    """A liquid, or a solution beside its pure solvent: what dissolves changes the solvent less than a change of it."""
    if not has_salt(components):
        yield liquids(ingredients(components), name, temperature_K)
        return
    solvents = solvents_of(components)
    yield liquids(ingredients(solvents), name.removesuffix("liquid") + "solvent", temperature_K)
    yield _solutions(components, name.removesuffix("liquid") + "solution", temperature_K)


def liquids(molecules: Sequence[Parameters], name: str, temperature_K: float) -> GroupPlan:
    """Periodic boxes of a liquid or mixture, at rest at its temperature of use and above."""
    return GroupPlan(
        name=name,
        variants=tuple(
            Variant(
                builder="molecule",
                role=role,
                parameters={"molecules": list(molecules), "state": "liquid", "atoms": atoms}
                | _rest(heat, temperature_K),
                line=f"liquid at rest at {heat * temperature_K:g} K",
            )
            for role, atoms, heat, _ in _MADE
        ),
    )


def molecular_glass(molecule: Parameters, name: str) -> GroupPlan:
    """A molecular or molecular-ionic solid without order, melted and quenched in the fast stand-in."""
    return GroupPlan(
        name=name,
        variants=tuple(
            Variant(
                builder="amorphous",
                role=role,
                parameters={"molecules": [molecule], "atoms": atoms} | ({"expansion": volume} if volume else {}),
                line=f"glass quenched at {volume:g} of its normal volume"
                if volume
                else "glass quenched at no pressure",
            )
            for role, atoms, volume in _GLASSES
        ),
    )


def _rest(heat: float, temperature_K: float) -> Parameters:
    return {"equilibrate_ps": _RUN_PS, "temperature_K": round(heat * temperature_K, 1)}


def _solutions(components: Sequence[Component], name: str, temperature_K: float) -> GroupPlan:
    """Boxes that hold one formula unit of each solute at least, and so have the concentration that was asked for."""
    variants = []
    for role, atoms, heat, strength in _MADE:
        parts = ingredients(components, strength)
        units = 2 if atoms > 100 else 1
        variants.append(
            Variant(
                builder="molecule",
                role=role,
                parameters={"molecules": parts, "state": "liquid", "atoms": max(atoms, units * _atoms_for(parts))}
                | _rest(heat, temperature_K),
                line=f"solution of {strength:g} times the strength asked for, at {heat * temperature_K:g} K",
            )
        )
    return GroupPlan(name=name, variants=tuple(variants))


def _atoms_for(parts: Sequence[Parameters]) -> int:
    """Atoms of the box in which the most dilute solute has one formula unit."""
    dilute = [part[key] for part in parts for key in ("molarity_mol_L", "molality_mol_kg") if key in part]
    return round(_A3_PER_MOLAR / min(dilute) * _ATOMS_PER_A3) if dilute else 0
