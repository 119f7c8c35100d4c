"""What a substance does in a system: said by a word beside it, else by what such substances usually do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from lang2mlip.contracts import Component
from lang2mlip.data import table
from lang2mlip.prepare.formulas import composition, parse_formula
from lang2mlip.prepare.mentions import Mention
from lang2mlip.prepare.substances import from_text
from lang2mlip.prepare.text import Item

__all__ = ["natural_role", "said_roles"]

_LIQUID_K = 270.0
"""A molecule is a solvent when the data know its liquid above this temperature."""

_BETWEEN = {"plain", "of", "border", "phase", "facet", "hyphen", "lattice", "amount", "ratio", "property"}
_BESIDE = {"hyphen", "phase", "facet", "plain"}


def said_roles(items: Sequence[Item], mentions: Sequence[Mention]) -> list[tuple[Mention, str]]:
    """Mentions and their roles, where a role word stands with it: `anode is X`, `organic layer (X)`, `X anode`."""
    found: list[tuple[Mention, str]] = []
    at = {mention.start: mention for mention in mentions}
    for position, item in enumerate(items):
        if item.kind == "role":
            owners = _before(items[:position], at) if _stands_before(items, position, at) else []
            others = owners or _after(items[position + 1 :], at)
            found += [(mention, item.value.entry["value"]) for mention in others]
    return found


def _stands_before(items: Sequence[Item], position: int, at: dict[int, Mention]) -> bool:
    return position > 0 and items[position - 1].kind == "substance" and items[position - 1].start in at


def _before(items: Sequence[Item], at: dict[int, Mention]) -> list[Mention]:
    """`X anode`: the substance that stands right before the word, and no other role word before that."""
    own = items[-1]
    others = [item for item in items[:-1] if item.kind not in _BESIDE]
    return [] if others and others[-1].kind == "role" else [at[own.start]]


def _after(items: Sequence[Item], at: dict[int, Mention]) -> list[Mention]:
    """The substances that follow, and those listed with the first of them."""
    found: list[Mention] = []
    for item in items:
        if item.kind == "substance" and item.start in at:
            found.append(at[item.start])
        elif item.kind == "coordinator" and not found or item.kind not in _BETWEEN and item.kind != "coordinator":
            break
    return found


def natural_role(component: Component) -> str | None:
    """What the component usually does; None where the data do not say."""
    for role, listed in _usual().items():
        if _key(component.molecule, component.formula) in listed:
            return role
    if component.smiles is None and component.molecule is None:
        return None
    entry = table("molecules").get(component.molecule or "", {})
    smiles = component.smiles or str(entry.get("smiles", ""))
    if "." in smiles or entry.get("charge"):
        return _by_chemistry("ions")
    liquid = float(entry.get("density_K") or _LIQUID_K) >= _LIQUID_K
    return _by_chemistry("neutral") if liquid else None


def _by_chemistry(kind: str) -> str | None:
    entries = table("words").values()
    return next((e["value"] for e in entries if e["kind"] == "role" and e.get("chemistry") == kind), None)


@cache
def _usual() -> dict[str, frozenset[object]]:
    """Role → what tells the substances that usually play it."""
    entries = [entry for entry in table("words").values() if entry["kind"] == "role"]
    return {entry["value"]: frozenset(map(_named, entry["usual"])) for entry in entries}


def _named(name: str) -> object:
    found = from_text(name)
    return _key(found.molecules[0] if found.molecules else None, found.formula) if found else None


def _key(molecule: str | None, formula: str) -> object:
    return molecule or composition(parse_formula(formula) or {"?": 1.0})
