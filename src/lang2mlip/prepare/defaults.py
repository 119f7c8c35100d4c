"""Sensible values where nothing is said, by phase and melting point, from data/defaults; each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lang2mlip.contracts import Component, Simulation
from lang2mlip.data import table

if TYPE_CHECKING:
    from lang2mlip.prepare.methods import Method
    from lang2mlip.prepare.reading import Reading

__all__ = [
    "critical_K",
    "default_phases",
    "default_properties",
    "default_simulations",
    "default_temperature",
    "melting_K",
]


_NEAR_K = 40.0
"""So far from the temperature at which its density is known a liquid is taken for one."""


_ROOM_K = 290.0


def melting_K(component: Component) -> float | None:
    """The melting temperature of a component in K, where the data have it."""
    for name, key in (("crystals", component.crystal), ("molecules", component.molecule)):
        if key and table(name).get(key, {}).get("melting_K"):
            return float(table(name)[key]["melting_K"])
    return None


def critical_K(component: Component) -> float | None:
    """About the temperature above which a molecule has no liquid, K: 1.5 times its boiling point (Guldberg's rule).

    Known for what boils below room temperature, whose density the data give at its boiling point.
    """
    boils = table("molecules").get(component.molecule or "", {}).get("density_K")
    return 1.5 * float(boils) if boils and boils < _ROOM_K else None


def default_phases(component: Component, reading: Reading) -> tuple[tuple[str, ...], str]:
    """Phases for a component of which none is said, and why."""
    needed = [p for name in reading.properties for p in _property(name).get("needs", ()) if _suits(p, component)]
    chains = [one for one in reading.components if "*" in (one.smiles or "")]
    if chains and component.smiles and (component in chains or not component.amount or "/" not in component.amount):
        return ("polymer",), "a polymer" if component in chains else "dissolved in a polymer"
    if not component.molecule and not component.smiles:
        return tuple(dict.fromkeys(["crystal", *needed])), "a crystal" + (
            ", and what the properties need" if needed else ""
        )
    if needed:
        return tuple(dict.fromkeys(needed)), "what the properties need"
    liquids = [c for c in reading.components if "liquid" in c.phases or c.amount]
    if reading.reference is not None and _molecules_only(reading.reference) and not liquids:
        return ("gas",), f"{reading.reference.said} treats molecules by themselves"
    if liquids or _liquid_there(component, reading):
        return ("liquid",), "it is part of a liquid" if liquids else "it is liquid at these temperatures"
    return ("gas",), "molecules by themselves"


def _molecules_only(method: Method) -> bool:
    """The method that is named has no periodic cells."""
    return bool(method.basis or method.method or table("references").get(method.name, {}).get("periodic") is False)


def _property(name: str) -> Mapping[str, Any]:
    return table("words").get(f"property/{name}", {})


def _suits(phase: str, component: Component) -> bool:
    return component.molecule is None or phase not in ("crystal", "vacancy", "melt", "surface")


def _liquid_there(component: Component, reading: Reading) -> bool:
    """Over at least half of the temperatures that are said (300 K where none is) it is known as a liquid."""
    entry = table("molecules").get(component.molecule or "", {})
    known_K = float(entry.get("density_K") or 0.0)
    if not known_K:
        return False
    said = [value for value in reading.temperature_K or (300.0,) if value is not None]
    first, last = max(float(entry.get("melting_K") or 0.0), known_K - _NEAR_K), known_K + _NEAR_K
    low, high = min(said, default=300.0), max(said, default=300.0)
    if low == high:
        return first <= low <= last
    return min(high, last) - max(low, first) >= 0.5 * (high - low)


def default_temperature(reading: Reading, phases: Sequence[str] = ()) -> tuple[tuple[float, float], str]:
    """The range of use in K where it is not said, or the end that is not said; and why."""
    for concept in reading.concepts:
        entry = table("concepts")[concept]
        if reading.temperature_K is None and "temperature_K" in entry:
            low, high = entry["temperature_K"]
            return (float(low), float(high)), f"usual for {entry['names'][0]} ({entry['source'].partition(';')[0]})"
    asked = {phase for c in reading.components for phase in c.phases or default_phases(c, reading)[0]} | set(phases)
    rule = next(r for key, r in table("defaults").items() if key.startswith("temperature/") and _applies(r, asked))
    melting = [value for c in reading.components if (value := melting_K(c))]
    low = _end(rule["low"], min(melting, default=None))
    high = _end(rule["high"], _governing(rule, melting))
    return _with_said((low, max(low, high)), reading.temperature_K), str(rule["why"])


def _applies(rule: Mapping[str, Any], asked: set[str]) -> bool:
    return set(rule["when"]) <= asked


def _governing(rule: Mapping[str, Any], melting: Sequence[float]) -> float | None:
    """The melting temperature that bounds the range: of the last to melt for a melt, of the first for a solid."""
    return (max if "melt" in rule["when"] else min)(melting, default=None)


def _end(rule: Mapping[str, Any], melting: float | None) -> float:
    """One end of a range in K, rounded to 10 K where it comes from a melting temperature above 100 K."""
    if melting is None:
        return float(rule["K"])
    if "fraction" in rule:
        return _rounded(rule["fraction"] * melting)
    value = float(rule["K"])
    if "at_most_fraction" in rule and value > 0.6 * melting:
        return _rounded(rule["at_most_fraction"] * melting)
    return max(value, _rounded(rule["at_least_fraction"] * melting)) if "at_least_fraction" in rule else value


def _rounded(value: float) -> float:
    return float(round(value, -1)) if value > 100 else float(round(value))


def _with_said(default: tuple[float, float], said: tuple[float | None, float | None] | None) -> tuple[float, float]:
    low, high = said or (None, None)
    if low is not None and high is None:
        return low, max(low, default[1])
    if high is not None and low is None:
        return min(high, default[0]), high
    return default


def default_simulations(reading: Reading) -> tuple[tuple[Simulation, ...], str]:
    """The MD that layered and disordered systems need when none is said, and why; empty for all others."""
    phases = {phase for component in reading.components for phase in component.phases}
    rules = [rule for key, rule in table("defaults").items() if key.startswith("simulations/")]
    for rule in rules:
        if (rule["layered"] and len(reading.layers) > 1) or phases & set(rule["when"]):
            return tuple(rule["simulations"]), str(rule["why"])
    return (), ""


def default_properties(reading: Reading, components: Sequence[Component]) -> tuple[str, ...]:
    """The usual properties of the phases asked for."""
    phases = [p for c in components for p in c.phases or default_phases(c, reading)[0]]
    rules = {r["phase"]: r["properties"] for key, r in table("defaults").items() if key.startswith("properties/")}
    return tuple(dict.fromkeys(name for phase in phases for name in rules[phase]))
