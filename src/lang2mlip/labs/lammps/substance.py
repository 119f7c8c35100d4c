"""Words → the one substance that is simulated, without what only sounds like one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from ase.formula import Formula

from lang2mlip.contracts import Component
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.asides import without, without_potential, without_symbols
from lang2mlip.prepare.reader import Reading, read

__all__ = ["heard", "the_one"]

_PHASES = frozenset({"crystal", "surface", "vacancy", "melt", "liquid"})


def heard(prompt: str, phrases: Iterable[str]) -> Reading:
    """What is said beside the recipe's own phrases. Raises BadInput where no substance is."""
    fewer = without_potential(prompt)
    if fewer != prompt:
        with suppress(BadInput):  # the elements of a potential may be those of the substance, which is named so alone
            return read(without_symbols(fewer, phrases))
    reading = read(without_symbols(prompt, phrases))
    return read(without(prompt, phrases)) if _strange(reading) else reading  # its own words may sound like a phase


def the_one(reading: Reading) -> Component:
    """The one substance. Raises BadInput for several, and for a phase that no recipe makes."""
    whole = _whole(reading.components)
    if whole is not None:
        component = whole
        if strange := _strange(reading):
            raise BadInput(
                f"{component.name} as {strange[0]} is not made by any recipe; they start from crystals and melts."
            )
        return component
    names = " or ".join(one.name for one in reading.components)
    raise BadInput(f"Which substance first: {names}? One simulation has one; ask for each apart.")


def _whole(components: Sequence[Component]) -> Component | None:
    """The only one, or the compound whose own elements the others are; None where there are several."""
    if len(components) == 1:
        return components[0]
    parts = [set(Formula(one.formula).count()) for one in components if one.formula]
    largest = max(parts, key=len, default=set())
    if len(parts) < len(components) or any(one != largest and not (len(one) == 1 and one < largest) for one in parts):
        return None
    return next(one for one, own in zip(components, parts, strict=True) if own == largest)


def _strange(reading: Reading) -> list[str]:
    """Phases that no recipe makes."""
    return [phase for one in reading.components[:1] for phase in one.phases if phase not in _PHASES]
