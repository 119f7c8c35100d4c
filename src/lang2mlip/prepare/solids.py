"""Crystals of molecules and salts that are known by their SMILES, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Iterator

from lang2mlip.contracts import Component, Phase
from lang2mlip.contracts.base import Json
from lang2mlip.prepare.mixtures import ingredient, is_chain
from lang2mlip.prepare.variants import GroupPlan, crystals, slabs
from lang2mlip.science.structures.mixture import find_molecule

__all__ = ["is_molecule", "molecular_solids", "no_crystal"]

_SOLID: frozenset[Phase] = frozenset({"crystal", "surface", "vacancy"})


def molecular_solids(component: Component, phase: Phase) -> Iterator[GroupPlan]:
    """Groups of the tabulated crystal of this molecule; nothing where the table has none, or for another phase."""
    crystal = _crystal(component) if phase in _SOLID else None
    if crystal is None:
        return
    if phase == "surface":
        yield from slabs(crystal, component.facets)
    elif phase == "crystal":
        yield crystals(crystal)
    else:
        group = crystals(crystal, vacancies=1)
        whole = [one.model_copy(update={"parameters": _of_molecules(one.parameters)}) for one in group.variants]
        yield group.model_copy(update={"variants": tuple(whole)})


def is_molecule(component: Component) -> bool:
    """It is made of one kind of neutral molecule that the data know, named or by its formula."""
    found = ingredient(component)
    if not found or is_chain(component):
        return False
    return not set(_smiles(component)) & set(".+")


def no_crystal(component: Component, phase: Phase) -> str | None:
    """What is said of a molecule whose crystal is not in the data; None for other phases."""
    if phase not in _SOLID or not ingredient(component) or is_chain(component):
        return None
    return (
        f"{component.name}: how its molecules pack in the crystal is not in the crystal table, and packing them at"
        " random makes no crystal; give its structure file (a CIF), or ask for its glass (amorphous) or its liquid."
    )


def _crystal(component: Component) -> dict[str, Json] | None:
    from lang2mlip.science.structures.molecular_crystals import crystal_of_molecule

    if not ingredient(component) or is_chain(component):
        return None
    key = crystal_of_molecule(_smiles(component))
    return None if key is None else {"crystal": key}


def _smiles(component: Component) -> str:
    return component.smiles or str(find_molecule(str(ingredient(component)["name"]))["smiles"])


def _of_molecules(parameters: dict[str, Json]) -> dict[str, Json]:
    """A vacancy is a whole molecule."""
    return {key: value for key, value in parameters.items() if key != "vacancies"} | {"vacancy_molecules": 1}
