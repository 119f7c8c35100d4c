"""Lennard-Jones parameters that a person gives: ε, σ and the cut-off, in words."""

from __future__ import annotations

import re
from typing import NamedTuple

from ase import units

from lang2mlip.errors import BadInput

__all__ = ["PairWords", "pair_words"]

_VALUE = r"(\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
_IS = r"(?:\s*(?:=|:|~|≈)|\s+(?:of|is|at|about))*\s*"
_DEPTH = re.compile(
    rf"(?:ε|\beps(?:ilon)?\b|\bwell[\s-]depth)\s*(?:/\s*k_?\s?B?\b)?{_IS}{_VALUE}\s*"
    r"(K|kelvin|meV|eV|kJ\s?/\s?mol|kcal\s?/\s?mol|cm\^?-1)(?!\w)",
    re.IGNORECASE,
)
"""People write ε = 120 K and mean ε/kB."""

_WIDTH = re.compile(rf"(?:σ|\bsigma\b){_IS}{_VALUE}\s*(Å|angstroms?|A|nm|pm)(?!\w)", re.IGNORECASE)
_BARE = re.compile(
    rf"(\b(?:LJ|Lennard[\s–-]?Jones)[\s:,(]*(?:parameters[\s:,(]*)?){_VALUE}\s*(K|meV|eV)\s*[,;/]\s*"
    rf"(?:and\s+)?{_VALUE}\s*(Å|A|nm)(?!\w)"
)
"""ε and σ by their units alone, behind the name: "LJ (119.8 K, 3.405 Å)"."""

_CUT = re.compile(
    rf"cut(?:[\s-]?off)?\b(?:[\s(,]+(?:radius|distance|generous|about|off))*{_IS}[\s(]*{_VALUE}\s*"
    r"(σ|sigma|Å|angstroms?|A|nm|pm)(?!\w)",
    re.IGNORECASE,
)
_EV = {"k": units.kB, "kelvin": units.kB, "mev": 1e-3, "ev": 1.0, "kj/mol": units.kJ / units.mol,
       "kcal/mol": units.kcal / units.mol, "cm^-1": units.invcm, "cm-1": units.invcm}  # fmt: skip
_A = {"å": 1.0, "angstrom": 1.0, "angstroms": 1.0, "a": 1.0, "nm": 10.0, "pm": 0.01}


class PairWords(NamedTuple):
    """What was said of the pair, as --potential takes it, and the words without it."""

    potential: str | None
    rest: str


def pair_words(prompt: str) -> PairWords:
    """ε and σ as `lj EPSILON_eV SIGMA_A [CUT_A]`, which --potential takes; None where no parameters are given.

    Raises BadInput where one of the two is missing, or where there are several pairs.
    """
    prompt = _BARE.sub(r"\1 ε = \2 \3, σ = \4 \5", prompt)
    depths, widths = list(_DEPTH.finditer(prompt)), list(_WIDTH.finditer(prompt))
    if not depths and not widths:
        return PairWords(None, prompt)
    if len(depths) != 1 or len(widths) != 1:
        lacking = "ε" if not depths else "σ" if not widths else ""
        raise BadInput(
            f"Lennard-Jones needs ε and σ; {lacking} was not given (say it with its unit, as in"
            " ε/kB = 120 K and σ = 3.4 Å)."
            if lacking
            else "Lennard-Jones parameters of one pair can be given in words, ε and σ once each; there are more."
        )
    depth, width, cut = depths[0], widths[0], _CUT.search(prompt)
    unit = re.sub(r"\s", "", depth[2]).lower()
    sigma = float(width[1]) * _A[width[2].lower()]
    said = f"lj {float(depth[1]) * _EV[unit]:.6g} {sigma:.6g}"
    if cut is not None:
        said += f" {float(cut[1]) * _A.get(cut[2].lower(), sigma):.6g}"
    rest = prompt
    for one in sorted((one for one in (depth, width, cut) if one is not None), key=re.Match.start, reverse=True):
        rest = f"{rest[: one.start()]} {rest[one.end() :]}"
    return PairWords(said, rest)
