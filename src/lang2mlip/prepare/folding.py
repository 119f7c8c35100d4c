"""What is known so far and what is said now → what is known. What is said later wins.

Substances are matched by what they are, then by the role they play: a solvent that is named takes the place of the
solvents that a concept brought, and no seventh component appears beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lang2mlip.contracts import Component
from lang2mlip.contracts.task import Simulation
from lang2mlip.prepare.casting import Cast, same
from lang2mlip.prepare.concepts import JOIN, concept, substance_of
from lang2mlip.prepare.defaults import default_simulations
from lang2mlip.prepare.hearing import Heard
from lang2mlip.prepare.loose import placed
from lang2mlip.prepare.methods import Method
from lang2mlip.prepare.mixing import mixed
from lang2mlip.prepare.reading import Choice, Conflict, Reading
from lang2mlip.prepare.substances import dissolved

__all__ = ["as_reading", "begin", "fold"]

_CALCULATED = ("dft", "gpaw", "pyscf")
"""References that have a level of theory."""


def begin(heard: Heard) -> Reading:
    """A first reading: the concepts that are named, with what is said of them."""
    keys = chosen_concepts(heard, ())
    if not keys:
        return fold(Reading(prompt=heard.reading.prompt, components=()), heard, first=True)
    keys = sorted(keys, key=lambda key: not concept(key).layers)
    start = as_reading(keys[0], heard.reading.prompt)
    for key in keys[1:]:
        start = _with_concept(start, key)
    return fold(start, replace(heard, candidates=()), first=True)


def as_reading(key: str, prompt: str) -> Reading:
    """What a concept stands for, when nothing else is said."""
    entry = concept(key)
    components, roles = [], {}
    for part in entry.components:
        substance = substance_of(key, part)
        keys = substance.molecules
        if part.phases == ("liquid",) and not substance.molecular:
            keys = tuple(filter(None, [dissolved(substance.formula)]))
        one = Component(
            name=part.substance,
            formula=substance.formulas[0] if substance.formulas else substance.formula,
            phases=part.phases,
            crystal=substance.crystals[0] if substance.crystals and not keys else None,
            molecule=keys[0] if keys else None,
            smiles=part.smiles or substance.smiles or _smiles(keys),
            facets=part.facets,
            amount=part.amount,
        )
        components.append(one)
        if part.role:
            roles[one.name] = part.role
    reading = Reading(
        prompt=prompt,
        components=tuple(components),
        roles=roles,
        usual=tuple(one.name for one in components),
        layout=entry.layers,
        concepts=(key,),
        properties=entry.properties,
        simulations=entry.simulations,
        notes=(entry.note,) if entry.note else (),
    )
    return _layered(reading)


def _smiles(molecules: Sequence[str]) -> str | None:
    from lang2mlip.data import table

    return table("molecules")[molecules[0]].get("smiles") if molecules else None


def chosen_concepts(heard: Heard, known: Sequence[str]) -> list[str]:
    """One key for every concept that is named: of those that share the name, the one nearest to the substances said.

    A name that may mean one of the `known` concepts adds nothing.
    """
    said = {symbol for one in heard.reading.components for symbol in _symbols(one.formula)}
    chosen = []
    for keys in heard.candidates:
        if set(keys) & set(known):
            continue
        best = max(keys, key=lambda key: (_shared(key, heard), _overlap(key, said), -keys.index(key)))
        if best not in chosen:
            chosen.append(best)
    return chosen


def _shared(key: str, heard: Heard) -> int:
    parts = as_reading(key, "").components
    return sum(any(same(one, part) for part in parts) for one in heard.reading.components)


def _overlap(key: str, said: set[str]) -> int:
    own = {symbol for part in as_reading(key, "").components for symbol in _symbols(part.formula)}
    return len(said & own) - len(said - own)


def _symbols(formula: str) -> Iterable[str]:
    from lang2mlip.prepare.formulas import parse_formula

    return parse_formula(formula) or ()


def fold(old: Reading, heard: Heard, first: bool = False) -> Reading:
    """`old` with what was heard worked in. `first`: nothing was shown to the person yet."""
    base = old
    for key in chosen_concepts(heard, old.concepts):
        base = _with_concept(base, key)
    new = placed(base, heard.loose, heard.adding) if heard.loose and base.components else base
    cast = Cast(new, heard, first)
    components = _without_phases(cast.components(), heard)
    own = heard.reading
    merged = new.model_copy(
        update={
            "components": tuple(components),
            "roles": {name: role for name, role in cast.roles.items() if name in [one.name for one in components]},
            "usual": tuple(name for name in cast.usual if name in [one.name for one in components]),
            "choices": _choices(new, heard, cast),
            "temperature_K": own.temperature_K or new.temperature_K,
            "falling": own.falling if own.temperature_K else new.falling,
            "pressure_GPa": own.pressure_GPa or new.pressure_GPa,
            "properties": _wishes(new.properties, own.properties, heard, "property"),
            "simulations": _simulated(new, heard),
            "reference": _reference(new, own),
            "settings": new.settings | own.settings,
            "absent": own.absent or (None if own.reference else new.absent),
            "potential": own.potential or new.potential,
            "files": tuple(dict.fromkeys(new.files + own.files)),
            "conflicts": _conflicts(new, own, cast),
            "strangers": _unexplained(new, own, first),
            "notes": tuple(dict.fromkeys(new.notes + own.notes)),
            "not_understood": tuple(dict.fromkeys(new.not_understood + own.not_understood)),
        }
    )
    said = tuple(JOIN.join(cast.names.get(name, name) for name in layer.split(JOIN)) for layer in own.layers)
    return mixed(_layered(mixed(merged), said or _above(merged, heard, cast), cast.renamed))


def _unexplained(old: Reading, new: Reading, first: bool) -> dict[str, str]:
    """Words for substances that are still strange: a substance that is named later explains the first of them."""
    left = list(old.strangers.items())
    return dict(left[1:] if new.components and not first else left) | new.strangers


def _above(reading: Reading, heard: Heard, cast: Cast) -> tuple[str, ...]:
    """The layers with what was said to lie on top of them."""
    top = [cast.names.get(name, name) for name in heard.above]
    below = list(reading.layers) or [one.name for one in reading.components]
    below = [layer for layer in below if layer not in top]
    return (*below, *top) if top and below else ()


def _reference(old: Reading, new: Reading) -> Method | None:
    """The method named last; a functional or basis alone changes the level of a calculation that was named before."""
    if new.absent and new.reference is None:
        return None
    if new.reference is None or old.reference is None:
        return new.reference or old.reference
    level = {key: value for key in ("functional", "basis") if (value := getattr(new.reference, key))}
    alone = new.reference.name == "dft" and new.reference.spec is None and level
    return old.reference.model_copy(update=level) if alone and old.reference.name in _CALCULATED else new.reference


def _with_concept(old: Reading, key: str) -> Reading:
    """Another concept: of the same sort it takes the old one's place, of another it joins, role by role."""
    new = as_reading(key, old.prompt)
    clash = [one for one in old.concepts if concept(one).kind == concept(key).kind]
    kept = [one for one in old.components if not (clash and one.name in old.usual)]
    taken = set(new.roles.values())
    kept = [one for one in kept if old.roles.get(one.name) not in taken or one.name not in old.usual]
    kept = [one for one in kept if not any(same(one, other) for other in new.components)]
    layout = new.layout if clash or not old.layout else old.layout
    concepts = tuple(one for one in old.concepts if one not in clash) + (key,)
    names = [one.name for one in kept]
    return old.model_copy(
        update={
            "components": (*kept, *new.components),
            "roles": {name: role for name, role in old.roles.items() if name in names} | new.roles,
            "usual": tuple(name for name in old.usual if name in names) + new.usual,
            "layout": layout,
            "layers": () if clash else old.layers,
            "concepts": concepts,
            "properties": tuple(dict.fromkeys((() if clash else old.properties) + new.properties)),
            "simulations": tuple(dict.fromkeys((() if clash else old.simulations) + new.simulations)),
        }
    )


