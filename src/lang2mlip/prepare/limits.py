"""Conditions and concentrations that no matter can have: told as a question that needs an answer."""

from __future__ import annotations

from collections.abc import Iterator

from ase.data import atomic_masses, atomic_numbers

from lang2mlip.contracts import Component, Noun
from lang2mlip.prepare.defaults import melting_K
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.mixing import amount_of
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.substances import dissolved

__all__ = ["Doubt", "beyond"]

_SUPERHEATED = 1.5
"""Share of the melting temperature beyond which no crystal lives, even without surfaces: perfect ones melt at about
1.2 (Jin et al., Phys. Rev. Lett. 87, 055703 (2001))."""

_SQUEEZED_GPA = 1.0
"""Pressures from here on raise melting temperatures, so that the one at 1 bar says little."""

_IONISED_K = 1e5
"""About 10 eV: atoms lose electrons, and no potential of the electronic ground state holds."""

_TENSION_GPA = -0.2
"""Molecular liquids tear before this: the strongest, H2O, at -0.14 GPa (Zheng et al., Science 254, 829 (1991))."""

_HEAVIEST_G_L = 3500.0
"""Dissolved mass in a litre that no solution reaches: the heaviest common ones, of formates and tungstates used in
drilling and mineral separation, stay below 3 kg/L (CRC Handbook of Chemistry and Physics)."""


class Doubt(Noun):
    """Something that the person must look at again."""

    field: str
    text: str
    default: str
    options: tuple[str, ...] = ()
    needed: bool = False
    """No default can stand for an answer."""


def beyond(reading: Reading) -> Iterator[Doubt]:
    """Every condition and concentration that cannot be."""
    yield from _too_hot(reading)
    yield from _torn(reading)
    for component in reading.components:
        yield from _superheated(component, reading)
        yield from _no_solute(component, reading)


def _too_hot(reading: Reading) -> Iterator[Doubt]:
    highest = (reading.temperature_K or (None, None))[1]
    if highest is not None and highest > _IONISED_K:
        text = f"At {highest:g} K atoms are ionised, and no interatomic potential holds. Which temperature is meant?"
        yield Doubt(field="temperature_K", text=text, default="", needed=True)


def _torn(reading: Reading) -> Iterator[Doubt]:
    """Tension on a gas or a molecular liquid."""
    lowest = (reading.pressure_GPa or (None, None))[0]
    fluids = [one for one in reading.components if one.smiles and set(one.phases) <= {"gas", "liquid", "interface"}]
    if lowest is not None and lowest < _TENSION_GPA and fluids:
        text = f"No gas or liquid such as {fluids[0].name} bears {lowest:g} GPa of tension. Which pressure is meant?"
        yield Doubt(field="pressure_GPa", text=text, default="", needed=True)


def _superheated(component: Component, reading: Reading) -> Iterator[Doubt]:
    """A crystal far above its melting temperature."""
    lowest = (reading.temperature_K or (None, None))[0]
    highest_GPa = (reading.pressure_GPa or (0.0, 0.0))[1] or 0.0
    melting = melting_K(component)
    said = set(component.phases)
    solid = component.crystal and said and said <= {"crystal", "surface", "vacancy"}
    if lowest is None or melting is None or not solid or highest_GPa >= _SQUEEZED_GPA:
        return
    if lowest > _SUPERHEATED * melting:
        yield Doubt(
            field=f"phases.{component.name}",
            text=f"{component.name} melts at {melting:g} K, so there is no crystal of it at {lowest:g} K. Which phases "
            "are meant, or which temperature?",
            default="",
            options=("melt", "liquid", "gas", "crystal"),
            needed=True,
        )


def _no_solute(component: Component, reading: Reading) -> Iterator[Doubt]:
    """A concentration of what has no dissolved form, of a salt in a hydrocarbon, or of more than fits."""
    amount = amount_of(component)
    if amount is None or amount.unit not in ("mol/L", "mol/kg"):
        return
    counts = parse_formula(component.formula) or {}
    grams = amount.value * sum(atomic_masses[atomic_numbers[symbol]] * n for symbol, n in counts.items())
    solvents = [one for one in reading.components if one is not component and one.smiles and not one.amount]
    greasy = solvents and all(set(parse_formula(one.formula) or ()) <= {"C", "H"} for one in solvents)
    field, text = f"amount.{component.name}", ""
    if not component.smiles and dissolved(component.formula) is None:
        text = (
            f"{component.amount} of {component.name} cannot be dissolved here: the data have no ions or molecules that "
            "it gives in solution. Say 'none' and name the dissolved ion or molecule, or what else is meant."
        )
    elif greasy and ("." in (component.smiles or "") or not component.smiles):
        text = f"A salt such as {component.name} does not dissolve in {solvents[0].name}. How much of it is meant?"
    elif grams > _HEAVIEST_G_L:
        text = f"{component.amount} of {component.name} would be {grams / 1000:.1f} kg in a litre. How much is meant?"
    if text:
        yield Doubt(field=field, text=text, default="", needed=True)
