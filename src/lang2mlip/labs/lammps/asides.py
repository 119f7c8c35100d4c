"""What stands in a request beside the substance: symbols of quantities and units, and what is said by the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["without", "without_asides", "without_potential", "without_symbols"]

_LETTER = re.compile(r"\b[a-z]{1,2}\d*\b")
_UNIT = re.compile(
    r"\b[FP]\s?[-–]\s?[hd]\b|\b(?:per\s+(?:°\s?[CFK]|K|degree\s.)|Pa[ ·]?s)\b|/\s?(?:°.|K)\b"
    r"|\bW\s?/\s?\(?m\s?[/ ·*]?\s?K\)?"
)
"""Units and quantities whose letters are also chemical symbols."""

_QUANTITY = re.compile(r"\b(?:alpha|beta|gamma|kappa|lambda|eta)\b(?=\s*[,)=:])", re.IGNORECASE)
"""A Greek letter for what is measured, and no form of a crystal: "(beta, not linear)", "kappa = ?"."""

_NEGATED = re.compile(r"\([^()]*\b(?:not|no)\b[^()]*\)")
"""Said to be clear, as in "(not the linear one)"; what is excluded so is no more simulated than before."""

_NOWHERE = re.compile(r"\b(?:in|under) (?:a |the |high |ultra-?high |good )*vacu(?:um|o)\b", re.IGNORECASE)
"""Around a crystal, which has no pressure then; no recipe makes a gas."""

_PARAMETERS = re.compile(
    r"\b[A-Z][a-z]?(?:[-–/][A-Z][a-z]?)+\s+(?:\w+[\s-]+)?"
    r"(?:parameters|parametri[sz]ation|parameter set|potential|force field|file|set)\b"
)
"""For which elements a potential was made, which need not be those that are simulated."""

_NO_PRESSURE = re.compile(r"\b(?:zero|no)\s+P\b")
_ZERO_K = re.compile(r"\bzero[\s-]K\b(?!\w)", re.IGNORECASE)
_STACKING = re.compile(
    r"(?<!\bat )(?<!\bto )(?<!\bby )(?<!near )(?<!from )(?<!about )(?<!around )(?<![\d.])\b3C\b(?!-)"
)
"""Ramsdell's symbol for the stacking of zinc blende, and no temperature."""


def without_symbols(prompt: str, phrases: Iterable[str]) -> str:
    """The words without those of the recipe's phrases that hold single letters: of an E-V curve V is no element."""
    plain = _ZERO_K.sub("0 K", _NO_PRESSURE.sub("zero pressure", prompt))
    for pattern in (_UNIT, _STACKING, _NEGATED, _QUANTITY, _NOWHERE):
        plain = pattern.sub(" ", plain)
    return without(plain, [one for one in phrases if _LETTER.search(one)])


def without_potential(prompt: str) -> str:
    """The words without the elements that a potential was made for."""
    return _PARAMETERS.sub(" potential ", prompt)


def without_asides(prompt: str, entry: Mapping[str, Any]) -> str:
    """The words without the material of a tool and the like."""
    for pattern in entry.get("aside", ()):
        prompt = re.sub(str(pattern), " ", prompt, flags=re.IGNORECASE)
    return prompt


def without(prompt: str, phrases: Iterable[str]) -> str:
    for phrase in sorted(phrases, key=len, reverse=True):
        prompt = re.sub(rf"(?<![\w-]){re.escape(phrase)}(?!\w)", "property", prompt, flags=re.IGNORECASE)
    return prompt
