"""Task → structures: for every component and phase a group of several builds, one held out, one for the frozen test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from ase.formula import Formula

from lang2mlip.contracts import (
    Component,
    Explore,
    Noun,
    Phase,
    Plan,
    ReferenceRun,
    Role,
    StructureRecord,
    StructureRequest,
    Task,
)
from lang2mlip.contracts.base import Json
from lang2mlip.errors import BadInput
from lang2mlip.prepare.blends import blend_group, blended, oxide_blend
from lang2mlip.prepare.contacts import dissolved, implied_layers, natural
from lang2mlip.prepare.forms import boundaries, clusters, polymers
from lang2mlip.prepare.layers import interface_groups, layers_of
from lang2mlip.prepare.mixtures import WET, ingredient, is_chain, mixtures
from lang2mlip.prepare.solids import is_molecule, molecular_solids, no_crystal
from lang2mlip.prepare.solutions import solid_solution
from lang2mlip.prepare.variants import DISORDER, GroupPlan, Variant, crystals, disorders, files, singles, slabs
from lang2mlip.prepare.wet import molecular_glass, wet_groups
from lang2mlip.science.structures.source import entry, key_for

__all__ = ["Estimate", "estimate", "estimate_records", "plan"]

_TRAINED = {False: 3, True: 4}
"""Structures to train on in a group: a task of several components has more to vary."""

_ATOMS_PER_A3 = 0.1
"""Of layers, for the estimate: most salts and organic liquids lie within a fifth of it."""

_VACANCY_SHARE = 0.7
"""Above this share of the melting temperature vacancies are common enough to matter (about 1e-5 of the sites)."""


class Estimate(Noun):
    """What one structure will roughly cost."""

    name: str
    atoms: int
    calls: int
    """Reference calls."""


def plan(task: Task) -> Plan:
    """The structures for a task, by rules alone; the same task gives the same plan.

    Components and their phases, liquids that mix, then every pair of neighbouring layers and the whole. A phase that
    no builder serves is left out with a remark. Raises BadInput for a component of which nothing can be built.
    """
    groups: dict[str, GroupPlan] = {}
    remarks: list[str] = []
    task = _with_contacts(task, remarks)
    several = len(task.components) > 1
    mixed = blended(task)
    groups |= {one.state: blend_group(one, _mean(task.temperature_K)) for one in mixed}
    apart = [one for one in task.components if all(one.name not in whole.names for whole in mixed)]
    for component in apart:
        for group in _groups(task, component, remarks):
            groups.setdefault(f"{_slug(component.name)}-{group.name}" if several else group.name, group)
    wet = mixtures(task, [component for component in apart if _crystal(component) is None])
    for mixture in wet:
        for group in wet_groups(mixture, _liquid_name(mixture, len(wet), several), _mean(task.temperature_K)):
            groups.setdefault(group.name, group)
    for group in (*_polymers(task), *_interfaces(task)):
        groups.setdefault(group.name, group)
    made = [_requests(task, name, group, _TRAINED[several]) for name, group in groups.items()]
    requests = tuple(request for group in made for request in group)
    return Plan(requests=requests, remarks=tuple(remarks))


def _with_contacts(task: Task, remarks: list[str]) -> Task:
    """The task with its layers, named or meant, and with the phases on either side of an interface."""
    crystals = [one.name for one in task.components if _crystal(one) is not None]
    layers = implied_layers(task, crystals)
    if layers and not task.layers:
        remarks.append(f"Taken for an interface, because no layers are named: {' | '.join(layers)}.")
    alone = len(task.components) == 1
    components = tuple(natural(one, one.name in crystals, alone) for one in task.components)
    if any(is_chain(one) for one in components) and not layers:
        components = tuple(dissolved(one) if one.name not in crystals else one for one in components)
    return task.model_copy(update={"layers": layers, "components": components})


def _liquid_name(mixture: Sequence[Component], liquids: int, several: bool) -> str:
    if liquids == 1 and (len(mixture) > 1 or not several):
        return "liquid"
    return f"{_slug(mixture[0].name)}-liquid"


def _interfaces(task: Task) -> Iterator[GroupPlan]:
    """Groups of neighbouring layers, for a layered task."""
    layers = layers_of(task, {component.name: _crystal(component) for component in task.components})
    liquid = sum(len(layer.components) > 1 for layer in layers) < 2
    names = [_slug(one.name) if len(one.components) == 1 or not liquid else "liquid" for one in layers]
    yield from interface_groups(layers, names, _mean(task.temperature_K))


def _polymers(task: Task) -> Iterator[GroupPlan]:
    """A group for each polymer, with what is dissolved in it."""
    chains = [one for one in task.components if "polymer" in one.phases and is_chain(one)]
    solutes = [one for one in task.components if "polymer" in one.phases and not is_chain(one)]
    for chain in chains:
        group = polymers(chain, solutes, _mean(task.temperature_K))
        yield group if len(chains) == 1 else group.model_copy(update={"name": f"{_slug(chain.name)}-polymer"})


def _mean(pair: tuple[float, float]) -> float:
    return sum(pair) / 2


def estimate(plan: Plan, test_calls: int = 480) -> list[Estimate]:
    """Reference calls of the first round for every structure, with the default parameters of the actions.

    `test_calls` is what one structure of the frozen test set takes. Atom counts are those asked for, not built.
    """
    return [_estimate(request, _atoms(request), test_calls) for request in plan.requests]


def estimate_records(records: Sequence[StructureRecord], test_calls: int = 480) -> list[Estimate]:
    """The same for structures that are built."""
    return [_estimate(record.request, record.n_atoms, test_calls) for record in records]


def _estimate(request: StructureRequest, atoms: int, test_calls: int) -> Estimate:
    explore = Explore()
    calls: dict[Role, int] = {
        "train": 2 * explore.steps + explore.strained + explore.rattled,
        "validation": ReferenceRun().steps,
        "test": test_calls,
    }
    count = calls[request.role]
    return Estimate(name=request.name, atoms=atoms, calls=count)


def _groups(task: Task, component: Component, remarks: list[str]) -> list[GroupPlan]:
    """A group per phase and facet, and one with vacancies where the heat calls for it."""
    crystal = _crystal(component)
    phases = list(dict.fromkeys(component.phases)) or ["crystal" if crystal or component.file else "gas"]
    if crystal is not None and {"surface", "vacancy"} & set(phases) and "crystal" not in phases:
        phases.insert(0, "crystal")
    made = {phase: list(_phase_groups(component, crystal, phase, _mean(task.temperature_K))) for phase in phases}
    elsewhere = {*WET, "polymer"} if crystal is None and ingredient(component) else set()
    missing = [phase for phase in phases if not made[phase] and phase not in elsewhere]
    if len(missing) == len(phases):
        raise BadInput(_no_way(component, missing[0]))
    remarks += [_no_way(component, phase) for phase in missing]
    groups = [group for phase in phases for group in made[phase]]
    because = _needs_vacancies(task, component, crystal) if "vacancy" not in phases else None
    if because and crystal is not None and {"crystal", "surface"} & set(phases):
        groups.append(crystals(crystal, vacancies=1, because=because))
    return groups


def _phase_groups(
    component: Component, crystal: dict[str, Json] | None, phase: Phase, temperature_K: float
) -> Iterator[GroupPlan]:
    """Nothing when no builder makes this phase."""
    if crystal is not None:
        yield from _crystal_groups(component, crystal, phase)
    elif component.file is not None:
        yield files(component.file, phase)
    elif phase == "gas" and ingredient(component):
        yield singles([ingredient(component)])
    elif phase == "amorphous" and ingredient(component):
        yield molecular_glass(ingredient(component), "amorphous")
    elif ingredient(component):
        yield from molecular_solids(component, phase)
    elif mixed := oxide_blend(component.formula, phase):
        yield blend_group(mixed, temperature_K)


def _crystal_groups(component: Component, crystal: dict[str, Json], phase: Phase) -> Iterator[GroupPlan]:
    if phase in ("crystal", "vacancy"):
        yield crystals(crystal, vacancies=int(phase == "vacancy"))
    elif phase == "surface":
        yield from slabs(crystal, component.facets)
    elif phase in DISORDER:
        yield disorders(crystal, phase, _melting_K(component))
    elif phase == "cluster":
        yield clusters(crystal)
    elif phase == "interface":
        yield crystals(crystal)
        yield boundaries(crystal, component.facets)
    elif component.file is not None:
        yield files(component.file, phase)


def _no_way(component: Component, phase: Phase) -> str:
    crystal = _crystal(component) is not None
    if not crystal and (said := no_crystal(component, phase)):
        return said
    if kind := "crystal" if crystal else "molecule" if ingredient(component) else None:
        return (
            f"{component.name}: no builder makes the phase {phase!r} of a {kind} yet; it is left out,"
            " unless you give a structure file for it."
        )
    return (
        f"{component.name} ({component.formula}) is in neither the crystal nor the molecule table;"
        " name one of their entries, give a SMILES, or give a structure file."
    )


def _crystal(component: Component) -> dict[str, Json] | None:
    """How builders find the component's crystal. A file counts as one for the phases of a crystal."""
    if component.file is not None:
        crystalline = {"crystal", "surface", "vacancy", *DISORDER} & set(component.phases)
        return {"file": component.file} if crystalline else None
    if component.crystal is not None:
        return {"crystal": component.crystal}
    if component.molecule is not None or component.smiles is not None or is_molecule(component):
        return None
    key = _key(component)
    return {"crystal": key} if key else solid_solution(component.formula)


