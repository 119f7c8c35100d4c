"""Numbers that a person gives a simulation in words: how many atoms, how long, which step, how much strain."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from lang2mlip.contracts import Json
from lang2mlip.labs.lammps.orientation import asked_orientation

__all__ = ["asked_numbers", "asked_of_a_crystal"]

_NUMBER = r"((?<![\d.])\d{1,3}(?: \d{3})+(?!\d)|\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?|10\s?\^\s?\d+)"
_TIMES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_PS = {"fs": 1e-3, "ps": 1.0, "ns": 1e3}
_FS = {"fs": 1.0, "ps": 1e3}

_ATOMS = re.compile(rf"{_NUMBER}\s*(thousand|million|billion)?[\s-]*(?:atoms?|particles?)\b"
                    r"|\b(?:a|one)\s(thousand|million|billion)\s+(?:atoms|particles)\b", re.IGNORECASE)  # fmt: skip
_STEP = re.compile(
    rf"time[\s-]?step(?:\s+of|\s*=|\s*:)?\s*{_NUMBER}\s*(fs|ps)\b|{_NUMBER}\s*(fs|ps)\s+(?:time[\s-]?)?steps?\b",
    re.IGNORECASE,
)
_REST = re.compile(rf"(?:equilibrat\w*|rest\w*)\s+(?:it\s+|them\s+)?(?:for\s+)?{_NUMBER}\s*(fs|ps|ns)\b", re.IGNORECASE)
_LENGTH = re.compile(rf"(?:for|over|during|run(?:ning)?|production(?:\s+of)?|of)\s+{_NUMBER}\s*(ps|ns)\b"
                     rf"|(?:,|;|\band)\s*{_NUMBER}\s*(ps|ns)\b(?=\s*(?:[,;.)]|$))", re.IGNORECASE)  # fmt: skip
_STRAIN = re.compile(rf"{_NUMBER}\s*%(?:\s+\w+){{0,2}}\s+(?:strain|elongation|tension|shear|compression)"
                     r"|(?:strain|up\s+to|until|by)\s+"
                     rf"(?:(?:of|about|around|roughly|some)\s+)*{_NUMBER}\s*(?:%|percent)", re.IGNORECASE)  # fmt: skip
_DENSITY = re.compile(rf"{_NUMBER}\s*g\s*/?\s*cm\s*(?:\^?-?3|³|⁻³)|{_NUMBER}\s*g\s?/\s?(?:cc|ml)\b", re.I)
_ANGSTROM = {"å": 1.0, "angstrom": 1.0, "angstroms": 1.0, "a": 1.0, "nm": 10.0}
_LENGTH_UNIT = r"\s*(Å|angstroms?|nm|A)\b"
_RADIUS = re.compile(rf"(?:radius|\bR\s*(?==))(?:\s+of|\s*=)?\s*{_NUMBER}{_LENGTH_UNIT}"
                     rf"|{_NUMBER}{_LENGTH_UNIT}\s+(?:in\s+)?radius", re.IGNORECASE)  # fmt: skip
_DIAMETER = re.compile(rf"diameter(?:\s+of|\s*=)?\s*{_NUMBER}{_LENGTH_UNIT}"
                       rf"|{_NUMBER}{_LENGTH_UNIT}\s+(?:in\s+)?diameter", re.IGNORECASE)  # fmt: skip
_SPEED = re.compile(rf"{_NUMBER}\s*(?:m\s?/\s?s|m\s?s\^?-1|met(?:re|er)s? per second)(?!\w)", re.IGNORECASE)
_CELLS = re.compile(r"\b(\d{1,3})\s?[x×]\s?(\d{1,3})\s?[x×]\s?(\d{1,3})\b(?!\s*(?:Å|angstrom|nm|A\b|k))", re.IGNORECASE)
_DEPTH = re.compile(rf"{_NUMBER}{_LENGTH_UNIT}\s+(?:deep|depth)|depth(?:\s+of|\s*=)?\s*{_NUMBER}{_LENGTH_UNIT}"
                    rf"|\b(?:indent|press|push)[^.;]{{0,40}}?\s(?:to|by|down)\s+{_NUMBER}{_LENGTH_UNIT}",
                    re.IGNORECASE)  # fmt: skip
_BEAM = re.compile(rf"(?:with|at|of|energy)\s+{_NUMBER}\s*eV\b", re.IGNORECASE)
_ARRIVING = re.compile(rf"{_NUMBER}\s+(?:\w+\s+)?atoms?\b", re.IGNORECASE)
_ONE_BY_ONE = re.compile(
    rf"{_NUMBER}\s+(?:\w+\s+)?(?:atoms|of them)\s+(?:\w+\s+){{0,3}}"
    r"(?:one by one|one after|arriv|land|drop|come|coming|fall|impinge)"
    rf"|(?:deposit|drop|land|send|shoot|throw|evaporate)\w*\s+{_NUMBER}\s+(?:\w+\s+)?atoms\b",
    re.IGNORECASE,
)
_RATE = re.compile(rf"(?:strain\s+)?rate(?:\s+of|\s+around|\s*=)?\s*{_NUMBER}\s*(?:/\s*s|s\^?-1|1/s|per\s+second)\b"
                   rf"|{_NUMBER}\s*(?:1/s|s\^-1|/s)(?!\w)", re.IGNORECASE)  # fmt: skip
_EVERY = re.compile(rf"(?:every|each)\s+{_NUMBER}\s*(fs|ps|ns)\b", re.IGNORECASE)
_EITHER_WAY = re.compile(rf"(?:±|\+\s?/?\s?[-–]|from\s+[-–−][\d.]+\s*%\s+to\s+\+?)\s*{_NUMBER}\s*(?:%|pct|percent)"
                         r"(?:(?:\s+\w+){0,2}?\s+(lattice|length|edge|strain))?", re.IGNORECASE)  # fmt: skip
_STRESS = r"(?:stress|load|sigma|tau|s[xyz]{2})"
_TO_THE_END = re.compile(
    r"\b(?:yields?|yielding|strength|breaks?|breaking|fractures?|snaps?|ruptures?|fails?|failure|tears?|bursts?|slips?)\b"
    r"|\bgives? (?:way|in|up)\b|\buntil it gives\b"
    rf"|\b(?:peak|max(?:imum|imal)?|highest|largest|greatest|ultimate|critical)\b.{{0,25}}\b{_STRESS}\b"
    rf"|\b{_STRESS}[ _-]?max\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:[~≈]|\b(?:ca\.?|approx(?:imately|\.)?|about|around|roughly|some))\s*(?=\d)", re.IGNORECASE)
"""Before a number it changes nothing that can be simulated."""

_NVT = re.compile(r"\bNVT\b|\bNVE\b|(?:constant|fixed)\s+volume", re.IGNORECASE)


def asked_numbers(prompt: str) -> dict[str, Json]:
    """Parameter → value, in the recipes' units; only what is said."""
    found: dict[str, Json] = {}
    rest = _ABOUT.sub("", prompt)
    for pattern, take in _TAKEN:
        one = pattern.search(rest)
        if one is not None:
            found |= take([group for group in one.groups() if group is not None])
            rest = rest[: one.start()] + " " + rest[one.end() :]
    if _NVT.search(prompt):
        found["pressure_GPa"] = None
    return found


