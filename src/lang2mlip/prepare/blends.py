"""Components that are one glass or one melt together: oxides and salts with their shares."""

from __future__ import annotations

from ase.formula import Formula

from lang2mlip.contracts import Component, Noun, Phase, Role, Task
from lang2mlip.contracts.base import Json
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.defaults import melting_K
from lang2mlip.prepare.variants import GroupPlan, Variant
from lang2mlip.science.structures.standin.blended import require_field
from lang2mlip.science.structures.standin.network import formal_charges

__all__ = ["Mixed", "as_oxides", "blend_group", "blended", "is_share", "oxide_blend"]

Parameters = dict[str, Json]

_UNITS = {"parts by mole": "mole", "parts by weight": "weight"}
_STATES: dict[Phase, str] = {"amorphous": "glass", "melt": "melt", "liquid": "melt"}

_MADE: tuple[tuple[Role, int, float | None, float, float], ...] = (
    ("train", 100, None, 1.0, 0.0),
    ("train", 110, 1.05, 1.15, 0.1),
    ("train", 100, 0.96, 1.0, -0.1),
    ("train", 150, None, 1.0, 0.0),
    ("validation", 130, None, 1.0, 0.0),
    ("test", 90, 1.02, 1.05, 0.05),
)
"""Role, atoms, volume over the normal (None: its own), temperature over that of use, how much more there is of the
first compound. At one composition alone, the energy of one element could be traded for that of another."""


_FLOWS = 0.45
"""Share of the highest melting point among the compounds below which their mixture is a glass: glass transitions of
silicates lie near half of it, as mixtures melt lower (Varshneya, Fundamentals of Inorganic Glasses, 1994)."""


class Mixed(Noun):
    """What is mixed, and as what."""

    names: tuple[str, ...]
    """Of the components."""
    parts: dict[str, float]
    """Formula → share."""
    by: str
    state: str

    @property
    def line(self) -> str:
        """Its composition, in words."""
        total = sum(self.parts.values())
        unit = "mol" if self.by == "mole" else "wt"
        return ", ".join(f"{100 * share / total:.3g} {unit}% {formula}" for formula, share in self.parts.items())


def blended(task: Task) -> list[Mixed]:
    """The glass, the melt or both that components with shares make; none where layers are asked for.

    A state that is said of one component holds for all that are mixed with it; a melt beside a glass is left out where
    the highest temperature of use lets no compound flow. Raises BadInput for what the fast stand-in has no field for.
    """
    shared = [one for one in task.components if is_share(one)]
    states = list(dict.fromkeys(_STATES[phase] for one in shared for phase in one.phases if phase in _STATES))
    units = {str(_unit(one)) for one in shared}
    if len(shared) < 2 or not states or len(units) > 1 or task.layers:
        return []
    if "glass" in states and task.temperature_K[1] < _FLOWS * max((melting_K(one) or 0.0) for one in shared):
        states = ["glass"]
    parts: dict[str, float] = {}
    for one in shared:
        parts[one.formula] = parts.get(one.formula, 0.0) + parse_amount(one.amount or "").value
    if len(parts) < 2:
        return []
    require_field("".join(parts))
    names, by = tuple(one.name for one in shared), units.pop()
    return [Mixed(names=names, parts=parts, by=by, state=state) for state in states]


def is_share(component: Component) -> bool:
    """A compound of ions with its share of a mixture: its own melting point says little of the whole."""
    return _is_compound(component) and _unit(component) is not None


def oxide_blend(formula: str, phase: Phase) -> Mixed | None:
    """An oxygen compound without a crystal as a glass or melt of its oxides; None where it is none."""
    oxides = as_oxides(formula)
    if oxides is None or phase not in _STATES:
        return None
    require_field(formula)
    return Mixed(names=(formula,), parts=oxides, by="mole", state=_STATES[phase])


def blend_group(mixed: Mixed, temperature_K: float) -> GroupPlan:
    """Cells around the composition and density, at the temperature of use and above."""
    return GroupPlan(
        name=mixed.state,
        variants=tuple(
            Variant(
                builder="blend",
                role=role,
                parameters={"parts": _leaning(mixed.parts, lean), "by": mixed.by, "state": mixed.state, "atoms": atoms}
                | {"temperature_K": round(temperature_K * (heat if mixed.state == "melt" else 1.0), 1)}
                | ({"expansion": volume} if volume else {}),
                line=f"{mixed.state} of {mixed.line}" + (f", at {volume:g} of its normal volume" if volume else ""),
            )
            for role, atoms, volume, heat, lean in _MADE
        ),
    )


def as_oxides(formula: str) -> dict[str, float] | None:
    """The oxides that an oxygen compound is made of, formula → number; None where it is none, or charges do not fit."""
    try:
        counts = Formula(formula).count()
    except ValueError:
        return None
    charges = formal_charges([symbol for symbol, n in counts.items() for _ in range(n)])
    if charges is None or charges.get("O") != -2 or any(charge < 0 for one, charge in charges.items() if one != "O"):
        return None
    oxides: dict[str, float] = {}
    for element, number in counts.items():
        if element != "O":
            half = charges[element] % 2 == 0
            oxygens = charges[element] // 2 if half else charges[element]
            name = f"{element}{'' if half else 2}O{oxygens if oxygens > 1 else ''}"
            oxides[name] = number if half else number / 2
    return oxides or None


def _is_compound(component: Component) -> bool:
    """Atoms without molecules whose charges cancel."""
    if component.molecule or component.smiles or component.file:
        return False
    try:
        counts = Formula(component.formula).count()
    except ValueError:
        return False
    symbols = [symbol for symbol, n in counts.items() for _ in range(n)]
    return len(counts) > 1 and formal_charges(symbols) is not None


def _unit(component: Component) -> str | None:
    amount = parse_amount(component.amount) if component.amount else None
    return _UNITS.get(amount.unit) if amount is not None else None


def _leaning(parts: dict[str, float], by: float) -> dict[str, float]:
    """The shares with so much more of the first compound."""
    first, *_ = parts
    return {one: round(share * (1 + by), 4) if one == first else share for one, share in parts.items()}