def _melting_K(component: Component) -> float | None:
    key = component.crystal or _key(component)
    return entry(key).melting_K if key is not None else None


def _key(component: Component) -> str | None:
    """The crystal with this composition; a formula with fractions has none."""
    try:
        Formula(component.formula)
    except ValueError:
        return None
    return key_for(component.formula)


def _needs_vacancies(task: Task, component: Component, crystal: dict[str, Json] | None) -> str | None:
    melting = _melting_K(component) if crystal and "crystal" in crystal else None
    if melting is None or task.temperature_K[1] <= _VACANCY_SHARE * melting:
        return None
    return f"added because {task.temperature_K[1]:g} K is above {_VACANCY_SHARE:g} of the melting point, {melting:g} K"


def _requests(task: Task, name: str, group: GroupPlan, trained: int) -> Iterator[StructureRequest]:
    """The builds of a group, with so many to train on at most."""
    counts = dict.fromkeys(("train", "validation", "test"), 0)
    for variant in group.variants:
        if variant.role == "train" and counts["train"] == trained:
            continue
        counts[variant.role] += 1
        label = f"{name}-{counts['train']}" if variant.role == "train" else f"{name}-{variant.role}"
        yield StructureRequest(
            name=label,
            builder=variant.builder,
            group=name,
            role=variant.role,
            parameters=variant.parameters,
            seed=_seed(task.seed, label),
            line=_line(variant, group),
        )


def _line(variant: Variant, group: GroupPlan) -> str:
    return "; ".join(part for part in (variant.line, group.because) if part)


def _seed(seed: int, label: str) -> int:
    """A seed that depends on nothing but the task's seed and the name, so that adding a structure moves no other."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{label}".encode()).digest()[:4], "big") % 2**31


def _slug(name: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in name.casefold())
    return "-".join(part for part in kept.split("-") if part) or "component"


def _atoms(request: StructureRequest) -> int:
    if request.builder == "other":
        from pathlib import Path

        from lang2mlip.science.structures.other import read_structure

        return len(read_structure(Path(request.parameters["file"])))
    if request.builder == "stack":
        height = float(sum(layer["thickness_A"] for layer in request.parameters["layers"]))
        return round(float(request.parameters["lateral_A"]) ** 2 * height * _ATOMS_PER_A3)
    if request.parameters.get("state", "liquid") == "single":
        from lang2mlip.science.structures.molecule import Molecule, MoleculeParameters

        return len(Molecule(MoleculeParameters(**request.parameters)).build(request.seed))
    return int(request.parameters.get("atoms", 40))