def asked_of_a_crystal(prompt: str, cell_atoms: int) -> dict[str, Json]:
    """The same of what a crystal has: its size in conventional cells of `cell_atoms` atoms, which way it lies, and
    whether its strength is asked for."""
    found = asked_orientation(prompt)
    if _TO_THE_END.search(prompt):
        found["strength"] = True
    cells = _CELLS.search(prompt)
    return found | ({"atoms": cell_atoms * math.prod(int(one) for one in cells.groups())} if cells else {})


def _value(text: str) -> float:
    power = re.fullmatch(r"10\s?\^\s?(\d+)", text)
    return 10.0 ** int(power[1]) if power else float(re.sub(r"[, ]", "", text))


def _atoms(groups: list[str]) -> dict[str, Json]:
    *number, times = groups if groups[-1].lower() in _TIMES else (*groups, "")
    return {"atoms": round((_value(number[0]) if number else 1.0) * _TIMES.get(times.lower(), 1.0))}


def _either_way(share: float, of: list[str]) -> dict[str, Json]:
    """Of the volume, or three times as much of what is a length; a strain may be meant for its own sake."""
    return {"volume_range": share * (3 if of else 1)} | ({"strain": share} if of == ["strain"] else {})


_TAKEN: tuple[tuple[re.Pattern[str], Callable[[list[str]], dict[str, Json]]], ...] = (
    (_ONE_BY_ONE, lambda groups: {"arriving": round(_value(groups[0]))}),
    (_ATOMS, _atoms),
    (_STEP, lambda groups: {"timestep_fs": _value(groups[0]) * _FS[groups[1].lower()]}),
    (_REST, lambda groups: {"rest_ps": _value(groups[0]) * _PS[groups[1].lower()]}),
    (_LENGTH, lambda groups: {"ps": _value(groups[0]) * _PS[groups[1].lower()]}),
    (_DENSITY, lambda groups: {"density_g_cm3": _value(groups[0])}),
    (_EVERY, lambda groups: {"every_ps": _value(groups[0]) * _PS[groups[1].lower()]}),
    (_EITHER_WAY, lambda groups: _either_way(_value(groups[0]) / 100, [one.lower() for one in groups[1:]])),
    (_STRAIN, lambda groups: {"strain": _value(groups[0]) / 100}),
    (_RATE, lambda groups: {"rate_per_ps": _value(groups[0]) * 1e-12}),
    (_RADIUS, lambda groups: {"radius_A": _value(groups[0]) * _ANGSTROM[groups[1].lower()]}),
    (_DIAMETER, lambda groups: {"radius_A": _value(groups[0]) / 2 * _ANGSTROM[groups[1].lower()]}),
    (_SPEED, lambda groups: {"speed_A_ps": _value(groups[0]) * 0.01}),
    (_DEPTH, lambda groups: {"depth_A": _value(groups[0]) * _ANGSTROM[groups[1].lower()]}),
    (_BEAM, lambda groups: {"energy_eV": _value(groups[0])}),
    (_ARRIVING, lambda groups: {"arriving": round(_value(groups[0]))}),
)