def _choices(old: Reading, heard: Heard, cast: Cast) -> tuple[Choice, ...]:
    """Open choices of components that are still there; those of a substance that was named precisely are settled."""
    new = [
        choice.model_copy(update={"name": cast.names.get(choice.name, choice.name)}) for choice in heard.reading.choices
    ]
    new = [choice for choice in new if choice.name not in cast.definite]
    told = {choice.name for choice in new} | set(cast.definite)
    there = {one.name for one in cast.components()}
    return (*(choice for choice in old.choices if choice.name in there and choice.name not in told), *new)


def _wishes(old: tuple[str, ...], new: tuple[str, ...], heard: Heard, kind: str) -> tuple[str, ...]:
    """Together; what was taken back is gone, and a correction takes the place of what was there."""
    gone = {item.value.entry["value"] for item in heard.dropped if item.kind == kind}
    start = () if new and heard.correcting and not heard.adding and not gone else old
    return tuple(name for name in dict.fromkeys((*start, *new)) if name not in gone)


def _simulated(old: Reading, heard: Heard) -> tuple[Simulation, ...]:
    gone = {(getattr(item.value, "entry", None) or {}).get("simulation") for item in heard.dropped}
    new = heard.reading.simulations
    if heard.adding and not old.simulations:
        start = default_simulations(old)[0]
    else:
        start = () if new and heard.correcting and not heard.adding else old.simulations
    return tuple(name for name in dict.fromkeys((*start, *new)) if name not in gone)


