"""Results of the Lennard-Jones model told in its own units."""

from __future__ import annotations

import re

from lang2mlip.labs.lammps.recipe import Curve, Findings, Number
from lang2mlip.labs.lammps.reduced.units import MODEL, UNITS_OF, text_in_reduced

__all__ = ["in_reduced", "relabelled"]


def in_reduced(found: Findings) -> Findings:
    """The same results in units of ε, σ, m and k_B."""
    return Findings(
        numbers=tuple(_number(one) for one in found.numbers), curves=tuple(_curve(one) for one in found.curves),
        remarks=tuple(text_in_reduced(one) for one in found.remarks),
    )  # fmt: skip


def relabelled(curve: Curve) -> Curve:
    """A curve whose values are those of a log in units lj already; only its labels are of ours."""
    return curve.model_copy(update={"x_label": _label(curve.x_label)[0], "y_label": _label(curve.y_label)[0]})


def _number(one: Number) -> Number:
    factor, unit = UNITS_OF.get(one.unit, (1.0, one.unit))
    return Number(
        name=_unnamed(one.name), value=one.value / factor, error=None if one.error is None else one.error / factor,
        unit=unit, how=text_in_reduced(one.how),
    )  # fmt: skip


def _curve(one: Curve) -> Curve:
    (x_label, x), (y_label, y) = _label(one.x_label), _label(one.y_label)
    return Curve(
        name=_unnamed(one.name), x_label=x_label, y_label=y_label,
        x=tuple(value / x for value in one.x), y=tuple(value / y for value in one.y),
    )  # fmt: skip


def _label(label: str) -> tuple[str, float]:
    """The label of an axis with its unit at the end, and what to divide by."""
    words, bracket, unit = label.removesuffix(")").rpartition(" (")
    if not bracket or unit not in UNITS_OF:
        return _unnamed(label), 1.0
    factor, name = UNITS_OF[unit]
    return f"{_unnamed(words)} ({name})", factor


def _unnamed(name: str) -> str:
    """Without the symbol, which tells nothing where all atoms are alike."""
    return re.sub(rf"(?:_| of | ){MODEL}(?:-{MODEL})?(?!\w)", "", name)
