"""How much of a component: `1 mol/L`, `1 part by mole`, `30 wt%` → a number and a unit."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput

__all__ = ["Amount", "parse_amount"]

Unit = Literal["parts by mole", "parts by weight", "parts by volume", "mol/L", "mol/kg", "g/cm3"]

_FACTORS: dict[str, tuple[Unit, float]] = {
    "mol/l": ("mol/L", 1.0),
    "moll-1": ("mol/L", 1.0),
    "mol/dm3": ("mol/L", 1.0),
    "moldm-3": ("mol/L", 1.0),
    "m": ("mol/L", 1.0),
    "molar": ("mol/L", 1.0),
    "mmol/l": ("mol/L", 1e-3),
    "mm": ("mol/L", 1e-3),
    "mol/kg": ("mol/kg", 1.0),
    "molkg-1": ("mol/kg", 1.0),
    "molal": ("mol/kg", 1.0),
    "g/cm3": ("g/cm3", 1.0),
    "g/cc": ("g/cm3", 1.0),
    "g/ml": ("g/cm3", 1.0),
    "kg/m3": ("g/cm3", 1e-3),
    "part": ("parts by mole", 1.0),
    "parts": ("parts by mole", 1.0),
    "molecule": ("parts by mole", 1.0),
    "molecules": ("parts by mole", 1.0),
    "mol%": ("parts by mole", 1.0),
    "mole%": ("parts by mole", 1.0),
    "at%": ("parts by mole", 1.0),
    "atom%": ("parts by mole", 1.0),
    "molpercent": ("parts by mole", 1.0),
    "molepercent": ("parts by mole", 1.0),
    "molarpercent": ("parts by mole", 1.0),
    "atpercent": ("parts by mole", 1.0),
    "atomicpercent": ("parts by mole", 1.0),
    "wtpercent": ("parts by weight", 1.0),
    "weightpercent": ("parts by weight", 1.0),
    "masspercent": ("parts by weight", 1.0),
    "m%": ("parts by weight", 1.0),
    "volpercent": ("parts by volume", 1.0),
    "volumepercent": ("parts by volume", 1.0),
    "wt%": ("parts by weight", 1.0),
    "weight%": ("parts by weight", 1.0),
    "mass%": ("parts by weight", 1.0),
    "vol%": ("parts by volume", 1.0),
    "%": ("parts by mole", 1.0),
    "percent": ("parts by mole", 1.0),
    "ppm": ("parts by mole", 1e-4),
}
"""Unit as written, without blanks, stops and case → unit and factor. Shares in per cent count as parts of a hundred."""

_BY: dict[str, Unit] = {
    "mole": "parts by mole",
    "moles": "parts by mole",
    "mol": "parts by mole",
    "weight": "parts by weight",
    "mass": "parts by weight",
    "volume": "parts by volume",
    "vol": "parts by volume",
}

_AMOUNT = re.compile(
    r"\s*(?P<value>\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)\s*(?P<unit>[^\s\d](?:(?!\bby\b).)*?)?(?:\s+by\s+(?P<by>\w+))?\s*",
    re.IGNORECASE,
)


class Amount(Noun):
    """A share or a concentration."""

    value: float = Field(gt=0)
    unit: Unit


def parse_amount(text: str) -> Amount:
    """The amount in these words. Raises BadInput for what is no positive number with a unit of amount."""
    found = _AMOUNT.fullmatch(text)
    word = re.sub(r"[\s.^·{}-]+(?!\d)|[\s^{}]", "", (found["unit"] or "part").casefold()) if found else ""
    word = word.replace("³", "3").replace("⁻¹", "-1")
    by = found["by"].casefold() if found and found["by"] else None
    if found is None or word not in _FACTORS or (by is not None and by not in _BY):
        raise BadInput(
            f"The amount {text!r} is not understood; write it like '1 mol/L', '0.5 mol/kg', '1 part by mole', '30 wt%'."
        )
    unit, factor = _FACTORS[word]
    value = float(found["value"].replace(",", ".")) * factor
    if value <= 0:
        raise BadInput(f"The amount {text!r} must be more than nothing.")
    return Amount(value=value, unit=_BY[by] if by else unit)
