"""What stands in a request beside the substance: symbols of quantities and units, and what is said by the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["without", "without_asides", "without_symbols"]

_LETTER = re.compile(r"\b[a-z]{1,2}\d*\b")
_UNIT = re.compile(
    r"\b[FP]\s?[-–]\s?[hd]\b|\b(?:per\s+(?:°\s?[CFK]|K|degree\s.)|Pa[ ·]?s)\b|/\s?(?:°.|K)\b"
    r"|\bW\s?/\s?\(?m\s?[/ ·*]?\s?K\)?"
)
"""Units and quantities whose letters are also chemical symbols."""

_NO_PRESSURE = re.compile(r"\b(?:zero|no)\s+P\b")
_STACKING = re.compile(
    r"(?<!\bat )(?<!\bto )(?<!\bby )(?<!near )(?<!from )(?<!about )(?<!around )(?<![\d.])\b3C\b(?!-)"
)
"""Ramsdell's symbol for the stacking of zinc blende, and no temperature."""


def without_symbols(prompt: str, phrases: Iterable[str]) -> str:
    """The words without those of the recipe's phrases that hold single letters: of an E-V curve V is no element."""
    plain = _NO_PRESSURE.sub("zero pressure", _STACKING.sub(" ", _UNIT.sub(" ", prompt)))
    return without(plain, [one for one in phrases if _LETTER.search(one)])


def without_asides(prompt: str, entry: Mapping[str, Any]) -> str:
    """The words without the material of a tool and the like."""
    for pattern in entry.get("aside", ()):
        prompt = re.sub(str(pattern), " ", prompt, flags=re.IGNORECASE)
    return prompt


def without(prompt: str, phrases: Iterable[str]) -> str:
    for phrase in sorted(phrases, key=len, reverse=True):
        prompt = re.sub(rf"(?<![\w-]){re.escape(phrase)}(?!\w)", "property", prompt, flags=re.IGNORECASE)
    return prompt
