"""Reduced quantities in words: T*, rho* and P* of the Lennard-Jones model, or of a substance with parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ase.data import atomic_masses, atomic_numbers

from lang2mlip.contracts import Json
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.reduced.units import DENSITY_g_cm3, PRESSURE_GPa
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3, BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA, FS_IN_ASE_TIME

__all__ = ["ReducedState", "reduced_state"]

_IS = r"(?:\s*(?:=|:|~|≈|,)|\s+(?:of|is|at|about|around|near|equal\s+to))*\s*"
_VALUE = r"([-+]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\d.]*\d)"
_STAR = r"\s?\^?\s?(?:\*|∗|⁎|\bstar\b)"
_NO_UNIT = r"(?!\s*(?:K\b|kelvin|°|C\b|F\b|degrees|g\s*/|g/|kg|lb|GPa|MPa|bar|atm|kbar|Pa\b|%))"

_STRICT = {
    "T": re.compile(rf"(?:\bT{_STAR}|\breduced\s+temperature|\bk_?B?\s?T\s?/\s?(?:ε|epsilon)){_IS}{_VALUE}", re.I),
    "rho": re.compile(
        rf"(?:(?:\brho|ρ|\bdensity|\bn){_STAR}|\breduced\s+(?:number\s+)?density"
        rf"|(?:\brho|ρ)\s?\*?\s?(?:σ|sigma)\s?\^?\s?(?:3|³)){_IS}{_VALUE}",
        re.I,
    ),
    "P": re.compile(rf"(?:\bP{_STAR}|\breduced\s+pressure){_IS}{_VALUE}", re.I),
}
_LOOSE = {
    "T": re.compile(rf"\b(?:temperature|T){_IS}{_VALUE}{_NO_UNIT}", re.IGNORECASE),
    "rho": re.compile(rf"(?:\b(?:density|rho)|ρ){_IS}{_VALUE}{_NO_UNIT}", re.IGNORECASE),
    "P": re.compile(rf"\b(?:pressure|P){_IS}{_VALUE}{_NO_UNIT}", re.IGNORECASE),
}
"""The same without a mark, in words that speak of reduced units elsewhere, or of the model without any unit of ours."""

_PAIR = re.compile(r"\bLJ\b|\bLennard[\s‐–-]?Jones(?:ium)?\b", re.IGNORECASE)
_MARK = re.compile(r"\breduced\s+(?:units?|lj)|\blj[\s-]units?\b|\bunits?\s+lj\b|lennard[\s–-]?jones\s+units?", re.I)
_OURS = re.compile(r"\d\s*(?:K|kelvin|°\s?[CF]|GPa|MPa|bar|atm|g\s?/\s?cm|g/cc|Å|nm)(?!\w)")
_TIME = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(?:τ|tau\b|(?:reduced|lj)\s+(?:time\s+units?|times?)\b"
                   r"|time\s+units?\b)", re.IGNORECASE)  # fmt: skip
_CUT = re.compile(rf"(?:cut(?:[\s-]?off|\s+off)?|truncated)(?:\s+(?:and|radius|distance|shifted|r_?c))*{_IS}"
                  r"(\d(?:\.\d+)?)\s?(?:σ|\*?\s?sigma\b)", re.IGNORECASE)  # fmt: skip
_SHIFTED = re.compile(r"\btruncat|\bshifted\b|\bLJTS\b|(?:without|no)\s+(?:long[\s-]range|tail)", re.IGNORECASE)
_FLUID = re.compile(r"\b(?:fluid|liquid|melt|molten|gas|vapou?r|supercritical)", re.IGNORECASE)
_SOLID = re.compile(r"\b(?:solid|crystal(?:line)?|fcc)\b", re.IGNORECASE)
_LONGEST_CUT = 6.0


@dataclass(frozen=True)
class ReducedState:
    """What was said in reduced units."""

    temperature: float | None
    """k_B T/ε."""
    density: float | None
    """N σ³/V."""
    pressure: float | None
    """P σ³/ε."""
    time: float | None
    """t/τ, of the stretch that is measured."""
    solid: bool | None
    """None where no phase was named."""
    potential: str
    """The model's potential as --potential takes it."""
    rest: str
    """The words without all this."""
    pairs: bool
    """Lennard-Jones was named."""

    def of_model(self) -> dict[str, Json]:
        """Parameters of the recipes, for the model itself."""
        return self._scaled(1.0, DENSITY_g_cm3, PRESSURE_GPa, 1.0)

    def of_element(self, element: str) -> dict[str, Json]:
        """The same for an element with cited parameters of data/lj, K, g/cm³, GPa and ps."""
        entry = table("lj")[element]
        depth, cube = float(entry["epsilon_eV"]), float(entry["sigma_A"]) ** 3
        mass = float(atomic_masses[atomic_numbers[element]])
        tau = float(entry["sigma_A"]) * (mass / depth) ** 0.5 / (1000.0 * FS_IN_ASE_TIME)
        density = mass / cube * AMU_PER_A3_IN_G_PER_CM3
        return self._scaled(depth / BOLTZMANN_EV_PER_K, density, depth / cube * EV_PER_A3_IN_GPA, tau)

    def _scaled(self, kelvin: float, density: float, pressure: float, ps: float) -> dict[str, Json]:
        told = {"temperature_K": (self.temperature, kelvin), "density_g_cm3": (self.density, density),
                "pressure_GPa": (self.pressure, pressure), "ps": (self.time, ps)}  # fmt: skip
        return {name: value * unit for name, (value, unit) in told.items() if value is not None}


def reduced_state(prompt: str) -> ReducedState | None:
    """What the words say in reduced units; None where they say nothing so. Raises BadInput for an odd cut-off."""
    pairs = _PAIR.search(prompt) is not None
    marked = _MARK.search(prompt) is not None or any(one.search(prompt) for one in _STRICT.values())
    if not marked and (not pairs or _OURS.search(prompt)):
        return None
    found, rest = _values(prompt)
    potential, rest = _potential(rest)
    for pattern in (_PAIR, _MARK):
        rest = pattern.sub(" ", rest)
    return ReducedState(found["T"], found["rho"], found["P"], found["time"], _solid(prompt), potential, rest, pairs)


def _values(text: str) -> tuple[Mapping[str, float | None], str]:
    """What stands in the words, strict before loose, and the words without it."""
    values: dict[str, float | None] = dict.fromkeys((*_STRICT, "time"))
    for patterns in (_STRICT, _LOOSE, {"time": _TIME}):
        for name, pattern in patterns.items():
            one = pattern.search(text) if values[name] is None else None
            if one is not None:
                values[name] = float(one[1].replace(",", ""))
                text = text[: one.start()] + " " + text[one.end() :]
    return values, text


def _potential(text: str) -> tuple[str, str]:
    """The model's potential, cut where the words say, and the words without it."""
    one = _CUT.search(text)
    shifted = " shifted" if _SHIFTED.search(text) else ""
    if one is None:
        return f"lj 2.5{shifted}" if shifted else "lj", _SHIFTED.sub(" ", text)
    if not 1.0 < float(one[1]) <= _LONGEST_CUT:
        raise BadInput(f"A cut-off of {one[1]} σ is not between 1 and {_LONGEST_CUT:g} σ; 2.5 to 4 are usual.")
    return f"lj {one[1]}{shifted}", _SHIFTED.sub(" ", text[: one.start()] + " " + text[one.end() :])


def _solid(text: str) -> bool | None:
    if _FLUID.search(text):
        return False
    return True if _SOLID.search(text) else None
