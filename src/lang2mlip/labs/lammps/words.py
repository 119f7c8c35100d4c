"""Words → which recipe, with which parameters, of which substance; one clear question where they do not say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ase.formula import Formula

from lang2mlip.contracts import Component, Json, check
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.asides import without_asides
from lang2mlip.labs.lammps.asked import asked_numbers, asked_of_a_crystal
from lang2mlip.labs.lammps.author import Free
from lang2mlip.labs.lammps.building import is_cubic, refuse_size, unit_cell
from lang2mlip.labs.lammps.meaning import meant
from lang2mlip.labs.lammps.pair_words import pair_words
from lang2mlip.labs.lammps.recipe import Recipe
from lang2mlip.labs.lammps.recipes import known
from lang2mlip.labs.lammps.recipes.expansion import around
from lang2mlip.labs.lammps.reduced.units import STEP_FS, is_model, model, text_in_reduced
from lang2mlip.labs.lammps.reduced.words import ReducedState, reduced_state
from lang2mlip.labs.lammps.substance import heard, the_one
from lang2mlip.labs.lammps.unheeded import unheeded
from lang2mlip.prepare.reader import Reading, read

__all__ = ["Wish", "described", "meant", "understood"]

_LIQUID = frozenset({"melt", "liquid"})
_ZERO_K = 1e-3
_MATTERS_GPa = 0.05

_FROZEN = 1 / 3
"""Share of the melting point below which no element or salt is a liquid, however fast it was cooled: glasses of metals
form at about one half (D. Turnbull, Contemp. Phys. 10, 473 (1969))."""

_HOTTER = 2.5
"""A crystal without a surface melts only well above its melting point (mechanical melting: Z. H. Jin, P. Gumbsch, K. Lu
and E. Ma, Phys. Rev. Lett. 87, 055703 (2001)); so much above it does within picoseconds, as measured here."""


@dataclass(frozen=True)
class Wish:
    """What is to be simulated."""

    prompt: str
    recipe: Recipe
    component: Component
    assumptions: tuple[str, ...]
    potential: str | None = None
    """The one that the words demand, as --potential takes it."""

    def measures(self) -> str:
        """What will be measured, in the units of the words."""
        told = self.recipe.measures()
        return text_in_reduced(told) if is_model(self.component) else told

    def kinds(self) -> list[str]:
        """Kinds of potentials that the words name, keys of data/potential_words; the longest phrases count."""
        hits = [
            (one.start(), one.end(), key)
            for key, entry in table("potential_words").items()
            for phrases, how in ((entry["words"], re.IGNORECASE), (entry.get("cased", ()), 0))
            for phrase in phrases
            for one in re.finditer(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])", self.prompt, how)
        ]
        inner = [(a, b) for a, b, _ in hits for c, d, _ in hits if c <= a and b <= d and d - c > b - a]
        return sorted({key for a, b, key in hits if (a, b) not in inner})

    def elements(self) -> list[str]:
        """Chemical symbols, alphabetical."""
        return sorted(set(unit_cell(self.component).get_chemical_symbols()))

    def phases(self) -> list[str]:
        """What the potential must be good for."""
        molten = getattr(self.recipe, "molten", False)
        return [*self.recipe.phases, *(["melt"] if molten and "melt" not in self.recipe.phases else [])]

    def cubic(self) -> bool:
        """Whether the crystal is."""
        return is_cubic(self.component)


def understood(prompt: str, given: Mapping[str, Json]) -> Wish:
    """The wish in the words; `given` parameters replace what they say. Raises BadInput with a question or a reason."""
    pair = pair_words(prompt)
    wish = _understood(pair.rest, given, pair.potential)
    return replace(wish, prompt=prompt)


def _understood(prompt: str, given: Mapping[str, Json], pair: str | None) -> Wish:
    state = None if pair else reduced_state(prompt)
    entry = meant(prompt, "recipe/equilibrate" if state else None)
    numbers = asked_numbers(prompt)
    refuse_size(int(given.get("atoms") or numbers.get("atoms", 0)))
    if state is not None and _no_substance(state, entry["words"]):
        return _of_model(prompt, state, entry, numbers | dict(given))
    reading = heard(without_asides(state.rest if state else prompt, entry), entry["words"])
    component = the_one(reading)
    numbers = asked_of_a_crystal(prompt, len(unit_cell(component))) | numbers
    refuse_size(int(given.get("atoms") or numbers.get("atoms", 0)))
    recipe = known(_at_this_temperature(entry, reading))
    conditions = _conditions(reading, component) | _scaled(state, component)
    if conditions.get("pressure_GPa") is not None and numbers.get("pressure_GPa", 0.0) is None:
        del numbers["pressure_GPa"]  # "at 1 bar, NVT after NPT": the pressure is what is wanted
    said = {**conditions, **numbers, **entry.get("parameters", {})}
    wanted = {key: value for key, value in said.items() if key in recipe.model_fields} | dict(given)
    assumptions = _assumed(recipe, component, wanted, conditions)
    made = check(recipe, wanted, f"The recipe {recipe.key}")
    left = unheeded(prompt, [made.model_dump(mode="json"), conditions, reading.temperature_K, reading.pressure_GPa])
    if left and state is None:
        assumptions.append(f"Not used, as {made.line.lower()} has no place for it: {', '.join(left)}.")
    return Wish(prompt, made, component, tuple(assumptions), pair)


def _no_substance(state: ReducedState, phrases: Iterable[str]) -> bool:
    """Whether words in reduced units are of the model itself: they name neither a substance with cited parameters nor
    any other in full."""
    if not state.pairs:
        return False
    try:
        component = the_one(heard(state.rest, phrases))
    except BadInput:
        return True
    if component.formula and set(Formula(component.formula).count()) <= set(table("lj")):
        return False
    in_full = len(component.name) > 3 and component.name.lower() in state.rest.lower()
    symbol = len(component.formula) > 1 and re.search(rf"(?<!\w){re.escape(component.formula)}(?!\w)", state.rest)
    return not in_full and not symbol


def _scaled(state: ReducedState | None, component: Component) -> dict[str, Json]:
    """What was said in reduced units, for an element with cited parameters. Raises BadInput for another substance."""
    if state is None:
        return {}
    parts = sorted(Formula(component.formula).count()) if component.formula else []
    if len(parts) == 1 and parts[0] in table("lj"):
        return state.of_element(parts[0])
    if state.temperature is None and state.density is None and state.pressure is None:
        return {}
    raise BadInput(
        f"Reduced units need Lennard-Jones parameters, and {component.name} has none that are cited; say the state in"
        f" K, GPa and g/cm³, leave the substance out, or name one of {', '.join(table('lj'))}."
    )


_OF_MODEL = frozenset({"minimise", "equilibrate", "motion", "energy_volume", "elastic", "vacancy", "viscosity",
                       "conductivity", "heat_flux", "metadynamics", "melting", "elastic_hot"})  # fmt: skip
_FINER: dict[str, Json] = {"timestep_fs": STEP_FS, "width_A": 0.06, "swap_every": 50}
"""Of the model, whose atoms are a third as wide as atoms of elements and move with a longer step."""


def _of_model(prompt: str, state: ReducedState, entry: Mapping[str, Any], numbers: dict[str, Json]) -> Wish:
    """The Lennard-Jones model itself. Raises BadInput for a recipe that is not made for it, and for half a state."""
    recipe = known(entry["hot"] if "hot" in entry and state.temperature else entry["recipe"])
    if recipe.key not in _OF_MODEL:
        raise BadInput(f"{recipe.line} is not made for the Lennard-Jones model; name a substance.")
    told = state.of_model()
    lacking = [name for name in told if name not in recipe.model_fields and name != "ps"]
    if lacking:
        raise BadInput(f"{recipe.line} is measured without {' and '.join(one.split('_')[0] for one in lacking)}.")
    if "temperature_K" in recipe.model_fields and ("temperature_K" not in told or not {*told} & set(_HOLDS)):
        raise BadInput(f"{recipe.line} of the Lennard-Jones model needs its state; say T* and rho*, or T* and P*.")
    molten = not state.solid
    said = {**_FINER, **told, **({"molten": True} if molten else {}), **entry.get("parameters", {}), **numbers}
    wanted = {key: value for key, value in said.items() if key in recipe.model_fields or key in numbers}
    aloud = ["No phase was named; taken: a fluid."] if state.solid is None and "molten" in wanted else []
    if wanted.get("molten"):
        wanted.setdefault("melt_K", _HOTTER * float(wanted["temperature_K"]))
    aloud.append("Reduced units: of the parameters K stands for ε/k_B, Å for σ and ps for τ = σ√(m/ε).")
    made = check(recipe, wanted, f"The recipe {recipe.key}")
    return Wish(prompt, made, model(molten), tuple(aloud), state.potential)


_HOLDS = ("density_g_cm3", "pressure_GPa")


def described(prompt: str, given: Mapping[str, Json]) -> Wish:
    """The substance and the size in the words, for a writer that needs no recipe. Raises BadInput with a question."""
    numbers = asked_numbers(prompt)
    size = {"atoms": numbers["atoms"]} if "atoms" in numbers else {}
    refuse_size(int(given.get("atoms") or numbers.get("atoms", 0)))
    pair = pair_words(prompt)
    made, state = check(Free, size | dict(given), "The script of a model"), reduced_state(pair.rest)
    if state is not None and _no_substance(state, ()):
        return Wish(prompt, made, model(not state.solid), (), state.potential)
    return Wish(prompt, made, the_one(read(pair.rest)), (), pair.potential)


def _at_this_temperature(entry: Mapping[str, Any], reading: Reading) -> str:
    """The name of the recipe, or of the one that takes its place above or at zero temperature."""
    if "hot" in entry and _hot(reading):
        return str(entry["hot"])
    cold = "cold" in entry and reading.temperature_K is not None and not _hot(reading)
    return str(entry["cold"] if cold else entry["recipe"])


def _hot(reading: Reading) -> bool:
    """Whether a temperature above zero was named."""
    return any(one is not None and one > _ZERO_K for one in reading.temperature_K or ())


def _conditions(reading: Reading, component: Component) -> dict[str, Json]:
    """Temperature, pressure, phase and plane as the recipe calls them."""
    found: dict[str, Json] = {}
    low, high = reading.temperature_K or (None, None)
    if low is not None or high is not None:
        found["temperature_K"] = low if low is not None else high
    if high is not None and high != low:
        found["to_K"] = high
    if reading.pressure_GPa is not None:
        named = [one for one in reading.pressure_GPa if one is not None]
        found["pressure_GPa"] = max(named, key=abs, default=0.0)  # "to 20 GPa" means there, not from zero on the way
    if _LIQUID & set(component.phases):
        found["molten"] = True
    if component.facets:
        plane = component.facets[0]
        found["miller"] = (*plane[:2], plane[-1])  # of four indices the third follows from the first two
    return found


def _melted(component: Component, entry: Mapping[str, Any], wanted: dict[str, Json]) -> None:
    """Where it is melted first is filled in. Raises BadInput with a question."""
    if "temperature_K" not in wanted:
        melts = f" (it melts at {entry['melting_K']:g} K)" if entry.get("melting_K") else ""
        raise BadInput(f"At which temperature is {component.name} to be liquid{melts}? Say it in the words, in K.")
    if entry.get("melting_K") and float(wanted["temperature_K"]) < _FROZEN * float(entry["melting_K"]):
        raise BadInput(
            f"At {float(wanted['temperature_K']):g} K {component.name} is no liquid (it melts at"
            f" {entry['melting_K']:g} K); which temperature is meant, or is it the crystal?"
        )
    melting = max(float(entry.get("melting_K") or 0.0), float(wanted["temperature_K"]))
    wanted.setdefault("melt_K", _HOTTER * melting)


def _unheeded(recipe: type[Recipe], conditions: Mapping[str, Json]) -> list[str]:
    """What was named and the recipe has no place for, said aloud. Raises BadInput for a pressure that would matter."""
    pressure = conditions.get("pressure_GPa")
    if pressure is not None and abs(pressure) > _MATTERS_GPa and "pressure_GPa" not in recipe.model_fields:
        raise BadInput(f"{recipe.line} is measured without pressure; {pressure:g} GPa has no place in it.")
    kelvin = conditions.get("temperature_K")
    if kelvin is not None and kelvin > _ZERO_K and "temperature_K" not in recipe.model_fields:
        return [f"{kelvin:g} K were named, but this is measured at 0 K."]
    return []


def _assumed(
    recipe: type[Recipe], component: Component, wanted: dict[str, Json], conditions: Mapping[str, Json]
) -> list[str]:
    """What the words leave open and is taken, said aloud; melting is filled in. Raises BadInput with a question."""
    said = _unheeded(recipe, conditions)
    entry = table("crystals").get(component.crystal or "", {})
    if recipe.key == "melting" and "temperature_K" not in wanted and entry.get("melting_K"):
        wanted["temperature_K"] = float(entry["melting_K"])
        said.append(f"Begun at the melting point of the tables, {entry['melting_K']:g} K.")
    if recipe.key == "expansion" and {"temperature_K", "to_K"} & set(wanted) == {"temperature_K"}:
        middle = float(wanted["temperature_K"])
        wanted["temperature_K"], wanted["to_K"] = around(middle)
        said.append(f"Measured between {wanted['temperature_K']:g} and {wanted['to_K']:g} K, around {middle:g} K.")
    if recipe.key == "viscosity":
        wanted.setdefault("molten", True)
    if wanted.get("molten"):
        _melted(component, entry, wanted)
    elif "temperature_K" in recipe.model_fields and "temperature_K" not in wanted:
        said.append(f"No temperature was named; taken: {recipe.model_fields['temperature_K'].default:g} K.")
    if "pressure_GPa" in recipe.model_fields and not {"pressure_GPa", "density_g_cm3"} & set(wanted):
        said.append("No pressure was named; taken: 0 GPa.")
    if "miller" in recipe.model_fields and "miller" not in wanted:
        said.append(f"No plane was named; taken: {recipe.model_fields['miller'].default}.")
    return said
