"""Lennard-Jones: with cited parameters, with a person's own, and the model in its own units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.labs.lammps.potential import Potential
from lang2mlip.labs.lammps.reduced.units import MODEL

__all__ = ["lennard_jones"]

_REACH = 3.5
"""Cut-off in σ where none is said; the tail beyond it is corrected."""

_SANE_eV, _SANE_A = (1e-4, 1.0), (1.0, 8.0)
"""Between helium's 10 K and a strong bond; between hydrogen and a coarse bead."""


def lennard_jones(text: str, elements: list[str]) -> Potential:
    """`lj` with cited parameters, `lj EPSILON SIGMA [CUT]` in eV and Å, or of the model `lj [CUT [shifted]]` in σ.

    Raises BadInput for words that are none of these, UnsupportedElement where there are no parameters.
    """
    if elements == [MODEL]:
        return _model(text)
    if text != "lj":
        return _own(text, elements)
    pairs = table("lj")
    if missing := sorted(set(elements) - set(pairs)):
        raise UnsupportedElement(
            f"Lennard-Jones has cited parameters for {', '.join(pairs)} only, not for {', '.join(missing)};"
            " give ε and σ, as in 'ε/kB = 120 K and σ = 3.4 Å'."
        )
    sources = sorted({str(pairs[one]["source"]) for one in elements})
    reason = f"Lennard-Jones with cited parameters is what describes {', '.join(elements)}: {sources[0]}"
    return _pairwise(elements, pairs, reason, "; ".join(sources))


def _own(text: str, elements: Sequence[str]) -> Potential:
    """With the person's own parameters, of one element."""
    words = re.fullmatch(r"lj (\d\S*) (\d\S*)(?: (\d\S*))?", text)
    if words is None:
        raise BadInput(
            f"{text!r}: for elements write lj, or 'lj EPSILON SIGMA [CUT]' in eV and Å; a cut alone is chosen for the"
            " model in its own units only."
        )
    if len(elements) != 1:
        raise BadInput(f"{text!r} are parameters of one pair, and there are several in {', '.join(elements)}.")
    depth, width = _number(words[1]), _number(words[2])
    for name, value, unit, (low, high) in (("ε", depth, "eV", _SANE_eV), ("σ", width, "Å", _SANE_A)):
        if not low <= value <= high:
            raise BadInput(f"{name} = {value:g} {unit} is no atom's; between {low:g} and {high:g} {unit} are usual.")
    cut = _number(words[3]) if words[3] else _REACH * width
    if not 1.2 * width < cut < 8 * width:
        raise BadInput(f"A cut-off of {cut:g} Å does not suit σ = {width:g} Å; 2.5 to 4 σ are usual.")
    pairs = {elements[0]: {"epsilon_eV": depth, "sigma_A": width}}
    reason = f"Lennard-Jones with the parameters that were given, ε = {depth:g} eV, σ = {width:g} Å, cut at {cut:g} Å"
    return _pairwise(elements, pairs, reason, "given by the person", cut)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"{text!r} is no number; Lennard-Jones parameters are EPSILON in eV and SIGMA in Å.") from None


def _pairwise(
    elements: Sequence[str], pairs: Mapping[str, Mapping[str, Any]], reason: str, source: str, cut_A: float = 0.0
) -> Potential:
    """Mixed by Lorentz and Berthelot, the tail corrected."""
    widest = max(pairs[one]["sigma_A"] for one in elements)
    lines = [f"pair_style      lj/cut {cut_A or _REACH * widest:g}", "pair_modify     mix arithmetic tail yes"]
    own = [
        f"pair_coeff      {n} {n} {pairs[one]['epsilon_eV']:g} {pairs[one]['sigma_A']:g}   # {one}"
        for n, one in enumerate(elements, 1)
    ]
    return Potential("lj", reason, {one: one for one in elements}, (*lines, *own), source=source, all_types=True)


def _model(text: str) -> Potential:
    """`lj [CUT [shifted]]`: the model in its own units, cut at so many σ, its tail corrected or shifted."""
    words = re.fullmatch(r"lj(?: (\d+(?:\.\d+)?))?( shifted)?", text)
    if words is None:
        raise BadInput(f"{text!r} is no Lennard-Jones model; write lj, lj CUT or lj CUT shifted, CUT in σ.")
    cut, shifted = words[1] or f"{_REACH:g}", words[2] is not None
    how = f"cut at {cut} σ, " + ("shifted to zero there" if shifted else "the tail beyond it corrected")
    lines = (f"pair_style      lj/cut {cut}", f"pair_modify     {'shift' if shifted else 'tail'} yes",
             "pair_coeff      1 1 1.0 1.0")  # fmt: skip
    return Potential("lj", f"the Lennard-Jones model in its own units, {how}", {MODEL: MODEL}, lines, units="lj",
                     source="J. E. Jones, Proc. R. Soc. Lond. A 106, 463 (1924)", all_types=True)  # fmt: skip
