"""A task and a reading as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Component, Task
from lang2mlip.prepare.reading import Reading

__all__ = ["goal", "reading_text", "summary"]


def goal(
    components: Sequence[Component],
    temperature_K: tuple[float, float],
    pressure_GPa: tuple[float | None, float | None],
    properties: Sequence[str],
) -> str:
    """One sentence: what the potential is for."""
    what = "; ".join(f"{c.name} ({', '.join(map(_phase, [c] * len(c.phases), c.phases))})" for c in components)
    where = f"{_range(temperature_K)} K and {_range(pressure_GPa)} GPa"
    right = ", ".join(name.replace("_", " ") for name in properties)
    return f"A potential for {what} at {where} that gets {right} right."


def _phase(component: Component, phase: str) -> str:
    if phase != "surface" or not component.facets:
        return phase
    return f"{' '.join(map(miller, component.facets))} surface"


def miller(indices: Sequence[int]) -> str:
    """(1, 0, -1, 0) → `(10-10)`."""
    return f"({''.join(map(str, indices))})"


def _range(pair: tuple[float | None, float | None]) -> str:
    low, high = ("?" if value is None else f"{value:g}" for value in pair)
    return low if low == high else f"{low}–{high}"


def summary(task: Task) -> str:
    """The task in Markdown: what it is for, what was assumed, and what was not understood."""
    lines = [f"# {task.goal}", "", f"> {task.prompt}", ""]
    lines += [
        f"- **{c.name}** {c.formula}: {', '.join(_phase(c, p) for p in c.phases)}{_more(c)}" for c in task.components
    ]
    lines += [
        f"- **Elements**: {', '.join(task.elements)}",
        f"- **Temperature**: {_range(task.temperature_K)} K; **pressure**: {_range(task.pressure_GPa)} GPa",
        f"- **Properties**: {', '.join(task.properties)}",
        *([f"- **Layers**, from the bottom: {' | '.join(task.layers)}"] if task.layers else []),
        *([f"- **MD protocols**: {', '.join(map(_spaced, task.simulations))}"] if task.simulations else []),
        f"- **Reference**: {task.reference.name} {_settings(task.reference.settings)}- {task.reference.reason}",
        f"- **Potential**: {task.potential.family} {_settings(task.potential.settings)}- {task.potential.reason}",
    ]
    for one in task.protocols:
        lines += ["", f"MD protocol {one.name}, in LAMMPS' own words: {one.purpose}"]
        lines += [f"- `{line}`" for line in one.text.strip().splitlines()]
    others = [one for one in task.assumptions if one.field not in ("reference", "potential")]
    if others:
        lines += ["", "Assumed, because it was not said:"]
        lines += [f"- {one.field}: {one.value} ({one.why})" for one in others]
    if task.notes:
        lines += ["", "Remarks:", *(f"- {note}" for note in task.notes)]
    return "\n".join(lines) + "\n"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _more(component: Component) -> str:
    said = [text for text in (component.crystal, component.amount, component.file) if text]
    return f" [{'; '.join(said)}]" if said else ""


def _settings(settings: dict[str, object]) -> str:
    return f"({', '.join(f'{key}={value}' for key, value in settings.items())}) " if settings else ""


def reading_text(reading: Reading) -> str:
    """What was understood of a prompt, a line each; for a person or a model to correct."""
    lines = [f"- {c.name} ({c.formula}): {', '.join(_phase(c, p) for p in c.phases) or 'no phase said'}{_more(c)}"
             for c in reading.components]  # fmt: skip
    lines += [f"- temperature: {_range(reading.temperature_K)} K"] if reading.temperature_K else []
    lines += [f"- pressure: {_range(reading.pressure_GPa)} GPa"] if reading.pressure_GPa else []
    for name, values in (
        ("properties", reading.properties),
        ("layers", reading.layers),
        ("simulations", reading.simulations),
        ("concepts", reading.concepts),
    ):
        lines += [f"- {name}: {', '.join(values)}"] if values else []
    lines += [f"- reference: {reading.reference.said}"] if reading.reference else []
    lines += [f"- potential: {reading.potential}"] if reading.potential else []
    lines += [f"- contradiction: {conflict.text}" for conflict in reading.conflicts]
    lines += [f"- {note}" for note in reading.notes]
    lines += [f"- not understood: {', '.join(reading.not_understood)}"] if reading.not_understood else []
    return "\n".join(lines)
