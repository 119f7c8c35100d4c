"""Compositions as chemists write them: `74SiO2-16Na2O-10CaO`, `A-B 66-34 mol%`, `Ti-6Al-4V`, `Fe 70 at%, Cr 30 at%`.

Oxides and salts stay components with a share each; elements together are one alloy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ase.data import atomic_masses, atomic_numbers

from lang2mlip.data import table
from lang2mlip.prepare.formulas import ELEMENTS, parse_formula
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.substances import Substance, from_formula
from lang2mlip.prepare.text import Item, Slate, fold

__all__ = ["one_alloy", "take_compositions", "with_alloy"]

_N = r"\d+(?:\.\d+)?"
_UNIT = r"(?P<unit>mole?|wt|weight|mass|at|atom|vol)\.?\s*-?\s*%"
_FORMULA = r"(?:[A-Z][a-z]?\d*|\((?:[A-Z][a-z]?\d*)+\)\d*)+"
_BEHIND = rf"(?:\s*,?\s*\(?\s*(?:in\s+)?{_UNIT}\)?)?"
_JOINED = r"(?:\s?[-·*+,/]\s?|\s+(?:and\s+)?)"
_COUNTED = re.compile(rf"(?<![\w.(])(?:{_N}\s?{_FORMULA})(?:{_JOINED}{_N}\s?{_FORMULA})+{_BEHIND}")
_PART = re.compile(rf"({_N})\s?({_FORMULA})")
_NUMBERS = re.compile(rf"(?<![\w.-])\(?(?P<numbers>{_N}(?:\s?[-/:]\s?{_N})+)\)?\s*(?:\(?\s*(?:in\s+)?{_UNIT}\)?)?")
_BEFORE = re.compile(rf"{_FORMULA}(?:[-/:]{_FORMULA})+\s*(?:\(|=|:)?\s*$")
_EACH = r"(?:\s?(?:wt|at|mass|atom|weight)\.?\s?-?%\s?-?)?"
_NEXT = rf"(?:\s?-\s?(?:{_N}{_EACH})?[A-Z][a-z]?)"
_GRADE = re.compile(rf"(?<![\w.-])(?P<first>[A-Z][a-z]?)(?P<rest>{_NEXT}+)(?![\w-]){_BEHIND}")
_BASIS = {"mol": "mol", "mole": "mol", "wt": "wt", "weight": "wt", "mass": "wt", "at": "at", "atom": "at", "vol": "vol"}
_SHARE = re.compile(r"(?P<value>[\d.,]+)\s*(?P<unit>at|wt|mol)?\.?\s*-?\s*%.*")
_SLACK = 1.5
"""Shares are rounded: they add up to a hundred within this, %."""


def take_compositions(slate: Slate) -> None:
    """Every composition of numbers and formulas, taken from the slate as substances and their shares."""
    for match in list(_COUNTED.finditer(slate.text)):
        _take_counted(slate, match)
    for match in list(_NUMBERS.finditer(slate.text)):
        _take_numbers(slate, match)
    for match in list(_GRADE.finditer(slate.text)):
        _take_grade(slate, match)


def _whole(numbers: Sequence[float]) -> float | None:
    """What turns the numbers into per cent; None where they are no shares of a whole."""
    total = sum(numbers)
    return next((100.0 / whole for whole in (100.0, 1.0) if abs(total - whole) <= _SLACK * whole / 100), None)


def _take_counted(slate: Slate, match: re.Match[str]) -> None:
    """`74SiO2-16Na2O-10CaO (mol%)`."""
    parts = list(_PART.finditer(match.group()))
    factor = _whole([float(part[1]) for part in parts])
    found = [from_formula(part[2]) for part in parts]
    if factor is None or not all(found):
        return
    basis = _BASIS[match["unit"]] if match["unit"] else "mol"
    at = match.start()
    if all(part[2] in ELEMENTS for part in parts):
        _take_alloy(slate, match.span(), {part[2]: float(part[1]) * factor for part in parts}, basis)
        return
    if match["unit"]:
        slate.take("version", (at + parts[-1].end(), match.end()))
    for part, substance in zip(parts, found, strict=True):
        slate.take("amount", (at + part.start(1), at + part.end(1)), f"{float(part[1]) * factor:g} {basis}%")
        slate.take("substance", (at + part.start(2), at + part.end(2)), substance)


def _take_numbers(slate: Slate, match: re.Match[str]) -> None:
    """`66-33-1 mol%` behind as many formulas."""
    numbers = re.split(r"\s?[-/:]\s?", match["numbers"])
    factor = _whole([float(one) for one in numbers])
    beside = _BEFORE.search(slate.text[: match.start()])
    if factor is None or ":" in match["numbers"] or not (match["unit"] or (beside and len(numbers) > 1)):
        return
    basis = {"wt": " by weight", "vol": " by volume"}.get(_BASIS.get(match["unit"] or "mol", ""), " by mole")
    slate.take("ratio", match.span(), ([f"{float(one) * factor:g}" for one in numbers], basis))


def _take_grade(slate: Slate, match: re.Match[str]) -> None:
    """`Ti-6Al-4V`, `Ti-6wt%Al-4wt%V`: the first is the rest of a hundred; by weight, unless it is said otherwise."""
    parts = re.findall(rf"-\s?({_N})?{_EACH}([A-Z][a-z]?)", match["rest"])
    inside = re.search(r"[a-z]+(?=\.?\s?-?%)", match["rest"])
    unit = inside.group() if inside else match["unit"]
    symbols = [match["first"], *(symbol for _, symbol in parts)]
    known = fold(match["first"] + match["rest"]) in _concept_names()
    if known or not all(n for n, _ in parts) or not set(symbols) <= ELEMENTS or len(set(symbols)) < len(symbols):
        return
    shares = {symbol: float(n) for n, symbol in parts}
    if sum(shares.values()) < 60:
        shares = {match["first"]: 100 - sum(shares.values())} | shares
        _take_alloy(slate, match.span(), shares, _BASIS[unit] if unit else "wt")


def _concept_names() -> set[tuple[str, ...]]:
    return {fold(name) for entry in table("concepts").values() for name in entry["names"]}


def _take_alloy(slate: Slate, span: tuple[int, int], shares: dict[str, float], basis: str) -> None:
    said = slate.text[slice(*span)].strip()
    name = re.sub(r"\s*,?\s*\(.*|\s+(?:in|mol|wt|at|mass)[^A-Z]*$", "", said)
    slate.take("substance", span, _alloy(shares, basis, name))


def _alloy(shares: dict[str, float], basis: str, name: str) -> Substance:
    """One substance of elements with these shares, %; a share by weight is turned into one by atoms."""
    per_mass = {s: atomic_masses[atomic_numbers[s]] if basis == "wt" else 1.0 for s in shares}
    moles = {symbol: share / per_mass[symbol] for symbol, share in shares.items()}
    total = sum(moles.values())
    formula = "".join(f"{symbol}{100 * n / total:.1f}".removesuffix(".0") for symbol, n in moles.items())
    found = from_formula(formula)
    return found.model_copy(update={"name": name}) if found else Substance(name=name, formula=formula)


def one_alloy(items: Sequence[Item]) -> list[Item]:
    """Elements that are listed with shares of a hundred are one alloy; one without a share is the rest of it."""
    pairs = _pairs(items)
    lone = [i for i in items if _element(i) and all(i is not one for one, _ in pairs)]
    basis = {unit for _, (_, unit) in pairs}
    total = sum(value for _, (value, _) in pairs)
    rest = lone[0] if len(lone) == 1 and total < 100 - _SLACK and basis <= {"at", "wt"} else None
    if len(basis) != 1 or len(pairs) + (rest is not None) < 2 or (rest is None and _whole([total]) != 1.0):
        return list(items)
    shares = {_symbol(one): value for one, (value, _) in pairs}
    shares = ({_symbol(rest): 100 - total} if rest else {}) | shares
    elements = [*([rest] if rest else []), *(one for one, _ in pairs)]
    if len(shares) < len(elements):
        return list(items)
    first = min(elements, key=lambda item: item.start)
    whole = replace(first, value=_alloy(shares, basis.pop(), "-".join(shares) + " alloy"))
    gone = [*elements, *_amounts(items, pairs)]
    return [whole if item is first else item for item in items if item is first or all(item is not g for g in gone)]


def with_alloy(reading: Reading) -> Reading:
    """The reading in which elements whose shares now make a hundred are one alloy."""
    shared = [(one, match) for one in reading.components if (match := _SHARE.fullmatch(one.amount or ""))]
    counts = [(parse_formula(one.formula) or {}, match) for one, match in shared if not one.smiles]
    shares = {symbol: float(match["value"].replace(",", ".")) for own, match in counts for symbol in own}
    basis = {match["unit"] or "at" for _, match in counts}
    if len(shares) != len(shared) or len(shares) < 2 or len(basis) != 1 or _whole(list(shares.values())) is None:
        return reading
    made = _alloy(shares, basis.pop(), "-".join(shares) + " alloy")
    gone = [one.name for one, _ in shared]
    changes = {"name": made.name, "formula": made.formula, "crystal": None, "amount": None}
    whole = shared[0][0].model_copy(update=changes)
    kept = [whole if one.name == gone[0] else one for one in reading.components if one.name not in gone[1:]]
    return reading.model_copy(update={"components": tuple(kept)})


def _element(item: Item) -> bool:
    return item.kind == "substance" and len(item.value.counts) == 1 and not item.value.molecular


def _symbol(item: Item) -> str:
    return str(next(iter(item.value.counts)))


def _pairs(items: Sequence[Item]) -> list[tuple[Item, tuple[float, str]]]:
    """Elements with a share in per cent right before or right behind them."""
    shares = [item for item in items if item.kind == "amount" and _SHARE.fullmatch(item.value)]
    found: list[tuple[Item, tuple[float, str]]] = []
    for share in shares:
        free = [one for one in _beside(items, share) if _element(one) and all(one is not other for other, _ in found)]
        if free:
            match = _SHARE.fullmatch(share.value)
            assert match is not None
            found.append((free[0], (float(match["value"].replace(",", ".")), match["unit"] or "at")))
    return found


def _amounts(items: Sequence[Item], pairs: Sequence[tuple[Item, tuple[float, str]]]) -> list[Item]:
    """The shares that stand beside the elements."""
    owners = [one for one, _ in pairs]
    shares = [item for item in items if item.kind == "amount"]
    return [share for share in shares if any(one is owner for one in _beside(items, share) for owner in owners)]


def _beside(items: Sequence[Item], item: Item) -> list[Item]:
    """The items right before and right behind one."""
    at = next(n for n, one in enumerate(items) if one is item)
    return [*items[max(0, at - 1) : at], *items[at + 1 : at + 2]]
