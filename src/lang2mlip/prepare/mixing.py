"""What belongs to a mixture without being said: the ions of a dissolved solid, the rest of a hundred per cent."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Component
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.amounts import Amount, parse_amount
from lang2mlip.prepare.concepts import JOIN
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.roles import natural_role
from lang2mlip.prepare.substances import dissolved

__all__ = ["amount_of", "in_solution", "mixed", "undissolved"]

_DISSOLVED = ("mol/L", "mol/kg")

_ADDITIVE = 0.05
"""Share of an additive when none is said: electrolytes have 1 to 10 per cent (S. S. Zhang, J. Power Sources 162, 1379
(2006))."""


def mixed(reading: Reading) -> Reading:
    """The reading with solutes as ions in the liquid layer, and with the shares that follow from the others."""
    components = [_solute(one) for one in reading.components]
    components = _remainder(_additives(components, reading))
    roles = {one.name: role for one in components if (role := _role(one, reading))}
    after = reading.model_copy(update={"components": tuple(components), "roles": roles})
    return after.model_copy(update={"layers": _with_solutes(after)})


def amount_of(component: Component) -> Amount | None:
    """The amount as a number; None where there is none or it is not one."""
    try:
        return parse_amount(component.amount) if component.amount else None
    except BadInput:
        return None


def undissolved(reading: Reading) -> list[Component]:
    """Ions of a solid for which the reading has no solvent."""
    ions = [one for one in reading.components if _is_ions(one)]
    others = [one for one in reading.components if one.smiles and one not in ions and natural_role(one) != "salt"]
    return [] if others or reading.concepts else ions


def in_solution(component: Component, reading: Reading) -> bool:
    """The component is a molecule beside something dissolved: it can only be liquid there."""
    solutes = any(_is_solute(one) or _is_ions(one) for one in reading.components)
    return bool(component.smiles and not component.phases and solutes)


def _is_ions(component: Component) -> bool:
    """The component is a solid that fell into its ions."""
    return "dissolves" in table("molecules").get(component.molecule or "", {})


def _is_solute(component: Component) -> bool:
    amount = amount_of(component)
    return amount is not None and amount.unit in _DISSOLVED


def _solute(component: Component) -> Component:
    """A solid with a concentration, of which no phase is said, is dissolved."""
    if component.smiles or component.molecule or not _is_solute(component) or set(component.phases) - {"liquid"}:
        return component
    key = dissolved(component.formula)
    if key is None:
        return component
    changes = {"phases": ("liquid",), "molecule": key, "smiles": table("molecules")[key]["smiles"], "crystal": None}
    return component.model_copy(update=changes)


def _role(component: Component, reading: Reading) -> str | None:
    named = reading.roles.get(component.name)
    places = {role for layer in reading.layout for role in layer.split(JOIN)}
    natural = natural_role(component)
    return named or (natural if natural in places and _is_solute(component) else None)


def _additives(components: Sequence[Component], reading: Reading) -> list[Component]:
    """An additive without an amount gets a small share, counted as its solvents are."""
    solvents = [a for one in components if reading.roles.get(one.name) == "solvent" and (a := amount_of(one))]
    kind = solvents[0].unit if solvents and len({one.unit for one in solvents}) == 1 else "parts by mole"
    if kind in (*_DISSOLVED, "g/cm3"):
        return list(components)
    share = _ADDITIVE * (sum(one.value for one in solvents) or 1.0)
    told = f"{share:g} {kind}"
    return [
        one.model_copy(update={"amount": told}) if reading.roles.get(one.name) == "additive" and not one.amount else one
        for one in components
    ]


def _remainder(components: Sequence[Component]) -> list[Component]:
    """`10 wt% A in B`: B is the other 90."""
    wet = [one for one in components if one.smiles and not _is_solute(one) and set(one.phases) <= {"liquid"}]
    shares = [one for one in wet if one.amount and "%" in one.amount and amount_of(one)]
    bare = [one for one in wet if not one.amount]
    rest = 100 - sum(found.value for one in shares if (found := amount_of(one)))
    if not shares or len(bare) != 1 or rest <= 0:
        return list(components)
    unit = (shares[0].amount or "").lstrip("0123456789., ")
    return [one.model_copy(update={"amount": f"{rest:g} {unit}"}) if one is bare[0] else one for one in components]


def _with_solutes(reading: Reading) -> tuple[str, ...]:
    """Layers in which every solute stands with the liquid it is dissolved in."""
    placed = {name for layer in reading.layers for name in layer.split(JOIN)}
    lost = [one.name for one in reading.components if one.smiles and _is_solute(one) and one.name not in placed]
    wet = {one.name for one in reading.components if one.smiles and set(one.phases) <= {"liquid"}}
    homes = [layer for layer in reading.layers if set(layer.split(JOIN)) <= wet]
    if not lost or len(homes) != 1:
        return reading.layers
    return tuple(JOIN.join([layer, *lost]) if layer == homes[0] else layer for layer in reading.layers)
