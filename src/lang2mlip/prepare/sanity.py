"""What cannot be, or hardly: a melt far below melting, more dissolved than dissolves. Told before anything is built."""

from __future__ import annotations

from collections.abc import Iterator

from lang2mlip.contracts import Component
from lang2mlip.data import table
from lang2mlip.prepare.blends import is_share
from lang2mlip.prepare.defaults import melting_K
from lang2mlip.prepare.formulas import composition, parse_formula
from lang2mlip.prepare.limits import Doubt, beyond
from lang2mlip.prepare.mixing import amount_of, undissolved
from lang2mlip.prepare.reading import Reading

__all__ = ["Doubt", "doubts"]

_SUPERCOOLED = 0.7
"""Share of the melting temperature down to which melts are commonly simulated; glasses form below (W. Kauzmann,
Chem. Rev. 43, 219 (1948): most glass transitions lie near two thirds of the melting temperature)."""

_IMPOSSIBLE = 0.5
"""Share of the melting temperature below which no melt is meant."""


_WHOLE = 102.0
"""Rounded shares add up to no more than this, %."""


def doubts(reading: Reading) -> Iterator[Doubt]:
    """Everything about a reading that cannot be, or hardly; of each field what was found first."""
    found: dict[str, Doubt] = {}
    for doubt in (*_of_words(reading), *beyond(reading)):
        found.setdefault(doubt.field, doubt)
    yield from found.values()


def _of_words(reading: Reading) -> Iterator[Doubt]:
    yield from _strangers(reading)
    yield from _shares(reading)
    for component in undissolved(reading):
        text = (
            f"{component.name} is dissolved, but in what? Name the solvent, or say that a melt or a crystal is meant."
        )
        yield Doubt(field="system.solvent", text=text, default="", needed=True)
    for component in reading.components:
        yield from _melts(component, reading)
        yield from _dissolves(component, reading)


def _strangers(reading: Reading) -> Iterator[Doubt]:
    """Unknown words that stand where a substance must."""
    for word, amount in reading.strangers.items():
        told = f"{amount} of {word!r}" if amount else f"{word!r}"
        yield Doubt(
            field=f"stranger.{word}",
            text=f"{told} stands where a substance is named, and no table has it. Give its formula or SMILES, or say "
            "'leave it out'.",
            default="",
            needed=True,
        )


def _shares(reading: Reading) -> Iterator[Doubt]:
    """Shares in per cent that add up to more than there is."""
    shares = [(one, found) for one in reading.components if "%" in (one.amount or "") and (found := amount_of(one))]
    for unit in {found.unit: None for _, found in shares}:
        parts = [(one, found.value) for one, found in shares if found.unit == unit]
        total = sum(value for _, value in parts)
        if total > _WHOLE:
            told = " + ".join(f"{one.name} {value:g}" for one, value in parts)
            yield Doubt(
                field=f"amount.{parts[-1][0].name}",
                text=f"The shares add up to {total:g} %, more than a hundred ({told}). How much of "
                f"{parts[-1][0].name} is meant?",
                default="",
                needed=True,
            )


def _melts(component: Component, reading: Reading) -> Iterator[Doubt]:
    """A melt at temperatures where the substance is solid."""
    highest = (reading.temperature_K or (None, None))[1]
    if "melt" not in component.phases or highest is None or is_share(component):
        return
    melting, options = melting_K(component), ("crystal", "surface", "amorphous", "melt")
    field, said = f"phases.{component.name}", ", ".join(component.phases)
    if melting is not None and highest < _SUPERCOOLED * melting:
        needed = highest < _IMPOSSIBLE * melting
        yield Doubt(
            field=field,
            text=f"{component.name} melts at {melting:g} K, so it is no melt at {highest:g} K. Which phases are meant, "
            "or which temperature?",
            default="" if needed else said,
            options=options,
            needed=needed,
        )
    elif melting is None and _named_form(component) and {"surface", "crystal"} & set(component.phases):
        yield Doubt(
            field=field,
            text=f"{component.name} is the name of a crystal form, and a liquid has none. Which phases are meant at "
            f"{highest:g} K?",
            default=said,
            options=options,
        )


def _named_form(component: Component) -> bool:
    """Its formula has other forms in the data."""
    own = composition(parse_formula(component.formula) or {"?": 1.0})
    forms = [parse_formula(entry["formula"]) or {} for entry in table("crystals").values()]
    return sum(composition(form) == own for form in forms) > 1


def _dissolves(component: Component, reading: Reading) -> Iterator[Doubt]:
    """A concentration beyond what the cited table allows in a solvent of the task."""
    amount = amount_of(component)
    if amount is None or amount.unit not in ("mol/L", "mol/kg"):
        return
    own = _exact(component.formula)
    solvents = {_exact(one.formula) for one in reading.components if one is not component}
    for entry in table("solubility").values():
        if _exact(entry["formula"]) != own or _exact(entry["solvent"]) not in solvents:
            continue
        most = float(entry["most_mol_L"])
        if amount.value > 1.2 * most:
            yield Doubt(
                field=f"amount.{component.name}",
                text=f"Of {component.name} at most {most:g} mol/L dissolve in {_name(entry['solvent'], reading)} "
                f"({entry['source']}), so {component.amount} cannot be. How much is meant?",
                default="",
                needed=True,
            )


def _exact(formula: str) -> frozenset[tuple[str, float]]:
    return composition(parse_formula(formula) or {"?": 1.0}, reduced=False)


def _name(formula: str, reading: Reading) -> str:
    return next((one.name for one in reading.components if _exact(one.formula) == _exact(formula)), formula)