def _without_phases(components: Sequence[Component], heard: Heard) -> list[Component]:
    """Phases that were taken back are gone, where another one remains."""
    gone: set[str] = set()
    for item in heard.dropped:
        if item.kind == "phase":
            entry = getattr(item.value, "entry", item.value)
            for meant in (entry["crystal"], entry["molecule"]):
                gone |= {meant} if isinstance(meant, str) else set(meant)
    kept = [(one, tuple(phase for phase in one.phases if phase not in gone)) for one in components]
    return [one.model_copy(update={"phases": phases or one.phases}) for one, phases in kept]


def _conflicts(old: Reading, new: Reading, cast: Cast) -> tuple[Conflict, ...]:
    """Those of the new words, and old ones that the new words do not touch."""
    touched = {f"{kind}.{name}" for name in cast.told for kind in ("phases", "crystal")}
    touched |= {"reference"} if new.reference or new.absent else set()
    renamed = [conflict.model_copy(update={"field": _renamed(conflict.field, cast)}) for conflict in new.conflicts]
    return (*(one for one in old.conflicts if one.field not in touched), *renamed)


def _renamed(field: str, cast: Cast) -> str:
    kind, dot, name = field.partition(".")
    return f"{kind}{dot}{cast.names.get(name, name)}"


def _layered(reading: Reading, said: tuple[str, ...] = (), renamed: dict[str, str] | None = None) -> Reading:
    """With its layers: as said, else by the roles, else as they were with what took another's place."""
    names = [one.name for one in reading.components]
    if said and (not reading.layout or _covers(reading, said)):
        layers = _joined(reading, said)
        return reading.model_copy(update={"layers": layers})
    if reading.layout:
        found = [layer for entry in reading.layout for layer in _of_roles(reading, entry)]
        inside = {name for layer in found for name in layer.split(JOIN)}
        return reading.model_copy(update={"layers": tuple(found)}) if inside else reading
    swapped = [JOIN.join((renamed or {}).get(name, name) for name in layer.split(JOIN)) for layer in reading.layers]
    kept = [JOIN.join(name for name in layer.split(JOIN) if name in names) for layer in swapped]
    layers = tuple(layer for layer in dict.fromkeys(kept) if layer)
    return reading.model_copy(update={"layers": layers if len(layers) > 1 else ()})


def _covers(reading: Reading, said: Sequence[str]) -> bool:
    """The layers that were said hold everything that the layout would."""
    placed = {name for entry in reading.layout for layer in _of_roles(reading, entry) for name in layer.split(JOIN)}
    return placed <= {name for layer in said for name in layer.split(JOIN)}


def _of_roles(reading: Reading, entry: str) -> list[str]:
    """`solvent + salt` → one layer of all that play these; `inorganic layer` → a layer for each."""
    roles = entry.split(JOIN)
    names = [one.name for role in roles for one in reading.components if reading.roles.get(one.name) == role]
    return [JOIN.join(names)] if len(roles) > 1 and names else names


def _joined(reading: Reading, said: Sequence[str]) -> tuple[str, ...]:
    """Neighbouring liquids of molecules share a layer, unless the words said which do."""
    if any(JOIN in layer for layer in said):
        return tuple(said)
    wet = {one.name for one in reading.components if one.smiles and set(one.phases) <= {"liquid"}}
    layers: list[list[str]] = []
    for name in said:
        if layers and name in wet and layers[-1][-1] in wet:
            layers[-1].append(name)
        else:
            layers.append([name])
    return tuple(JOIN.join(layer) for layer in layers)
