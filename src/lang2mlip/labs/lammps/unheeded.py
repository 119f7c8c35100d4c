"""Quantities in the words that no parameter has taken up: said aloud, so that nothing is left out in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lang2mlip.contracts import Json

__all__ = ["unheeded"]

_NUMBER = r"(?<![\w.^*/-])([-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
_UNITS: tuple[tuple[str, tuple[float, ...], float], ...] = (
    (r"Å|angstroms?|A(?=[\s,.;)]|$)", (1.0, 0.5), 0.0),
    (r"nm", (10.0, 5.0), 0.0),
    (r"K|kelvins?", (1.0,), 0.0),
    (r"°\s?C|(?<=\s)C|degrees? C(?:elsius)?", (1.0,), 273.15),
    (r"GPa", (1.0,), 0.0),
    (r"kbar", (0.1,), 0.0),
    (r"MPa", (1e-3,), 0.0),
    (r"bar|atm", (1e-4, 1.01325e-4), 0.0),
    (r"fs", (1.0, 1e-3), 0.0),
    (r"ps", (1.0, 1e3), 0.0),
    (r"ns", (1e3,), 0.0),
    (r"eV", (1.0,), 0.0),
    (r"meV", (1e-3,), 0.0),
    (r"g\s?/\s?(?:cm\^?3|cm³|cc|ml)|g\s?cm\^?-3", (1.0,), 0.0),
    (r"m\s?/\s?s", (0.01,), 0.0),
    (r"%|percent", (0.01,), 0.0),
    (r"atoms|particles", (1.0,), 0.0),
)
"""Units as people write them, the factors to what parameters may hold, and an offset."""

_ALIKE = 2e-3
"""Of a value, what rounding of units may change."""

_QUIET = re.compile(
    r"(?:fit|plot|answer|digits?|valu|experiment|literature|handbook|melts? at|instead of)\w*[^.;]{0,25}$", re.I
)
"""Before a number that is said about the answer, not about the simulation."""


def unheeded(prompt: str, used: Iterable[Json]) -> list[str]:
    """The quantities as they stand in the words, for which no value in `used` (nested lists and dicts) stands."""
    known = list(_numbers(list(used)))
    rest, left = prompt, list[tuple[int, str]]()
    for spelt, factors, offset in _UNITS:
        for one in re.finditer(rf"{_NUMBER}\s*(?:{spelt})(?![\w/³²^])", rest):
            value = float(one[1].replace("−", "-"))
            told = [value * factor + offset for factor in factors]
            if not any(_same(a, b) for a in told for b in known) and not _QUIET.search(prompt[: one.start()]):
                left.append((one.start(), one[0].strip()))
    return [text for _, text in sorted(left)]


def _same(told: float, known: float) -> bool:
    return abs(abs(told) - abs(known)) <= _ALIKE * max(abs(told), abs(known))


def _numbers(value: Json) -> Iterable[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
