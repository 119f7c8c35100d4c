"""Numbers as people read them. A value that is missing or not finite is an en dash, never a guess."""

from __future__ import annotations

import math

from lang2mlip.contracts import Task

__all__ = [
    "MISSING",
    "count",
    "duration",
    "limit",
    "number",
    "pressures",
    "sentence",
    "several",
    "temperatures",
    "with_unit",
]

MISSING = "–"
_THIN = "\u202f"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 3) -> str:
    """`value` with `digits` significant figures and a real minus sign; powers of ten only below 10⁻⁴."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -4:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}×10{str(int(power)).translate(_RAISED)}".replace("-", "−")
    text = f"{value:,.{max(0, digits - 1 - magnitude)}f}"
    return _spaced(text.replace("-", "−"), abs(value))


def limit(value: float | None, digits: int = 3) -> str:
    """A goal or limit: as `number`, without zeros that only a measurement would carry."""
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def measured(value: float, error_bar: float | None) -> str:
    """A value, with its error bar to two figures and no digits beyond it."""
    if not error_bar or not math.isfinite(error_bar) or not value:
        return number(value, 4)
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error_bar)) + 2
    return f"{number(value, min(max(digits, 1), 6))} ± {number(error_bar, 2)}"


def with_unit(text: str, unit: str) -> str:
    """A number and its unit; the number alone where it has none."""
    return f"{text} {unit}" if unit else text


def count(value: int) -> str:
    """A whole number with thin spaces between thousands."""
    return _spaced(f"{value:,}", abs(value))


def _spaced(text: str, size: float) -> str:
    """Thin spaces for the commas; four digits stand together."""
    return text.replace(",", _THIN if size >= 10_000 else "")


def duration(seconds: float) -> str:
    """`0.4 s`, `45 s`, `3 min 20 s`, `1 h 05 min`."""
    if not math.isfinite(seconds):
        return MISSING
    if seconds < 10:
        return f"{number(seconds, 2)} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{count(minutes // 60)} h {minutes % 60:02d} min"


def sentence(text: str) -> str:
    """`text` with a capital at the start and a full stop at the end."""
    words = text.strip()
    return words[:1].upper() + words[1:] + ("" if not words or words[-1] in ".!?…)" else ".")


def several(names: tuple[str, ...] | list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def temperatures(task: Task) -> str:
    """The temperature range of the task, in K."""
    low, high = task.temperature_K
    return f"{limit(low)} K" if low == high else f"{limit(low)} to {limit(high)} K"


def pressures(task: Task) -> str:
    """The pressure range of the task, in GPa."""
    low, high = task.pressure_GPa
    return f"{limit(low)} GPa" if low == high else f"{limit(low)} to {limit(high)} GPa"
