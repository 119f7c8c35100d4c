"""Groups of a layered task: every pair of neighbours, and the whole. A layer is the request of a builder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lang2mlip.contracts import Component, Role, Task
from lang2mlip.contracts.base import Json
from lang2mlip.prepare.mixtures import SEPARATOR, has_salt, ingredient, ingredients, is_chain
from lang2mlip.prepare.variants import GroupPlan, Variant, default_facets

__all__ = ["Layer", "interface_groups", "layers_of"]

Parameters = dict[str, Json]

_PAIR_A = 13.0
"""Lateral size that a pair of layers aims at: a label of about 300 atoms."""

_WHOLE_A = 15.0
"""Lateral size of the full stack."""

_THICK_A = {"crystal": 8.0, "glass": 10.0, "polymer": 14.0, "liquid": 13.0}
"""Thickness of a layer by what it is: a few atomic layers of a solid, several molecules of a liquid."""

_WEAK_SOLUTION_A = 16.0
"""Thickness of a solution: thin layers hold no whole formula unit of a salt at usual concentrations."""

_RUN_PS = {"pair": 10.0, "whole": 20.0}
_SITES = ("top", "bridge", "hollow", "top", "bridge", "hollow")
_COVERAGES = (0.25, 0.25, 0.25, 0.5, 0.125, 0.33)
_STRENGTHS = {"lean": 0.6, "rich": 1.5}


@dataclass(frozen=True)
class Layer:
    """One layer of a stack."""

    name: str
    components: tuple[Component, ...]
    crystal: Parameters | None
    """How builders find the crystal, for a crystalline or glassy layer that has one."""

    @property
    def kind(self) -> str:
        """crystal, glass, polymer or liquid."""
        if is_chain(self.components[0]):
            return "polymer"
        phases = {phase for one in self.components for phase in one.phases}
        if len(self.components) > 1 or phases <= {"liquid", "gas"}:
            return "liquid"
        return "glass" if phases & {"amorphous", "melt"} or self.crystal is None else "crystal"

    def piece(self, thickness: float = 1.0, volume: float = 1.0, strength: float = 1.0, facet: int = 0) -> Parameters:
        """The layer as a stack takes it; the numbers multiply the usual thickness, volume and concentration."""
        if self.kind == "crystal" and self.crystal is not None:
            inside: Parameters = {"builder": "surface", "parameters": self.crystal | {"miller": self._facet(facet)}}
        elif self.kind == "polymer":
            inside = {"builder": "polymer", "parameters": {"smiles": self.components[0].smiles}}
        elif self.kind == "glass":
            what = self.crystal or {"molecules": [ingredient(self.components[0])]}
            inside = {"builder": "amorphous", "parameters": what | _expanded(volume)}
        else:
            mixed = {"molecules": ingredients(self.components, strength), "state": "liquid"}
            inside = {"builder": "molecule", "parameters": mixed | _expanded(volume)}
        return inside | {"thickness_A": round(self._thickness_A * thickness, 2)}

    @property
    def is_gas(self) -> bool:
        """Single molecules, to be adsorbed."""
        return all(one.phases == ("gas",) for one in self.components)

    @property
    def _thickness_A(self) -> float:
        return _WEAK_SOLUTION_A if self.kind == "liquid" and has_salt(self.components) else _THICK_A[self.kind]

    def _facet(self, number: int) -> tuple[int, ...]:
        asked = [facet for one in self.components for facet in one.facets]
        return (asked or default_facets(self.crystal or {}))[number % len(asked or [0])]


def layers_of(task: Task, crystals: dict[str, Parameters | None]) -> list[Layer]:
    """The layers from the bottom; `crystals` says by name how builders find the crystal of a component."""
    named = {one.name: one for one in task.components}
    made = []
    for layer in task.layers:
        inside = tuple(named[name] for name in layer.split(SEPARATOR) if name in named)
        if inside:
            made.append(Layer(layer, inside, crystals.get(inside[0].name) if len(inside) == 1 else None))
    return made


def interface_groups(layers: Sequence[Layer], names: Sequence[str], temperature_K: float) -> Iterator[GroupPlan]:
    """A group for every pair of neighbours, once each, and one for the whole when there are more than two layers."""
    seen = set()
    for low, high in zip(range(len(layers)), range(1, len(layers)), strict=False):
        pair = frozenset((names[low], names[high]))
        if len(pair) == 2 and pair not in seen:
            seen.add(pair)
            yield _stacked(layers[low : high + 1], f"{names[low]}--{names[high]}", temperature_K)
    if len(layers) > 2:
        yield _stacked(layers, "whole", temperature_K)


@dataclass(frozen=True)
class _Change:
    """How one build differs from the usual."""

    role: Role
    size: float = 1.0
    thickness: float = 1.0
    volume: float = 1.0
    strength: float = 1.0
    facet: int = 0
    apart_A: float = 0.0
    line: str = ""


_CHANGES = (
    _Change("train", line="the usual size"),
    _Change("train", thickness=1.25, strength=_STRENGTHS["rich"], line="thicker layers, more dissolved"),
    _Change("train", size=0.85, volume=1.06, strength=_STRENGTHS["lean"], line="smaller, less dense"),
    _Change("train", facet=1, apart_A=0.8, line="further apart: the contact itself, before it relaxes"),
    _Change("validation", size=1.1, line="another size"),
    _Change("test", size=0.95, thickness=1.1, volume=0.98, line="another shape and density"),
)


def _stacked(layers: Sequence[Layer], name: str, temperature_K: float) -> GroupPlan:
    return GroupPlan(name=name, variants=tuple(_variant(layers, name, change, temperature_K) for change in _CHANGES))


def _variant(layers: Sequence[Layer], name: str, change: _Change, temperature_K: float) -> Variant:
    whole = name == "whole"
    if not whole and layers[1].is_gas and layers[0].kind == "crystal":
        return _adsorbed(layers, change)
    if not whole and [layer.kind for layer in layers] == ["crystal", "crystal"]:
        return _matched(layers, change)
    parameters: Parameters = {
        "layers": [one.piece(change.thickness, change.volume, change.strength, change.facet) for one in layers],
        "lateral_A": round((_WHOLE_A if whole else _PAIR_A) * change.size, 2),
        "temperature_K": temperature_K,
        "equilibrate_ps": 0.0 if change.apart_A else _RUN_PS["whole" if whole else "pair"],
    }
    if change.apart_A:
        parameters["gap_A"] = 2.2 + change.apart_A
    what = "all layers" if whole else "two layers"
    return Variant(builder="stack", role=change.role, parameters=parameters, line=f"{what}, {change.line}")


def _adsorbed(layers: Sequence[Layer], change: _Change) -> Variant:
    """Molecules on sites of a slab; site and coverage follow the thickness and strength that the change would set."""
    slab = layers[0].piece(change.thickness, facet=change.facet)
    number = _CHANGES.index(change)
    site, coverage = _SITES[number % len(_SITES)], _COVERAGES[number % len(_COVERAGES)]
    slab_parameters = slab["parameters"] | {"atoms": round(40 * change.size), "vacuum_A": 14.0}
    return Variant(
        builder="solid_molecule",
        role=change.role,
        parameters={
            "solid": {"builder": "surface", "parameters": slab_parameters},
            "molecules": ingredients(layers[1].components),
            "site": site,
            "coverage": coverage,
        },
        line=f"adsorbed at {site} sites, {coverage:g} of a layer",
    )


def _matched(layers: Sequence[Layer], change: _Change) -> Variant:
    """Two crystals face to face, matched in the plane."""
    low, high = (layer.piece(change.thickness, facet=change.facet) for layer in layers)
    parameters: Parameters = {
        "lower": low["parameters"],
        "upper": high["parameters"],
        "thickness_A": (low["thickness_A"], high["thickness_A"]),
        "lateral_A": round(_PAIR_A * change.size, 2),
    }
    return Variant(builder="solid_solid", role=change.role, parameters=parameters, line=f"two crystals, {change.line}")


def _expanded(volume: float) -> Parameters:
    return {} if volume == 1.0 else {"expansion": volume}
