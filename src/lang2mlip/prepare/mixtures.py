"""Which components are liquid together, and how builders find them, with their amounts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lang2mlip.contracts import Component, Phase, Task
from lang2mlip.contracts.base import Json
from lang2mlip.data import table
from lang2mlip.prepare.amounts import Amount, parse_amount
from lang2mlip.prepare.formulas import parse_formula

__all__ = ["SEPARATOR", "WET", "has_salt", "ingredient", "ingredients", "is_chain", "mixtures", "solvents_of"]

SEPARATOR = " + "
"""Between the names of components that share one layer."""

WET: frozenset[Phase] = frozenset({"liquid", "melt"})
"""Phases of a molecular component that mean its liquid."""

Parameters = dict[str, Json]

_PARTS = {"parts by mole": "mole", "parts by weight": "weight", "parts by volume": "volume"}
_DISSOLVED = {"mol/L": "molarity_mol_L", "mol/kg": "molality_mol_kg"}
_DILUTE_mol_L = 1.0
"""Concentration of a salt beside its solvents when none is named: what most electrolytes are near."""


def ingredient(component: Component) -> Parameters:
    """How builders find the component's molecule; empty when it has none."""
    if component.molecule is not None:
        return {"name": component.molecule}
    if component.smiles is not None:
        return {"smiles": component.smiles}
    wanted = parse_formula(component.formula)
    alike = [key for key, fields in table("molecules").items() if parse_formula(fields["formula"]) == wanted]
    return {"name": alike[0]} if len(alike) == 1 else {}


def is_chain(component: Component) -> bool:
    """The component is a polymer: its SMILES is a repeat unit with two open ends."""
    return (component.smiles or "").count("*") == 2


def mixtures(task: Task, molecular: Sequence[Component]) -> list[tuple[Component, ...]]:
    """The liquids among the molecular components: those that share a layer, else all that are wet together.

    A component in a layer of its own is a liquid of its own.
    """
    liquid = [one for one in molecular if WET & set(one.phases) and ingredient(one)]
    wet = {one.name: one for one in liquid if not _is_part(one, liquid)}
    if not task.layers:
        return [tuple(wet.values())] if wet else []
    found, placed = [], set()
    for layer in task.layers:
        inside = tuple(wet[name] for name in layer.split(SEPARATOR) if name in wet)
        if inside and inside not in found:
            found.append(inside)
            placed |= {one.name for one in inside}
    return found + [(one,) for name, one in wet.items() if name not in placed]


def _is_part(ion: Component, liquid: Sequence[Component]) -> bool:
    """An ion without an amount of its own that another component brings: `1 M salt, mobility of its cation`."""
    if ion.amount is not None or not ion.smiles or "." in ion.smiles or not re.search(r"[+-]\d?\]", ion.smiles):
        return False
    inside = set(parse_formula(ion.formula) or ())
    return any(inside < set(parse_formula(one.formula) or ()) for one in liquid if one is not ion)


def ingredients(components: Sequence[Component], strength: float = 1.0) -> list[Parameters]:
    """The parts of a mixture as the builder of liquids takes them; `strength` multiplies what is dissolved."""
    if len(components) == 1:
        return [ingredient(components[0])]
    solvents = solvents_of(components)
    made = []
    for one in components:
        amount = parse_amount(one.amount) if one.amount else None
        if one not in solvents:
            made.append(ingredient(one) | _dissolved(amount, strength))
        else:
            made.append(ingredient(one) | _share(amount))
    by = {part["by"] for part in made if "by" in part}
    # One mixture is counted in one way; a bare part follows the others.
    return [part if "by" not in part or len(by) == 1 else part | {"by": (by - {"mole"}).pop()} for part in made]


def solvents_of(components: Sequence[Component]) -> list[Component]:
    """Components that are liquids by themselves; all of them when none or every one is."""
    known = table("molecules")
    wet = [one for one in components if "density_g_cm3" in known.get(one.molecule or "", {}) and not _is_solute(one)]
    return wet if wet else list(components)


def has_salt(components: Sequence[Component]) -> bool:
    """Something is dissolved in something else."""
    return 0 < len(solvents_of(components)) < len(components)


def _is_solute(component: Component) -> bool:
    amount = parse_amount(component.amount) if component.amount else None
    return amount is not None and amount.unit in _DISSOLVED


def _dissolved(amount: Amount | None, strength: float) -> Parameters:
    if amount is None:
        return {"molarity_mol_L": round(_DILUTE_mol_L * strength, 3)}
    if amount.unit in _DISSOLVED:
        return {_DISSOLVED[amount.unit]: round(amount.value * strength, 3)}
    return _share(amount)


def _share(amount: Amount | None) -> Parameters:
    if amount is None or amount.unit not in _PARTS:
        return {"parts": 1}
    return {"parts": amount.value, "by": _PARTS[amount.unit]}
