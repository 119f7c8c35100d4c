"""Contacts that a task means without naming layers: a molecule on a surface, two liquids, two solids."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Component, Task
from lang2mlip.prepare.mixtures import SEPARATOR, WET, is_chain

__all__ = ["dissolved", "implied_layers", "natural"]


def natural(component: Component, is_crystal: bool, alone: bool) -> Component:
    """The component with the phases that it has on either side of an interface, in the place of `interface`.

    A crystal `alone` in its task keeps it: its boundaries are meant. Whatever its phases, a chain is a polymer.
    """
    if is_chain(component):
        return component.model_copy(update={"phases": ("polymer",)})
    if "interface" not in component.phases or (alone and is_crystal):
        return component
    others = tuple(phase for phase in component.phases if phase != "interface")
    return component.model_copy(update={"phases": others or (("crystal",) if is_crystal else ("liquid",))})


def dissolved(component: Component) -> Component:
    """A salt or liquid beside a polymer: it is in the polymer."""
    wet = WET & set(component.phases)
    return component.model_copy(update={"phases": ("polymer",)}) if wet and not is_chain(component) else component


def implied_layers(task: Task, crystals: Sequence[str]) -> tuple[str, ...]:
    """The layers of a task; where none are named, those that its surfaces and interfaces mean. Empty: no contact.

    `crystals` are the names of components that are crystals.
    """
    if task.layers:
        return task.layers
    names = [one.name for one in task.components]
    if any("interface" in one.phases for one in task.components) and len(names) > 1:
        return tuple(sorted(names, key=lambda name: name not in crystals))
    faces = [one.name for one in task.components if "surface" in one.phases and one.name in crystals]
    wet = [one.name for one in task.components if WET & set(one.phases) and one.name not in crystals]
    gases = [one.name for one in task.components if "gas" in one.phases and one.name not in crystals]
    above = [SEPARATOR.join(wet)] if wet else gases[:1]
    return (faces[0], *above) if len(faces) == 1 and above else ()
